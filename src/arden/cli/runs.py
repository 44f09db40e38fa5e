"""Opening a run directory for a command, which must be one that its model answers."""

from __future__ import annotations

from pathlib import Path

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema
from arden.errors import FileError, InputError
from arden.storage.located import located
from arden.storage.model_files import load, read_card
from arden.tasks.verbs import check_verb, exact
from arden.training.device import resolve_device

__all__ = ["open_any_run", "open_run"]


def open_any_run(run: Path, device: str, verb: str) -> tuple[AnyModel, Schema]:
    """A run directory, what is to be asked of it -> its model and the schema of its rows.

    Raises:
        FileError: a folder that holds no model, or one saved without a schema.
        InputError: a model that does not answer the verb, with the reason.
    """
    where = resolve_device(device)
    run = located(run)
    model = load(run, device=str(where))
    check_verb(verb, model)
    try:
        return model, Schema.from_dict(read_card(run)["schema"])
    except (KeyError, TypeError, InputError):
        raise FileError(f"{run}: the model was saved without a schema of its rows") from None


def open_run(run: Path, device: str, verb: str) -> tuple[AutoregressiveModel | Mixture, Schema]:
    """As `open_any_run`, for what only exact models answer."""
    model, schema = open_any_run(run, device, verb)
    return exact(verb, model), schema
