"""Texts: a .txt file, or a folder of them, as code points."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np

from arden.data.documents import Document, DocumentSource
from arden.data.readers.folders import fingerprint_files, walk_folder
from arden.data.sources import fingerprint
from arden.errors import FileError

__all__ = ["TEXT_SUFFIX", "code_points", "read_text"]

TEXT_SUFFIX = ".txt"


def read_text(path: Path) -> DocumentSource:
    """A .txt file in UTF-8, or a folder of them -> its documents, one a file.

    A byte order mark is dropped and line ends are made \\n, which the notes say. Subfolders are
    splits or classes (see `walk_folder`). Raises FileError, with the place of the byte, for what is
    not UTF-8.
    """
    if not path.is_dir():
        document = Document(path.name, _read(path))
        return DocumentSource(path.name, "text", {"all": [document]}, notes=_notes(path, [path]))
    parts = walk_folder(path, (TEXT_SUFFIX,))
    files = [file for members in parts.values() for file, _ in members]
    documents = {
        split: [
            Document(file.relative_to(path).as_posix(), _read(file), label)
            for file, label in members
        ]
        for split, members in parts.items()
    }
    name = path.resolve().name
    return DocumentSource(name, "text", documents, notes=_notes(path, files))


def code_points(content: bytes, name: str) -> np.ndarray:
    """The bytes of a text in UTF-8 -> its characters (L,), uint32, with line ends as \\n.

    >>> code_points(b"a\\r\\nb", "x.txt").tolist()
    [97, 10, 98]
    """
    mark = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    try:
        text = content[mark:].decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start + mark
        raise FileError(
            f"{name}: expected a text in UTF-8, got the byte 0x{content[place]:02x} at offset "
            f"{place} (counted from 0)."
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _read(path: Path) -> np.ndarray:
    try:
        return code_points(path.read_bytes(), str(path))
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None


def _notes(path: Path, files: list[Path]) -> list[str]:
    digest = fingerprint(path) if files == [path] else fingerprint_files(path, files)
    return [digest, "line ends as \\n"]
