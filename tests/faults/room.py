"""Disks without room and folders that may not be written to, as the operating system has them."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["contents", "no_room_beyond", "without_privileges"]

_NOBODY = 65534


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Bytes -> within the block no file of this process grows beyond them, whoever writes it.

    The system refuses as it does on a full disk ("File too large" instead of "No space left"); no
    mount is needed for it.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def without_privileges() -> Iterator[None]:
    """() -> within the block even root is held to the permissions of files."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def contents(folder: Path) -> dict[str, bytes]:
    """A folder -> its files by name, those of folders in it as well; locks are no content."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
