"""Files a command writes: refused before the work starts, not after."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from arden.errors import FileError, InputError
from arden.storage.folders import write_atomically

__all__ = ["ColumnFile", "claim_output", "say_where", "write_columns"]


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


def write_columns(path: Path, columns: Mapping[str, np.ndarray | Sequence[Any]]) -> None:
    """Arrays of N rows by name -> a .csv with a header line, or an .npz."""
    with ColumnFile(path) as file:
        file.add(columns)


class ColumnFile:
    """A .csv with a header line, or an .npz, written piece by piece; with None nothing is written.

    It is a context manager: the file appears whole when the work is done, and not at all (the old
    one stays) when an error or Ctrl-C ends it. A .csv goes to disk as it comes, an .npz is held in
    memory until then.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._pieces: dict[str, list[np.ndarray]] = {}
        self._beside: dict[str, np.ndarray] = {}
        self._part: Path | None = None
        self._file: TextIO | None = None
        self._has_header = False

    def __enter__(self) -> ColumnFile:
        if self._path is not None and self._path.suffix == ".csv":
            # Beside the file to be, so that it can be renamed; hidden, and no other process's.
            self._part = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            with _one_sentence(self._path):
                self._file = self._part.open("w", encoding="utf-8", newline="")
        return self

    def add(self, columns: Mapping[str, np.ndarray | Sequence[Any]]) -> None:
        """Arrays of n rows by name -> (): they follow what was added before."""
        if self._path is None:
            return
        if self._file is None:
            for name, column in columns.items():
                self._pieces.setdefault(name, []).append(np.asarray(column))
            return
        writer = csv.writer(self._file, lineterminator="\n")
        with _one_sentence(self._path):
            if not self._has_header:
                writer.writerow(columns)
                self._has_header = True
            lists = (c.tolist() if isinstance(c, np.ndarray) else c for c in columns.values())
            writer.writerows(zip(*lists, strict=True))

    def put_beside(self, name: str, array: np.ndarray) -> None:
        """An array of other length -> (): it is kept in an .npz, and left out of a .csv."""
        self._beside[name] = array

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._path is None:
            return
        try:
            if kind is None:
                self._finish(self._path)
        finally:
            if self._file is not None and self._part is not None:
                with suppress(OSError):  # what could not be written has been told
                    self._file.close()
                self._part.unlink(missing_ok=True)

    def _finish(self, path: Path) -> None:
        if self._file is None or self._part is None:
            buffer = io.BytesIO()
            columns = {name: np.concatenate(pieces) for name, pieces in self._pieces.items()}
            np.savez_compressed(buffer, **columns, **self._beside)  # type: ignore[arg-type]
            write_atomically(path, buffer.getvalue())
            return
        with _one_sentence(path):
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._part, path)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror or error})") from None
