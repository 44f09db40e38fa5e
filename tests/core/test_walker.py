"""A walk goes through events in order, forks into independent walks, and shows each step truly."""

from __future__ import annotations

import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Discrete
from arden.core.walker import Step
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from tests.core.models import build, generator, some_events

ANY = AnyOrderTransformerOptions(8, heads=2, layers=1)


def test_steps_come_in_order_and_events_are_filled_at_their_own_places() -> None:
    model = build(FVSBN, FVSBNOptions(), Categorical(4), Given((2, 2), (3, 0, 2, 1)))
    walker, seen = model.begin(2), []
    while not walker.done:
        step = walker.step
        assert isinstance(step, Step)
        assert bool(step.active.all())
        seen.append((step.index, step.dims.tolist()))
        walker.advance(torch.tensor([step.index, 3]))
    assert seen == [(0, [3, 3]), (1, [0, 0]), (2, [2, 2]), (3, [1, 1])]
    assert walker.event().tolist() == [[[1, 3], [2, 0]], [[3, 3], [3, 3]]]


def test_rows_walk_in_orders_of_their_own() -> None:
    family = Mixed((Bernoulli(), Categorical(3), GaussianMixture(2)))
    model = build(AnyOrderTransformer, ANY, family, Raster((3,)))
    orders = torch.tensor([[0, 1, 2], [2, 0, 1], [1, 2, 0]])
    x = torch.tensor([[1.0, 2.0, 0.5], [0.0, 1.0, -0.7], [1.0, 0.0, 2.5]], dtype=torch.float64)
    terms = model.log_conditionals(x, order=orders)
    walker = model.begin(3, order=orders)
    while not walker.done:
        step = walker.step
        assert torch.equal(step.dims, orders[:, step.index])
        values = x.gather(1, step.dims[:, None])[:, 0]
        scored = step.family.log_prob(step.params, values)
        expected = terms.gather(1, step.dims[:, None])[:, 0]
        torch.testing.assert_close(scored, expected, rtol=1e-10, atol=1e-12)
        walker.advance(values)
    assert torch.equal(walker.event(), x)


def test_forks_keep_orders_contexts_and_pasts_apart() -> None:
    model = build(AnyOrderTransformer, ANY, Categorical(3), Raster((4,)), context_size=2)
    orders = torch.tensor([[0, 1, 2, 3], [3, 1, 0, 2]])
    context = torch.eye(2, dtype=torch.float64)
    walker = model.begin(2, context, order=orders)
    walker.advance(torch.tensor([2, 1]))
    fork = walker.select(torch.tensor([1, 1, 0]))
    fork.advance(torch.tensor([0, 2, 1]))
    walker.advance(torch.tensor([1, 1]))
    assert fork.step.dims.tolist() == [0, 0, 2]
    event = torch.tensor([[0, 0, 0, 1], [0, 2, 0, 1], [2, 1, 0, 0]])
    assert torch.equal(fork.event(), event)
    for row, parent in enumerate((1, 1, 0)):
        prefix = event[row : row + 1, orders[parent, :2]]
        fresh = model.begin(
            1, context[parent][None], order=orders[parent][None], prefix=prefix
        ).step
        torch.testing.assert_close(fork.step.params[row], fresh.params[0], rtol=1e-10, atol=1e-12)
    assert walker.event().tolist() == [[2, 1, 0, 0], [0, 1, 0, 1]]


def test_forks_of_forks_and_none_at_all() -> None:
    model = build(NADE, NADEOptions(4), Bernoulli(), Raster((3,)))
    walker = model.begin(2)
    walker.advance(torch.tensor([0, 1]))
    again = walker.select(torch.tensor([1, 0])).select(torch.tensor([1, 1, 1]))
    assert again.event().tolist() == [[0, 0, 0]] * 3
    nobody = walker.select(torch.tensor([], dtype=torch.int64))
    assert nobody.event().shape == (0, 3)


def test_a_step_is_a_normalised_distribution() -> None:
    model = build(AnyOrderTransformer, ANY, Categorical(5), Raster((3,)))
    walker = model.begin(4)
    for _ in range(3):
        step = walker.step
        assert isinstance(step.family, Discrete)
        total = step.family.log_pmf(step.params).exp().sum(-1)
        torch.testing.assert_close(total, torch.ones(4, dtype=torch.float64))
        walker.advance(some_events(step.family, (), 4))


def test_reals_are_walked_in_double_precision() -> None:
    model = build(NADE, NADEOptions(3), GaussianMixture(1), Raster((2,))).float()
    value = torch.tensor([1.0 + 2.0**-40], dtype=torch.float64)
    walker = model.begin(1)
    walker.advance(value)
    assert walker.event().dtype == torch.float64
    assert walker.event()[0, 0] == value[0]
    assert walker.step.params.dtype == torch.float32


def test_walking_needs_no_gradients() -> None:
    model = build(NADE, NADEOptions(3), Bernoulli(), Raster((3,)))
    walker = model.begin(2)
    walker.advance(torch.rand(2, generator=generator()).round())
    assert not walker.step.params.requires_grad
