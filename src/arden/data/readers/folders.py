"""Folders of files: which file belongs to which split and to which class. No file is opened."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from arden.data.dataset import SPLIT_NAMES
from arden.data.readers.numpy_file import SPELLINGS
from arden.errors import FileError, InputError

__all__ = ["SPLIT_FOLDERS", "files_below", "fingerprint_files", "walk_folder"]

SPLIT_FOLDERS = {word: split for split, words in SPELLINGS.items() for word in words}
"""Names of subfolders (without case) that are splits; any other subfolder is a class."""


def walk_folder(path: Path, suffixes: Iterable[str]) -> dict[str, list[tuple[Path, str | None]]]:
    """A folder, endings such as ".png" -> by split its files, each with its class or None.

    Files come sorted by name (train/a/1.png before train/b/0.png); hidden ones and those with
    other endings are passed over. Subfolders train, valid (or val) and test are splits, and may
    hold one folder for each class; other subfolders are classes, their name the label. Without
    split folders, or with `train` alone, the one split is "all".

    Raises InputError, in one sentence, where files lie both beside and inside such folders.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
    ...     (folder / name).parent.mkdir(exist_ok=True)
    ...     (folder / name).touch()
    >>> [(file.name, label) for file, label in walk_folder(folder, (".png",))["all"]]
    [('1.png', 'cat'), ('2.png', 'cat'), ('1.png', 'dog')]
    """
    endings = tuple(suffixes)
    splits: dict[str, Path] = {}
    others: list[str] = []
    for folder in _subfolders(path):
        split = SPLIT_FOLDERS.get(folder.name.casefold())
        if not files_below(folder, endings):
            continue
        if split is None:
            others.append(folder.name)
        elif split in splits:
            raise InputError(
                f"{path}: expected one folder for {split}, got {splits[split].name} and "
                f"{folder.name}."
            )
        else:
            splits[split] = folder
    if not splits:
        return {"all": _by_class(path, endings)}
    loose = _files_in(path, endings)
    if others or loose:
        beside = f"a folder {others[0]}" if others else f"a file {loose[0].name}"
        raise InputError(
            f"{path}: expected only train, valid and test in a folder that holds one of them, "
            f"got {beside} as well."
        )
    if set(splits) == {"train"}:
        return {"all": _by_class(splits["train"], endings)}
    if not {"train", "test"} <= set(splits):
        raise InputError(
            f"{path}: a given split needs folders train and test (valid may be left out), "
            f"got {', '.join(sorted(splits))}."
        )
    return {split: _by_class(splits[split], endings) for split in SPLIT_NAMES if split in splits}


def files_below(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """A folder, endings -> all files below it with such an ending, by name; none that is hidden."""
    endings = tuple(suffixes)
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if _wanted(name, endings)]
    # By the parts of the name, so that the order is the same on every system.
    return sorted(found, key=lambda file: file.relative_to(folder).parts)


def fingerprint_files(folder: Path, files: Iterable[Path]) -> str:
    """A folder, files in it -> "sha256 " and twelve digits, of all their names and contents."""
    digest = hashlib.sha256()
    for file in files:
        name = file.relative_to(folder).as_posix()
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        digest.update(f"{content}  {name}\n".encode(errors="surrogateescape"))
    return f"sha256 {digest.hexdigest()[:12]}"


def _by_class(folder: Path, endings: tuple[str, ...]) -> list[tuple[Path, str | None]]:
    classes = {below: files_below(below, endings) for below in _subfolders(folder)}
    labelled: list[tuple[Path, str | None]] = [
        (file, below.name) for below, files in classes.items() for file in files
    ]
    loose = _files_in(folder, endings)
    if labelled and loose:
        raise InputError(
            f"{folder}: expected files in folders, one for each class, or all of them in one "
            f"folder, got both {loose[0].name} and {labelled[0][1]}/{labelled[0][0].name}."
        )
    return labelled or [(file, None) for file in loose]


def _subfolders(folder: Path) -> list[Path]:
    try:
        below = [entry for entry in folder.iterdir() if entry.is_dir()]
    except OSError as error:
        _raise(error)
    return sorted(entry for entry in below if not entry.name.startswith("."))


def _files_in(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(
        entry for entry in folder.iterdir() if entry.is_file() and _wanted(entry.name, endings)
    )


def _wanted(name: str, endings: tuple[str, ...]) -> bool:
    return not name.startswith(".") and name.lower().endswith(endings)


def _raise(error: OSError) -> None:
    """os.walk passes over folders it may not read; rows would vanish unnoticed."""
    raise FileError(f"{error.filename}: cannot be read ({error.strerror}).") from None
