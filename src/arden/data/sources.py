"""A file or an object in memory -> raw rows: the door through which foreign data come in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arden.data.raw import RawRows, RawSource, numbers
from arden.data.readers.amat_file import read_amat
from arden.data.readers.csv_file import read_csv
from arden.data.readers.folders import files_below, fingerprint_files
from arden.data.readers.idx_file import read_idx
from arden.data.readers.image_folder import IMAGE_SUFFIXES, read_image_folder
from arden.data.readers.numpy_file import read_numpy
from arden.data.readers.rgba import composite_arrays
from arden.errors import FileError, InputError, suggestion

__all__ = ["READERS", "check_exists", "fingerprint", "read_file", "read_memory"]

READERS: dict[str, Callable[[Path], RawSource]] = {
    ".csv": read_csv,
    ".npy": read_numpy,
    ".npz": read_numpy,
    ".amat": read_amat,
    ".amat.gz": read_amat,
    "-ubyte": read_idx,
    "-ubyte.gz": read_idx,
}
"""How the name of a file ends -> its reader."""


def read_file(path: Path) -> RawSource:
    """A file of READERS or a folder of images -> its raw rows; the first note is a fingerprint."""
    path = path.expanduser()
    if path.is_dir():
        files = files_below(path, IMAGE_SUFFIXES)
        if not files:
            raise FileError(
                f"{path}: expected a file, got a folder that holds no images "
                f"({', '.join(IMAGE_SUFFIXES)}), texts (.txt) or sounds (.wav)."
            )
        raw = read_image_folder(path)
        raw.notes.insert(0, fingerprint_files(path, files))
        return raw
    endings = [ending for ending in READERS if path.name.lower().endswith(ending)]
    reader = READERS[endings[0]] if endings else None
    if reader is None:
        raise InputError(
            f"{path}: expected a file ending in {', '.join(READERS)}, .txt or .wav, "
            f'got "{path.suffix}".'
        )
    check_exists(path)
    raw = reader(path)
    composite_arrays(raw)
    raw.notes.insert(0, fingerprint(path))
    return raw


def check_exists(path: Path) -> None:
    """A path -> (); raises FileError, with a likely spelling, when nothing is there."""
    if not path.exists():
        siblings = [file.name for file in path.parent.glob("*")]
        raise FileError(f"{path}: there is no such file.{suggestion(path.name, siblings)}")


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
    raw = RawSource(name, {"all": rows}, column_names)
    composite_arrays(raw)
    return raw


def _from_torch(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    # numpy has no bfloat16.
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _column_names(columns: list[Any]) -> tuple[str, ...] | None:
    """Names of a data frame; None where it only counts its columns, which names nothing."""
    if columns == list(range(len(columns))):
        return None
    return tuple(map(str, columns))
