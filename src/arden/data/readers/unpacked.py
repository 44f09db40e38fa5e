"""Files that may be gzipped: told by their first bytes, read in pieces, errors in one sentence."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from arden.errors import FileError

__all__ = ["unpacked"]

MAGIC = b"\x1f\x8b"


def _is_gzipped(path: Path) -> bool:
    """A file -> whether it is gzip by its first bytes; names lie, and servers unpack in passing."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """A file, gzipped or not -> its content, open for reading; FileError if it breaks off."""
    try:
        with cast(BinaryIO, gzip.open(path) if _is_gzipped(path) else path.open("rb")) as file:
            yield file
    except FileError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileError(f"{path}: its gzip data are damaged or cut short.") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None
