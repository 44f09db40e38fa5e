"""Any-order MADE: masks follow each row's order, and in one order it is a MADE."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional
from arden.core.draw import generic_draw
from arden.core.model import AutoregressiveModel
from arden.networks import any_order_made
from arden.networks.any_order_made import AnyOrderMADE, AnyOrderMADEOptions
from arden.networks.made import MADE, MADEOptions
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from tests.core.models import build, every_event, generator, noise_for, some_events

FAMILIES = (
    Bernoulli(),
    Categorical(3),
    Mixed((Bernoulli(), Categorical(3), *[GaussianMixture(2)] * 3)),
)
every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)
LENGTH, ROWS, CLASSES = 5, 7, 2


def model_of(
    family: Conditional, hidden: tuple[int, ...] = (9, 8), context_size: int = 0, **how: bool
) -> AutoregressiveModel:
    """A family -> a model of five variables of it, shaken."""
    options = AnyOrderMADEOptions(hidden, "tanh", **how)
    return build(AnyOrderMADE, options, family, Raster((LENGTH,)), context_size)


def orders_of(rows: int, seed: int = 1) -> Tensor:
    """B -> (B, T): an order of its own for every row."""
    return torch.rand(rows, LENGTH, generator=generator(seed)).argsort(dim=1)


def classes_of(rows: int, size: int) -> Tensor | None:
    """B, C -> (B, C) one-hot, or None."""
    return torch.eye(size, dtype=torch.float64)[torch.arange(rows) % size] if size else None


@pytest.mark.parametrize("hidden", [(9,), (9, 8)])
@pytest.mark.parametrize("direct", [True, False])
def test_in_one_order_it_is_a_made(hidden: tuple[int, ...], direct: bool) -> None:
    """Without what says that a value is seen, the same weights under the same masks."""
    for family in (Bernoulli(), Categorical(3)):
        order = (3, 0, 4, 1, 2)
        ours = build(
            AnyOrderMADE,
            AnyOrderMADEOptions(hidden, "tanh", direct),
            family,
            Given((LENGTH,), order),
        )
        theirs = build(
            MADE, MADEOptions(hidden, "tanh", direct), family, Given((LENGTH,), order), seed=5
        )
        network, made = ours.network, theirs.network
        assert isinstance(network, AnyOrderMADE)
        assert isinstance(made, MADE)
        steps = list(order)
        with torch.no_grad():
            network.inputs[..., -1] = 0  # that it is seen
            first = made.layers[0]
            assert isinstance(first, any_order_made.MaskedLinear)
            first.weight.copy_(network.inputs[:, steps, :-1].flatten(1) * first.weight_mask)
            first.bias.copy_(network.hidden_bias)
            for above, own in zip(list(made.layers)[1:], network.layers, strict=True):
                above.load_state_dict(own.state_dict())
            whole = network.outputs[steps].flatten(0, 1)
            made.output.weight.copy_(whole * made.output.weight_mask)
            made.output.bias.copy_(network.output_bias[steps].flatten())
            if network.direct is not None and made.direct is not None:
                network.direct[..., -1] = 0
                between = network.direct[steps][:, :, steps, :-1].flatten(2).flatten(0, 1)
                made.direct.weight.copy_(between * made.direct.weight_mask)
        x = some_events(family, (LENGTH,), 12)
        torch.testing.assert_close(ours.log_prob(x), theirs.log_prob(x), rtol=1e-12, atol=1e-12)


@every_family
@pytest.mark.parametrize("context_size", [0, CLASSES])
def test_every_row_may_have_an_order_of_its_own(family: Conditional, context_size: int) -> None:
    model = model_of(family, context_size=context_size)
    x = torch.randint(0, 2, (ROWS, LENGTH), generator=generator(3)).double()
    orders, context = orders_of(ROWS), classes_of(ROWS, context_size)
    together = model.log_conditionals(x, context, orders)
    for row in range(ROWS):
        one = None if context is None else context[row : row + 1]
        alone = model.log_conditionals(x[row : row + 1], one, orders[row])
        torch.testing.assert_close(alone[0], together[row], rtol=1e-12, atol=1e-12)
    walker = model.begin(ROWS, context, orders)
    while not walker.done:
        step = walker.step
        value = x.gather(1, step.dims[:, None])[:, 0]
        scored = step.family.log_prob(step.params, value)
        expected = together.gather(1, step.dims[:, None])[:, 0]
        torch.testing.assert_close(scored, expected, rtol=1e-12, atol=1e-12)
        walker.advance(value)


@pytest.mark.parametrize("direct", [True, False])
def test_each_order_is_a_distribution_and_they_differ(direct: bool) -> None:
    """PITFALLS 21: a family of joints, one per order, not one distribution."""
    model, events = model_of(Bernoulli(), direct=direct), every_event((LENGTH,), 2)
    with torch.no_grad():
        joints = torch.stack(
            [
                model.log_prob(events, order=torch.tensor(order)).exp()
                for order in itertools.permutations(range(LENGTH))
            ]
        )
    assert (joints.sum(dim=1) - 1).abs().max() < 1e-12
    assert (joints - joints[0]).abs().max() > 1e-3


def test_nothing_leaks_under_any_order() -> None:
    model = model_of(Categorical(3))
    x, orders = some_events(Categorical(3), (LENGTH,), 40), orders_of(40)
    terms = model.log_conditionals(x, order=orders)
    for step in range(LENGTH):
        moved = x.clone()
        here = orders[:, step : step + 1]
        moved.scatter_(1, here, (x.gather(1, here) + 1) % 3)
        changed = (model.log_conditionals(moved, order=orders) - terms).abs() > 1e-12
        changed = changed.gather(1, orders)
        assert not bool(changed[:, :step].any())
        # And every later one reads it: directly, whatever the units do.
        assert bool(changed[:, step:].all())


def test_to_have_seen_a_zero_is_not_to_have_seen_nothing() -> None:
    model = model_of(Bernoulli())
    zeros = torch.zeros(2, LENGTH)
    orders = torch.tensor([[0, 1, 2, 3, 4], [1, 0, 2, 3, 4]])
    terms = model.log_conditionals(zeros, order=orders)
    assert abs(terms[0, 1] - terms[1, 1]) > 1e-3  # after a zero, after nothing


def test_chunks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(Categorical(3), context_size=CLASSES)
    x, orders, context = (
        some_events(Categorical(3), (LENGTH,), 11),
        orders_of(11),
        classes_of(11, 2),
    )
    whole = model.log_prob(x, context, orders)
    monkeypatch.setattr(any_order_made, "_NUMBERS_AT_ONCE", 1)
    torch.testing.assert_close(model.log_prob(x, context, orders), whole, rtol=1e-12, atol=1e-12)
    assert model.log_prob(
        x[:0], context[:0] if context is not None else None, orders[:0]
    ).shape == (0,)


def test_a_whole_sample_costs_no_more_multiplications_than_one_dense_pass() -> None:
    model = build(
        AnyOrderMADE, AnyOrderMADEOptions((40, 30), direct=False), Bernoulli(), Raster((12,))
    )
    noise = noise_for(model, 4)
    with FlopCounterMode(display=False) as walked, torch.no_grad():
        drawn = generic_draw(model, noise)
    with FlopCounterMode(display=False) as dense, torch.no_grad():
        model.log_prob(drawn)
    assert 0 < walked.get_total_flops() <= dense.get_total_flops()


def test_one_variable_is_its_bias() -> None:
    model = build(AnyOrderMADE, AnyOrderMADEOptions((4,)), Bernoulli(), Raster((1,)))
    events = every_event((1,), 2)
    with torch.no_grad():
        assert abs(model.log_prob(events).exp().sum() - 1) < 1e-12
        first = model.begin(2).step.params
        torch.testing.assert_close(first, model.params(events)[:, 0])
