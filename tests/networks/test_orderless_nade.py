"""Orderless NADE: what was seen counts, not in which order, and one pass tells of all the rest."""

from __future__ import annotations

import itertools

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
from arden.networks import orderless_nade
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.raster import Raster
from tests.core.models import build, every_event, generator

FAMILIES = (
    Bernoulli(),
    Categorical(3),
    GaussianMixture(2),
    Mixed((Bernoulli(), Categorical(3), GaussianMixture(2), LogisticMixture(4, 1))),
)
every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)
ROWS, LENGTH, CLASSES = 6, 4, 2


def deep(family: Conditional, length: int = LENGTH, context_size: int = 0) -> AutoregressiveModel:
    """A family -> two hidden layers over variables of it, shaken."""
    options = OrderlessNADEOptions((7, 5), "tanh")
    return build(OrderlessNADE, options, family, Raster((length,)), context_size)


def network_of(model: AutoregressiveModel) -> OrderlessNADE:
    """A model -> its network, of which type checkers know what it is."""
    assert isinstance(model.network, OrderlessNADE)
    return model.network


def features_of(model: AutoregressiveModel, rows: int = ROWS) -> Tensor:
    """A model -> (B, D, F): features of bits, which are in the support of all families here."""
    values = torch.randint(0, 2, (rows, LENGTH), generator=generator(3)).double()
    return model.conditional.at(torch.arange(LENGTH)).features(values).double()


@every_family
@pytest.mark.parametrize("context_size", [0, CLASSES])
def test_a_step_is_the_one_pass_given_what_was_seen_in_every_order(
    family: Conditional, context_size: int
) -> None:
    model = deep(family, context_size=context_size)
    network, features = network_of(model), features_of(model)
    context = None
    if context_size:
        context = torch.eye(CLASSES, dtype=torch.float64)[torch.arange(ROWS) % CLASSES]
    for order in itertools.permutations(range(LENGTH)):
        steps = network(features[:, order], context, torch.tensor(order))
        for step, variable in enumerate(order):
            seen = torch.zeros(ROWS, LENGTH, dtype=torch.bool)
            seen[:, list(order[:step])] = True
            given = network.given(features, seen, context)
            # Sums in another order, in float64.
            torch.testing.assert_close(given[:, variable], steps[:, step], rtol=1e-12, atol=1e-12)


@every_family
def test_every_row_may_have_an_order_of_its_own(family: Conditional) -> None:
    model = deep(family)
    network = network_of(model)
    orders = torch.rand(ROWS, LENGTH, generator=generator(1)).argsort(dim=1)
    assert len({tuple(order) for order in orders.tolist()}) > 3
    features = features_of(model)
    together = network(features, None, orders)
    params, state = network.start(ROWS, None, orders)
    for step in range(LENGTH):
        torch.testing.assert_close(params, together[:, step], rtol=1e-12, atol=1e-12)
        if step < LENGTH - 1:
            params, state = network.step(state, features[:, step])
    for row, order in enumerate(orders):
        alone = network(features[row : row + 1], None, order)
        torch.testing.assert_close(alone[0], together[row], rtol=1e-12, atol=1e-12)


def test_what_is_not_seen_is_never_looked_at() -> None:
    model = deep(GaussianMixture(2))
    network, features = network_of(model), features_of(model)
    seen = torch.rand(ROWS, LENGTH, generator=generator(2)) < 0.5
    assert bool(seen.any())
    assert not bool(seen.all())
    clean = network.given(features, seen)
    dirty = torch.where(seen[..., None], features, float("nan"))
    assert torch.equal(network.given(dirty, seen), clean)
    moved = torch.where(seen[..., None], features + 1, features)
    unseen = ~seen & seen.any(dim=1, keepdim=True)
    assert bool((network.given(moved, seen) != clean).any(dim=2)[unseen].all())


def test_to_have_seen_a_zero_is_not_to_have_seen_nothing() -> None:
    model = deep(Bernoulli())
    zeros = torch.zeros(1, LENGTH, 1, dtype=torch.float64)
    seen = torch.tensor([[True, False, False, False]])
    network = network_of(model)
    difference = network.given(zeros, seen) - network.given(zeros, torch.zeros_like(seen))
    assert bool((difference[:, 1:].abs() > 1e-3).all())


def test_chunks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = deep(Categorical(3), context_size=CLASSES)
    network, features = network_of(model), features_of(model, 11)
    context = torch.eye(CLASSES, dtype=torch.float64)[torch.arange(11) % CLASSES]
    orders = torch.rand(11, LENGTH, generator=generator(1)).argsort(dim=1)
    whole = network(features, context, orders)
    sizes: list[int] = []
    whole_pass = network._all_steps

    def counted(features: Tensor, *beside: Tensor) -> Tensor:
        sizes.append(len(features))
        return whole_pass(features, *beside)

    monkeypatch.setattr(network, "_all_steps", counted)
    monkeypatch.setattr(orderless_nade, "_NUMBERS_AT_ONCE", 3 * LENGTH * 7 + 1)
    torch.testing.assert_close(network(features, context, orders), whole, rtol=1e-12, atol=1e-12)
    assert sizes == [3, 3, 3, 2]


def test_each_order_is_a_distribution_and_they_differ() -> None:
    """PITFALLS 21: a family of joints, one per order, not one distribution."""
    model, events = deep(Bernoulli()), every_event((LENGTH,), 2)
    joints = [
        model.log_prob(events, order=torch.tensor(order)).exp()
        for order in itertools.permutations(range(LENGTH))
    ]
    assert all(abs(joint.sum().item() - 1) < 1e-12 for joint in joints)
    assert max((joint - joints[0]).abs().max().item() for joint in joints) > 1e-3
