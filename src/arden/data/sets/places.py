"""Where named sets lie: the data directory, the cache, and how the files there may be called."""

from __future__ import annotations

import os
from pathlib import Path

from arden.data.catalogue import DATASETS
from arden.data.fetching.downloads import DOWNLOADS, Download
from arden.errors import FileError

__all__ = [
    "cache_folder",
    "data_file",
    "data_folder",
    "file_of",
    "missing",
    "original_files",
    "originals_of",
]


def data_folder(data_dir: Path | None) -> Path | None:
    """data_dir, else ARDEN_DATA -> the folder, or None when neither names one."""
    folder = data_dir or os.environ.get("ARDEN_DATA")
    return Path(folder).expanduser() if folder else None


def cache_folder() -> Path:
    """() -> where downloads are kept: ARDEN_CACHE, else arden in XDG_CACHE_HOME or in ~/.cache."""
    named = os.environ.get("ARDEN_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "arden"


def file_of(name: str, data_dir: Path | None) -> Path | None:
    """The name of a set -> its one file in the data directory, None when it is not there."""
    folder = data_folder(data_dir)
    path = folder / str(DATASETS[name].file) if folder else None
    return path if path and path.is_file() else None


def data_file(name: str, data_dir: Path | None) -> Path:
    """The name of a set, a folder or None for ARDEN_DATA -> its one file, which exists."""
    path = file_of(name, data_dir)
    if path is None:
        raise missing(name, data_dir)
    return path


def originals_of(name: str, data_dir: Path | None) -> list[dict[str, Path]]:
    """The name of a set -> every place where all its original files lie, best first.

    These are, by their published names: a subfolder of the data directory named as the set or as
    its download, the directory itself, and the cache.
    """
    key = DATASETS[name].download
    if key is None:
        return []
    folder = data_folder(data_dir)
    places = [folder / name, folder / key, folder] if folder else []
    found = (original_files(place, DOWNLOADS[key]) for place in [*places, cache_folder() / key])
    return [files for files in found if files is not None]


def original_files(folder: Path, download: Download) -> dict[str, Path] | None:
    """A folder -> by published name the files of a download in it, None unless all are there.

    Unpacked files go by the name without .gz, packed ones with it, and some programs that unpack
    write "train-images.idx3-ubyte".
    """
    files: dict[str, Path] = {}
    for remote in download.files:
        bare = remote.name.removesuffix(".gz")
        names = (remote.name, bare, f"{bare}.gz", bare.replace("-idx", ".idx"))
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is None:
            return None
        files[remote.name] = path
    return files


def missing(name: str, data_dir: Path | None) -> FileError:
    """The name of a set that was not found -> the error whose sentence says what to do."""
    entry = DATASETS[name]
    embedded = ", ".join(sorted(known for known, other in DATASETS.items() if other.embedded))
    ready = f"sets that need no files: {embedded}."
    if entry.download is not None:
        ready = f"`arden fetch {entry.download}` downloads it; {ready}"
    folder = data_folder(data_dir)
    if folder is None:
        return FileError(
            f'"{name}" needs a data directory: set ARDEN_DATA, --data-dir or data_dir to the '
            f"folder that holds {entry.file}; {ready}"
        )
    origin = "data_dir" if data_dir else "ARDEN_DATA"
    return FileError(
        f'"{name}" needs {entry.file} in {origin}, but there is no {folder / str(entry.file)}; '
        f"{ready}"
    )
