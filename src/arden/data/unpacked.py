"""Files that may be gzipped: told by their first bytes, read in pieces, errors in one sentence."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from arden.errors import FileError

__all__ = ["MOST_EXPANSION", "is_gzipped", "unpacked"]

MOST_EXPANSION = 1032
"""Deflate makes no more bytes than this of one: what claims to hold more does not."""

MAGIC = b"\x1f\x8b"


def is_gzipped(path: Path) -> bool:
    """A file -> whether it is gzip by its first bytes; names lie, and servers unpack in passing."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """A file, gzipped or not -> its content, open for reading; FileError if it breaks off."""
    try:
        with cast(BinaryIO, gzip.open(path) if is_gzipped(path) else path.open("rb")) as file:
            yield file
    except FileError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileError(f"{path}: its gzip data are damaged or cut short.") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None
