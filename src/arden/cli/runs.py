"""Opening a run directory for a command."""

from __future__ import annotations

from pathlib import Path

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema
from arden.errors import FileError, InputError
from arden.storage.model_files import load, read_card
from arden.training.device import resolve_device

__all__ = ["open_run"]


def open_run(run: Path, device: str) -> tuple[AutoregressiveModel | Mixture, Schema]:
    """A run directory -> its model and the schema of its rows.

    Raises:
        FileError: a folder that holds no model, or one saved without a schema.
    """
    where = resolve_device(device)
    model = load(run, device=str(where))
    try:
        return model, Schema.from_dict(read_card(run)["schema"])
    except (KeyError, TypeError, InputError):
        raise FileError(f"{run}: the model was saved without a schema of its rows") from None
