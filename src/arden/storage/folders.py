"""Folders and files of the user's: claimed before they are written, never half written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from arden.errors import FileError

__all__ = ["PART", "claim_folder", "held", "write_atomically", "write_together", "written_whole"]

LOCK = ".lock"
PART = ".part-"
"""How the name of a file begins that is not whole yet."""


def claim_folder(path: Path, *, marker: str, overwrite: bool) -> Path:
    """A path -> the same, now a folder that may be written to.

    A folder that holds ``marker`` is one of ours and is only written to with ``overwrite``; one
    that holds anything else is never written to.

    Raises:
        FileError: the folder is taken, foreign or cannot be made.
    """
    try:
        ours = (LOCK, PART)
        if path.is_dir() and any(not file.name.startswith(ours) for file in path.iterdir()):
            if not (path / marker).exists():
                raise FileError(
                    f"{path}: holds files that Arden did not write; expected a new or empty folder"
                )
            if not overwrite:
                raise FileError(f"{path}: holds a model already; say --overwrite to replace it")
        elif path.exists() and not path.is_dir():
            raise FileError(f"{path}: expected a folder, but a file has this name")
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise FileError(f"{path}: cannot be written to")
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be made ({error.strerror})") from None
    return path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """A folder -> within the block no other process holds it; killed, this one lets go of it.

    Raises:
        FileError: another process holds it.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise FileError(f"{folder}: another fit is writing to it now") from None
    except OSError as error:
        raise FileError(f"{folder}: cannot be locked ({error.strerror})") from None
    try:
        for left in folder.glob(f"{PART}*"):  # by a process that was killed while it wrote
            left.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def write_atomically(path: Path, content: bytes) -> None:
    """A path and its content -> (): the file appears whole, or the old one stays.

    Raises:
        FileError: it cannot be written.
    """
    with written_whole(path) as file:
        file.write(content)


def write_together(files: Mapping[Path, bytes]) -> None:
    """Paths and their contents -> (): all appear whole; where there is no room all old ones stay.

    The last appears first: put what marks a folder as ours there, so that one in which nothing else
    appeared, because the process was killed just then, can be written to again.

    Raises:
        FileError: one of them cannot be written.
    """
    with ExitStack() as opened:
        places = [opened.enter_context(written_whole(path)) for path in files]
        for file, content in zip(places, files.values(), strict=True):
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A path -> a file to write to, which appears whole when the block ends, or not at all.

    Raises:
        FileError: it cannot be written.
    """
    name = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART, delete=False) as file:
            name = file.name
            yield file  # type: ignore[misc]  # a wrapper that has all of a file's methods
            file.flush()
            os.fsync(file.fileno())
        # A temporary file is private; what replaces a user's file should be as any new file is.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException as error:  # Ctrl-C as well: no half-written file is left behind
        if name is not None:
            Path(name).unlink(missing_ok=True)
        if not isinstance(error, OSError) or isinstance(error, FileError):
            raise
        raise FileError(f"{path}: cannot be written ({error.strerror})") from None
