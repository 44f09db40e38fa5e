"""A file or an object in memory -> raw rows: the door through which foreign data come in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arden.data.raw import RawRows, RawSource, RawTable, numbers
from arden.data.readers.amat_file import read_amat
from arden.data.readers.arrow_table import is_frame, read_parquet, table_of_frame
from arden.data.readers.cells import MISSING
from arden.data.readers.csv_file import has_names, read_csv, read_csv_table
from arden.data.readers.folders import files_below, fingerprint_files
from arden.data.readers.idx_file import read_idx
from arden.data.readers.image_folder import IMAGE_SUFFIXES, read_image_folder
from arden.data.readers.numpy_file import read_numpy
from arden.data.readers.rgba import composite_arrays
from arden.data.schema import default_column_name
from arden.errors import FileError, InputError, suggestion

__all__ = [
    "READERS",
    "SHARD_ENDINGS",
    "TABLE_READERS",
    "check_exists",
    "fingerprint",
    "read_file",
    "read_frame",
    "read_memory",
    "read_table",
]

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

SHARD_ENDINGS = (".parquet", ".npz")
"""Files of which a folder may hold many, with rows of one kind."""

TABLE_READERS = (".csv", ".parquet")
"""Files that may be read column by column."""


def read_file(path: Path) -> RawSource:
    """A file of READERS or a folder of images -> its raw rows; the first note is a fingerprint."""
    path = path.expanduser()
    if path.is_dir():
        files = files_below(path, IMAGE_SUFFIXES)
        if not files and files_below(path, SHARD_ENDINGS):
            raise InputError(f"{path}: expected a file, got shards; only fit and score read those.")
        if not files:
            raise FileError(
                f"{path}: expected a file, got a folder that holds no images "
                f"({', '.join(IMAGE_SUFFIXES)}), texts (.txt), sounds (.wav) or shards of rows "
                "(.parquet, .npz)."
            )
        raw = read_image_folder(path)
        raw.notes.insert(0, fingerprint_files(path, files))
        return raw
    endings = [ending for ending in READERS if path.name.lower().endswith(ending)]
    reader = READERS[endings[0]] if endings else None
    if reader is None:
        raise InputError(
            f"{path}: expected a file ending in {', '.join(READERS)}, .parquet, .txt or .wav, "
            f'got "{path.suffix}".'
        )
    check_exists(path)
    raw = reader(path)
    composite_arrays(raw)
    raw.notes.insert(0, fingerprint(path))
    return raw


def read_table(
    path: Path, missing: Sequence[str] = MISSING, as_texts: bool = False
) -> RawTable | None:
    """A file -> its table, column by column; None where it is not read so.

    That is every other kind of file, and a .csv of numbers alone whose columns have no names.
    """
    path = path.expanduser()
    suffix = path.suffix.lower()
    if suffix not in TABLE_READERS or path.is_dir():
        return None
    check_exists(path)
    if suffix == ".parquet":
        table = read_parquet(path, missing)
    else:
        if not has_names(path) and not as_texts:
            with suppress(InputError):  # what is no array of numbers is a table after all
                read_csv(path)
                return None
        table = read_csv_table(path, missing, as_texts)
    table.notes.insert(0, fingerprint(path))
    return table


def read_frame(source: Any, missing: Sequence[str] = MISSING) -> RawTable | None:
    """Anything -> its table, column by column, if it is a data frame that names its columns."""
    if not is_frame(source):
        return None
    table = table_of_frame(source, "array", missing)
    if _column_names(list(getattr(source, "columns", []))) is None and not isinstance(source, dict):
        if hasattr(source, "column_names"):  # an Arrow table keeps its names elsewhere
            return table
        if all(not column.is_text and not column.missing.any() for column in table.columns):
            return None
        for place, column in enumerate(table.columns):
            column.name = default_column_name(place)
        table.named = False
    return table


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
