"""Which files a folder or a pattern of shards names, and which split each belongs to."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import Any

from arden.data.readers.folders import files_below, walk_folder
from arden.data.readers.image_folder import IMAGE_SUFFIXES
from arden.data.readers.wav_file import WAV_SUFFIX
from arden.data.sources import READERS, SHARD_ENDINGS
from arden.errors import InputError

__all__ = ["shards_of"]

_NOT_SHARDS = tuple(ending for ending in READERS if ending not in SHARD_ENDINGS)


def shards_of(source: Any) -> dict[str, list[Path]] | None:
    """A folder of .parquet or .npz files, or a pattern such as "rows/*.npz" -> its files.

    By split where the folder has subfolders train, test and perhaps valid, else all under "all";
    sorted by name. None for anything else: a folder that also holds pictures or sounds is one of
    those.

    Raises:
        InputError: files of both endings, others beside them, or folders of other names.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("part-1.npz", "part-0.npz"):
    ...     (folder / name).touch()
    >>> [file.name for file in shards_of(folder)["all"]]
    ['part-0.npz', 'part-1.npz']
    """
    if not isinstance(source, (str, Path)):
        return None
    path = Path(source).expanduser()
    if path.is_dir():
        if files_below(path, (*IMAGE_SUFFIXES, WAV_SUFFIX)):
            return None
        found = {part: files for part, files in _in_folder(path).items() if files}
    elif not path.exists() and any(mark in path.name for mark in "*?["):
        matched = sorted(Path(file) for file in glob(str(path)))
        found = {"all": [file for file in matched if file.suffix.lower() in SHARD_ENDINGS]}
    else:
        return None
    files = [file for part in found.values() for file in part]
    others = files_below(path, _NOT_SHARDS) if files and path.is_dir() else []
    if others:  # whatever lies there together is no one data set
        raise InputError(
            f"{source}: expected a file, got a folder of more than shards ({others[0].name})."
        )
    endings = sorted({file.suffix.lower() for file in files})
    if len(endings) > 1:
        raise InputError(f"{source}: expected shards of one kind, got {' and '.join(endings)}.")
    return found if files else None


def _in_folder(path: Path) -> dict[str, list[Path]]:
    if not files_below(path, SHARD_ENDINGS):
        return {}
    parts = walk_folder(path, SHARD_ENDINGS)
    for files in parts.values():
        for file, label in files:
            if label is not None:
                raise InputError(
                    f"{path}: expected shards in one folder, or in train, valid and test, "
                    f"got {file.parent.name}/{file.name}."
                )
    return {part: [file for file, _ in files] for part, files in parts.items()}
