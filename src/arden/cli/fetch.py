"""`arden fetch`: download named data sets."""

from __future__ import annotations

from pathlib import Path

from arden.data.fetching.fetch import fetch as fetch_set
from arden.errors import InputError

__all__ = ["fetch"]


def fetch(
    *names: str, data_dir: Path | None = None, mirror: str | None = None, force: bool = False
) -> int:
    """Download named data sets: the published files, checked, into the cache.

    An interrupted download goes on where it stopped when the command is called again.

    Parameters
    ----------
    names
        mnist, fashion-mnist, binarized-mnist, or sets made of these.
    data_dir
        Where to put them instead of the cache (ARDEN_CACHE, else ~/.cache/arden).
    mirror
        The http(s) address of a folder to take the files from, instead of the known mirrors.
    force
        Download again, and replace the files that are there.
    """
    if not names:
        raise InputError(
            "fetch: expected the name of at least one data set; `arden data` lists them."
        )
    for name in names:
        print(f"{name}: {fetch_set(name, data_dir=data_dir, mirror=mirror, force=force)}")
    return 0
