"""Where a run lies: a folder, a model of the zoo, a model on a hub."""

from __future__ import annotations

import os
from pathlib import Path

from arden.storage.hub import HUB, fetched
from arden.storage.zoo import ZOO, in_zoo

__all__ = ["located"]


def located(folder: str | os.PathLike[str]) -> Path:
    """A folder, "zoo:name", or "hf:owner/name" (with "@revision" if wanted) -> a folder here.

    What lies on the hub is fetched into huggingface_hub's cache, once for every revision.

    Raises:
        InputError: a name that is none, or huggingface_hub (extra ``hub``) is not installed.
        FileError: what cannot be fetched, or no zoo.

    >>> located("runs/nade").as_posix()
    'runs/nade'
    """
    told = os.fspath(folder)
    if told.startswith(HUB):
        return fetched(told)
    return in_zoo(told) if told.startswith(ZOO) else Path(told)
