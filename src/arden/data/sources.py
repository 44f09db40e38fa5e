"""A file or an object in memory -> raw rows: the door through which foreign data come in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arden.data.csv_file import read_csv
from arden.data.numpy_file import read_numpy
from arden.data.raw import RawRows, RawSource, numbers
from arden.errors import FileError, InputError, suggestion

__all__ = ["READERS", "fingerprint", "read_file", "read_memory"]

READERS: dict[str, Callable[[Path], RawSource]] = {
    ".csv": read_csv,
    ".npy": read_numpy,
    ".npz": read_numpy,
}


def read_file(path: Path) -> RawSource:
    """A .csv, .npy or .npz file -> its raw rows; the first note is the file's fingerprint."""
    path = path.expanduser()
    if path.is_dir():
        raise FileError(f"{path}: expected a file, got a folder.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f'{path}: expected a file ending in {", ".join(READERS)}, got "{path.suffix}".'
        )
    if not path.exists():
        siblings = [file.name for file in path.parent.glob("*")]
        raise FileError(f"{path}: there is no such file.{suggestion(path.name, siblings)}")
    raw = reader(path)
    raw.notes.insert(0, fingerprint(path))
    return raw


def fingerprint(path: Path) -> str:
    """A file -> "sha256 " and the first twelve digits: which version a figure was measured on."""
    with path.open("rb") as file:
        return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"


def read_memory(source: Any, labels: Any = None, name: str = "array") -> RawSource:
    """A numpy array, tensor, data frame or nested list (N, *event) -> its raw rows.

    A data frame is anything with `columns` and `to_numpy()`; its column names are kept.
    """
    column_names = None
    if hasattr(source, "columns") and hasattr(source, "to_numpy"):
        column_names = _column_names(list(source.columns))
        array = source.to_numpy()
    elif isinstance(source, torch.Tensor):
        array = _from_torch(source)
    elif isinstance(source, (list, tuple)) or hasattr(source, "__array__"):
        try:
            array = np.asarray(source)
        except ValueError:
            raise InputError(f"{name}: expected rows of one length, got ragged ones.") from None
    else:
        raise InputError(
            "source must be the name of a data set, a file, an array, a tensor or a data frame, "
            f"got {type(source).__name__}."
        )
    if isinstance(labels, torch.Tensor):
        labels = _from_torch(labels)
    rows = RawRows(
        numbers(array, name, column_names), None if labels is None else np.asarray(labels)
    )
    return RawSource(name, {"all": rows}, column_names)


def _from_torch(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    # numpy has no bfloat16.
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _column_names(columns: list[Any]) -> tuple[str, ...] | None:
    """Names of a data frame; None where it only counts its columns, which names nothing."""
    if columns == list(range(len(columns))):
        return None
    return tuple(map(str, columns))
