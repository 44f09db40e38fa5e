"""The figure that chooses the epoch: −ln p of held-out rows, divided among the processes."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset, Split
from arden.tasks.score import score
from arden.training.context import class_context
from arden.training.world import World

__all__ = ["mean_nats", "nats_of_rows"]


def mean_nats(
    model: AutoregressiveModel | Mixture, data: Dataset, name: str, world: World
) -> float:
    """A model, a data set, the name of a split -> −ln p per row (of sequences: per symbol)."""
    split = data.split(name)
    nats = nats_of_rows(model, split, world.share(len(split)))
    return world.sum([nats.sum().item()])[0] / data.num_units(name)


def nats_of_rows(model: AutoregressiveModel | Mixture, split: Split, rows: slice) -> Tensor:
    """A model, N rows -> (N,) float64: −ln p of each, of windows that of what counts in them.

    An any-order model is scored in its own ordering, always the same.
    """
    if rows.start == rows.stop:
        return torch.empty(0, dtype=torch.float64)
    context = class_context(split, model.context_size)
    return -score(
        model,
        split.values[rows],
        None if context is None else context[rows],
        None if split.observed is None else split.observed[rows],
        scored=None if split.scored is None else split.scored[rows],
    )
