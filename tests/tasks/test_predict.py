"""Predictions are conditional means: for bits p(x_i = 1 | x_<i), by enumeration of the joint."""

from __future__ import annotations

import importlib

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.tasks.predict import predict
from arden.tasks.score import score
from tests.core.models import build, every_event
from tests.storage.models import made_of_masks
from tests.training.toys import one_hot

SHAPE = (2, 2)


def by_enumeration(model: AutoregressiveModel, x: Tensor, context: Tensor | None) -> Tensor:
    """(B, *event) -> E[x_i | x_<i], summed over the joint probabilities of all events."""
    symbols = model.conditional.num_symbols or 0
    events = every_event(model.event_shape, symbols).flatten(1)
    order = model.ordering.order().tolist()
    means = torch.zeros(x.flatten(1).shape, dtype=torch.float64)
    for row, event in enumerate(x.flatten(1)):
        one = None if context is None else context[row].expand(len(events), -1)
        joint = score(model, events.reshape(-1, *model.event_shape), one).exp()
        for step, dim in enumerate(order):
            before = order[:step]
            alike = (events[:, before] == event[before]).all(dim=1)
            mass = joint * alike
            means[row, dim] = (mass * events[:, dim]).sum() / mass.sum()
    return means.reshape(x.shape)


@pytest.mark.parametrize("context_size", [0, 2])
@pytest.mark.parametrize("family", [Bernoulli(), Categorical(3), Categorical(3, "scalar")], ids=str)
@pytest.mark.parametrize(
    ("network", "options"), [(NADE, NADEOptions(hidden=4)), (MADE, MADEOptions(hidden=(6,)))]
)
def test_predictions_are_conditional_means(
    network: type, options: object, family: Conditional, context_size: int
) -> None:
    model = build(network, options, family, Shuffled(SHAPE, 2), context_size)
    x = every_event(SHAPE, family.num_symbols or 0)[::7]
    context = one_hot(torch.arange(len(x)) % 2, torch.float64) if context_size else None
    found = predict(model, x, context)
    torch.testing.assert_close(found, by_enumeration(model, x, context), rtol=1e-10, atol=1e-10)
    assert not found.requires_grad


def test_a_table_of_discrete_columns() -> None:
    model = build(NADE, NADEOptions(hidden=4), Mixed((Bernoulli(), Categorical(3))), Raster((2,)))
    x = torch.tensor([[0.0, 2.0], [1.0, 0.0]], dtype=torch.float64)
    terms = [score(model, torch.tensor([[row, k] for k in range(3)])).exp() for row in (0.0, 1.0)]
    joint = torch.stack(terms)
    first = (joint[1].sum() / joint.sum()).expand(2)
    second = joint @ torch.arange(3.0, dtype=torch.float64) / joint.sum(dim=1)
    torch.testing.assert_close(predict(model, x), torch.stack([first, second], dim=1))


def test_what_has_no_single_prediction() -> None:
    with pytest.raises(InputError, match="a mixture has no single x̂_i"):
        predict(made_of_masks(), torch.zeros(1, 2, 3))  # type: ignore[arg-type]
    reals = build(NADE, NADEOptions(hidden=2), GaussianMixture(2), Raster((3,)))
    with pytest.raises(InputError, match="x̂_i needs discrete values"):
        predict(reals, torch.zeros(1, 3))


def test_many_rows_and_levels_are_taken_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same means in pieces of a row and a step; dropout, if any, is off and stays as it was."""
    module = importlib.import_module("arden.tasks.predict")
    model = build(NADE, NADEOptions(4), LogisticMixture(17, 3), Raster((2, 3))).train()
    x = torch.randint(0, 17, (5, 2, 3), generator=torch.Generator().manual_seed(0))
    whole = predict(model, x)
    monkeypatch.setattr(module, "_MOST_NUMBERS", 1)
    monkeypatch.setattr(module, "chunk_rows", lambda model, numbers: 2)
    torch.testing.assert_close(predict(model, x), whole, rtol=1e-12, atol=1e-12)
    assert model.training
