"""Tables fitted in closed form: count, smooth, done."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.training.context import class_context
from arden.training.validation import mean_nats
from arden.training.world import World

__all__ = ["SMOOTHINGS", "fit_by_counting"]

SMOOTHINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""The additions to every count that are tried when none is given."""


@torch.no_grad()
def fit_by_counting(
    model: AutoregressiveModel, data: Dataset, smoothing: float | None, world: World
) -> tuple[float, float]:
    """A tabular model and its data -> nats per unit of the training and the validation rows.

    Without a ``smoothing`` the one with the best validation likelihood is taken.

    Raises:
        InputError: a training value outside the support.
    """
    network, conditional, train = model.network, model.conditional, data.train
    assert isinstance(network, CountedNetwork)
    assert isinstance(conditional, Discrete)
    values = train.values.flatten(1).long()
    known = model.ordering.valid(values)
    if train.observed is not None:
        known = known & train.observed.flatten(1)
    dims = model.dims(*values.shape).cpu()
    _check_support(conditional, torch.where(known, train.values.flatten(1), 0))
    context = class_context(train, model.context_size)
    best, best_table = float("inf"), None
    for candidate in SMOOTHINGS if smoothing is None else (smoothing,):
        table = network.fit_counts(
            values[:, dims].to(model.device),
            known[:, dims].to(model.device),
            None if context is None else context.to(model.device),
            candidate,
        )
        # Counts of zero without smoothing are ln 0: such a value is then truly impossible.
        params = conditional.params_of(table.clamp(min=-1e4))
        network.set_table(params)
        nats = mean_nats(model, data, "valid", world)
        if nats < best or best_table is None:
            best, best_table = nats, params
    assert best_table is not None
    network.set_table(best_table)
    return mean_nats(model, data, "train", world), best


def _check_support(conditional: Discrete, values: Tensor) -> None:
    """A family, (N, D) -> (): counted all the same, a foreign value would land in another cell."""
    inside = conditional.contains(values)
    if not bool(inside.all()):
        row, column = (~inside).nonzero()[0].tolist()
        raise InputError(
            f"data: training row {row}, variable {column} holds {values[row, column].item()}, "
            f"outside the support of {conditional}"
        )
