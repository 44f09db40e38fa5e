"""Files that may be gzipped: told by their first bytes, read in pieces, errors in one sentence."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from arden.errors import FileError

__all__ = ["LEAST_BOMB", "MOST_RATIO", "check_unpacked", "unpacked"]

MAGIC = b"\x1f\x8b"
LEAST_BOMB = 1 << 30
MOST_RATIO = 250
"""Data unpack to three times their size, pictures of few strokes to fifty times; a file of zeros,
made to fill a memory, to a thousand times. Less than a gigabyte fills none."""


def check_unpacked(path: Path, size: int, packed: int) -> None:
    """A file, the bytes it unpacks to, the bytes they are packed in -> ().

    Raises:
        FileError: more than a gigabyte, and far more than data ever unpack to.
    """
    if size > LEAST_BOMB and size > MOST_RATIO * packed:
        raise FileError(
            f"{path}: unpacks to more than {LEAST_BOMB / 2**30:g} GiB and {MOST_RATIO} times its "
            "size, as only files do that are made to fill a memory."
        )


class _Counted(io.RawIOBase):
    """What is unpacked, counted as it comes: a bomb is noticed before it has gone off."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file, self._size = path, file, 0
        self._packed = path.stat().st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        got = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._size += got
        check_unpacked(self._path, self._size, self._packed)
        return int(got)


def _is_gzipped(path: Path) -> bool:
    """A file -> whether it is gzip by its first bytes; names lie, and servers unpack in passing."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """A file, gzipped or not -> its content, open for reading; FileError if it breaks off.

    Raises FileError as well where it unpacks to what only a bomb unpacks to.
    """
    try:
        if not _is_gzipped(path):
            with path.open("rb") as file:
                yield file
            return
        with gzip.open(path) as file:
            counted = _Counted(path, cast(BinaryIO, file))
            yield cast(BinaryIO, io.BufferedReader(counted, 1 << 20))
    except FileError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileError(f"{path}: its gzip data are damaged or cut short.") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None
