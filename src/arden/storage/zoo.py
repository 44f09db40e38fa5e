"""Small fitted models that come with the repository: `zoo:name` stands wherever a run may stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from arden.data.sets.places import data_folder
from arden.errors import FileError, InputError, suggestion

__all__ = ["INDEX", "ZOO", "in_zoo", "zoo_folders", "zoo_index"]

ZOO = "zoo:"
INDEX = "index.json"
"""In the zoo's folder: what is known of every model, by name."""
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*")


def zoo_folders() -> list[Path]:
    """() -> where models are looked for: the folder zoo of this checkout, and of ARDEN_DATA.

    The package that pip installs holds none: copy the folder into the data directory for it.
    """
    checkout = Path(__file__).parents[3]
    places = [checkout / "zoo"] if (checkout / "pyproject.toml").is_file() else []
    data = data_folder(None)
    return [place for place in [*places, *([data / "zoo"] if data else [])] if place.is_dir()]


def in_zoo(told: str) -> Path:
    """ "zoo:name" -> the folder of that model.

    Raises:
        InputError: a name that is none, or that no zoo has; a likely spelling.
        FileError: no zoo at all.
    """
    name = told.removeprefix(ZOO)
    folders = zoo_folders()
    if not folders:
        raise FileError(
            f"{told}: there is no zoo here; expected the folder zoo of Arden's repository, in a "
            "checkout of it or in the data directory that ARDEN_DATA names"
        )
    known = sorted({name for folder in folders for name in zoo_index(folder)})
    for folder in folders:
        if _NAME.fullmatch(name) and (folder / name).is_dir():
            return folder / name
    raise InputError(
        f"zoo: expected one of {', '.join(known)}, got {name!r}.{suggestion(name, known)}"
    )


def zoo_index(folder: Path) -> dict[str, dict[str, Any]]:
    """A zoo's folder -> what is known of every model of it, by name; nothing without an index.

    Raises:
        FileError: an index that is none.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise FileError(f"{path}: not a readable index of a zoo") from None
    if not isinstance(found, dict) or not all(isinstance(told, dict) for told in found.values()):
        raise FileError(f"{path}: not a readable index of a zoo")
    return found
