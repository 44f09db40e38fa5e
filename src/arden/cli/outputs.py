"""Files a command writes: refused before the work starts, not after."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from arden.errors import FileError, InputError
from arden.storage.folders import write_atomically

__all__ = ["claim_output", "say_where", "write_columns"]


def claim_output(
    path: Path | None, endings: tuple[str, ...], overwrite: bool, option: str = "out"
) -> None:
    """A path a command is about to write, given by an option -> (), or a refusal.

    Raises:
        InputError: an ending that is not one of ``endings``.
        FileError: the file exists (without ``overwrite``), or its folder does not.
    """
    if path is None:
        return
    if path.suffix not in endings:
        known = ", ".join(endings)
        raise InputError(f"{option}: expected a name ending in {known}, got {path.name!r}")
    if not path.parent.is_dir():
        raise FileError(f"{path}: its folder does not exist")
    if path.is_dir():
        raise FileError(f"{path}: expected a file, but a folder has this name")
    if path.exists() and not overwrite:
        raise FileError(f"{path}: exists already; say --overwrite to replace it")


def say_where(what: str, path: Path) -> None:
    """What was written and where -> (): one line on standard output, the path as it is."""
    print(f"{what}: {path}")


def write_columns(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Arrays of N rows by name -> a .csv with a header line, or an .npz."""
    buffer = io.BytesIO()
    if path.suffix == ".npz":
        np.savez_compressed(buffer, **dict(columns))  # type: ignore[arg-type]  # its stub is off
    else:
        text = io.TextIOWrapper(buffer, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
        text.flush()
    write_atomically(path, buffer.getvalue())
