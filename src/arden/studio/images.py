"""What the pages about images share: runs of images, classes as contexts, held-out rows."""

from __future__ import annotations

from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.data import Split
from arden.errors import FileError, InputError
from arden.studio.shelf import Run, Shelf
from arden.systems import SYSTEMS
from arden.training.context import label_context

__all__ = ["classes_of", "context_of", "held_out", "is_any_order", "is_drawable", "some_images"]

_MOST_PIXELS = 32 * 32
NO_RUN = (
    "Expected a run of grey images in {folder}, found none; fit one with "
    "arden fit orderless-nade digits --out {folder}/digits"
)


def is_drawable(run: Run) -> bool:
    """Whether its model is an exact one of grey images that fit a board."""
    schema, system = run.schema, SYSTEMS.get(str(run.card.get("system")))
    grey = schema.kind == "image" and (len(schema.event_shape) == 2 or schema.event_shape[2] == 1)
    small = schema.num_symbols is not None and schema.num_variables <= _MOST_PIXELS
    return grey and small and (system is None or "score" in system.verbs)


def is_any_order(model: AutoregressiveModel | Mixture) -> bool:
    """Whether it is told the order, so that any mask is completed exactly."""
    return isinstance(model, AutoregressiveModel) and isinstance(model.network, AnyOrderNetwork)


def classes_of(shelf: Shelf, run: Run) -> list[str]:
    """A run -> the classes its model must be told one of; none for most."""
    model = shelf.exact_model(run, "complete")
    return list(run.schema.class_names) if model.context_size else []


def context_of(model: AutoregressiveModel | Mixture, run: Run, label: str | None) -> Tensor | None:
    """A class -> (1, C) one-hot; None for a model without classes, whatever is chosen."""
    size = model.context_size
    return label_context(label if size else None, run.schema, size, 1)


def held_out(shelf: Shelf, run: Run) -> Split | None:
    """A run -> its test split, which no fit looks at; None where that is not at hand."""
    try:
        return shelf.data(run).test
    except (FileError, InputError):
        return None


def some_images(folder: object) -> str:
    """A folder -> the sentence for one without runs of images."""
    return NO_RUN.format(folder=folder)
