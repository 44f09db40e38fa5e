"""Rows in files of their own, mapped into memory: written once, read where they are asked for."""

from __future__ import annotations

import mmap
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import torch

from arden.data.dataset import Split
from arden.errors import FileError

__all__ = ["MappedFiles", "RowsWriter"]

_ROWS_AT_A_TIME = 65_536


class RowsWriter:
    """A context manager: rows of several splits, each appended to its split's files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        self._open = ExitStack()
        self.rows: Counter[str] = Counter()
        """Of each split so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def add(self, name: str, rows: Split) -> None:
        """The name of a split, rows -> (): they follow those it has. Raises FileError."""
        self._write(f"{name}.values", rows.values)
        if rows.labels is not None:
            self._write(f"{name}.labels", rows.labels)
        observed = f"{name}.observed"
        if rows.observed is not None and observed not in self._files:
            width = rows.values[0].numel()  # all that was written before was observed
            for at in range(0, self.rows[name], _ROWS_AT_A_TIME):
                more = min(_ROWS_AT_A_TIME, self.rows[name] - at)
                self._write(observed, torch.ones(more, width, dtype=torch.bool))
        if rows.observed is not None or observed in self._files:
            known = torch.ones_like(rows.values, dtype=torch.bool)
            self._write(observed, known if rows.observed is None else rows.observed)
        self.rows[name] += len(rows)

    def parts(self, name: str) -> list[str]:
        """The name of a split -> what was written of it."""
        return [
            part for part in ("values", "labels", "observed") if f"{name}.{part}" in self._files
        ]

    def _write(self, name: str, tensor: torch.Tensor) -> None:
        path = self._folder / name
        try:
            if name not in self._files:
                self._files[name] = self._open.enter_context(path.open("wb"))
            self._files[name].write(tensor.contiguous().numpy().data)
        except OSError as error:
            raise FileError(f"{path}: cannot be written ({error.strerror})") from None


class MappedFiles:
    """The files of a `RowsWriter` as tensors that take no memory but the pages last looked at.

    ``digest`` names their content. What was read stays in memory until `let_go`, or until the
    system wants the room: it is a copy of what lies on disk.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self.folder, self.digest = folder, digest
        self._maps: list[mmap.mmap] = []

    def split(
        self, name: str, shape: tuple[int, ...], dtype: torch.dtype, parts: Sequence[str]
    ) -> Split:
        """The name of a split, (N, *event), what was written of it -> its rows.

        Raises FileError where a file is not as long as that.
        """
        known = {"values": (shape, dtype), "observed": (shape, torch.bool)}
        known["labels"] = (shape[:1], torch.int64)
        return Split(**{part: self._mapped(f"{name}.{part}", *known[part]) for part in parts})

    def let_go(self) -> None:
        """() -> (): no page of the files counts as this process's memory until it is read again."""
        for mapped in self._maps:
            if hasattr(mmap, "MADV_DONTNEED"):  # elsewhere the system alone decides
                mapped.madvise(mmap.MADV_DONTNEED)

    def _mapped(self, name: str, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise FileError(f"{path}: cannot be read ({error})") from None
        numbers = np.frombuffer(mapped, dtype=_numpy(dtype))
        if numbers.size != np.prod(shape, dtype=np.int64):
            raise FileError(f"{path}: is not as long as it was; remove {self.folder}")
        self._maps.append(mapped)
        with warnings.catch_warnings():
            # Nobody writes into rows; a mapping that could be written to would need as much room
            # in memory as the file has, or the right to change it.
            warnings.simplefilter("ignore", UserWarning)
            return torch.from_numpy(numbers).reshape(shape)


def _numpy(dtype: torch.dtype) -> np.dtype:
    return torch.empty(0, dtype=dtype).numpy().dtype
