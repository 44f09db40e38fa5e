"""Named sets that fetch themselves: the published files, checked, into the cache or a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from arden.data.catalogue import DATASETS
from arden.data.fetching.download import Report, check_address, download
from arden.data.fetching.downloads import DOWNLOADS, RemoteFile
from arden.data.sets.places import cache_folder
from arden.errors import FileError, InputError, suggestion

__all__ = ["fetch"]

HEADROOM = 2
"""Times the size of its content that a file may have: lines may end in another way."""

HEADER = 4096
"""Bytes that gzip may add to a small file, at the most."""

Display = Callable[[str], AbstractContextManager[Report]]
"""The name of a file -> what is told of its progress."""


def fetch(
    name: str,
    *,
    data_dir: str | Path | None = None,
    mirror: str | None = None,
    force: bool = False,
    display: Display | None = None,
) -> Path:
    """The name of a set, such as "mnist" -> the folder that holds its published files.

    The files go into the cache (ARDEN_CACHE, else ~/.cache/arden), or into `data_dir`, in a folder
    of their own; `load_data` finds them there. Files that are there and right stay as they are.
    `mirror` is the address of a folder to take them from instead of the known ones; `force`
    replaces what is there. Progress is shown on a terminal, or told to `display`.

    Raises InputError for sets that cannot be downloaded, FileError when no mirror delivers or
    another file has the name of one.

    >>> fetch("digits")
    Traceback (most recent call last):
    arden.errors.InputError: "digits" is embedded: there is nothing to fetch.
    """
    key = _download_of(name)
    mirrors = DOWNLOADS[key].mirrors
    if mirror is not None:
        check_address(mirror)
        mirrors = (mirror.rstrip("/") + "/",)
    folder = (Path(data_dir).expanduser() if data_dir else cache_folder()) / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot be made ({error.strerror}).") from None
    if not os.access(folder, os.W_OK):
        raise FileError(f"{folder}: cannot be written to.")
    if display is None:
        from arden.data.fetching.fetch_display import FetchDisplay

        display = FetchDisplay
    for remote in DOWNLOADS[key].files:
        target = folder / remote.name
        if target.exists() and not force:
            _check_present(target, remote)
            continue
        with display(f"{key}: {remote.name}") as report:
            download(
                [mirror + remote.name for mirror in mirrors],
                target,
                partial(_check, remote=remote),
                HEADROOM * (remote.size + HEADER),
                report,
            )
    return folder


def _download_of(name: str) -> str:
    if name not in DATASETS:
        meant = suggestion(name, DATASETS)
        raise InputError(f'"{name}" is not a data set; {_fetchable()}.{meant}')
    entry = DATASETS[name]
    if entry.embedded:
        raise InputError(f'"{name}" is embedded: there is nothing to fetch.')
    if entry.download is None:
        raise InputError(
            f'"{name}" cannot be downloaded: put {entry.file} into the data directory; '
            f"{_fetchable()}."
        )
    return entry.download


def _fetchable() -> str:
    return f"sets that can be fetched are {', '.join(sorted(DOWNLOADS))}"


def _check(path: Path, remote: RemoteFile) -> None:
    from arden.data.sets.original import read_original

    read_original(path, remote)


def _check_present(target: Path, remote: RemoteFile) -> None:
    try:
        _check(target, remote)
    except FileError as error:
        raise FileError(f"{str(error).rstrip('.')}; say --force to replace it.") from None
