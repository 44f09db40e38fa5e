"""Contract probe: an any-order Transformer completes digits that each miss other cells."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.draw import draw, uniform_noise
from arden.core.model import AutoregressiveModel, spec_for
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from tests.core.models import chi_square, every_event, generator
from tests.probes.training import random_orders, train

SHAPE = (4, 4)
SIZE = math.prod(SHAPE)


@pytest.fixture(scope="module")
def digits() -> Tensor:
    """The middle of real digits: (1797, 4, 4) bits."""
    images = torch.tensor(load_digits().images)
    return (images[:, 2:6, 2:6] > 7).long()


@pytest.fixture(scope="module")
def model(digits: Tensor) -> AutoregressiveModel:
    """A small any-order Transformer, trained on the first 1500 over random orders."""
    ordering, family = Raster(SHAPE), Bernoulli()
    torch.manual_seed(0)
    network = AnyOrderTransformer(
        spec_for(ordering, family), AnyOrderTransformerOptions(width=32, heads=2, layers=1)
    )
    trained = AutoregressiveModel(ordering, network, family)

    def nats(rows: Tensor, source: torch.Generator) -> Tensor:
        return -trained.log_prob(digits[rows], order=random_orders(len(rows), SIZE, source))

    train(trained, nats, rows=1500, steps=200, batch_size=128, learning_rate=0.02)
    return trained.double()


def completions(row: Tensor, known: Tensor) -> Tensor:
    """(*event), (*event) bool -> (2^unknown, *event): the row with every filling of its gaps."""
    fillings = every_event((int((~known).sum()),), 2)
    filled = row.flatten().repeat(len(fillings), 1)
    filled[:, ~known.flatten()] = fillings
    return filled.reshape(-1, *SHAPE)


def missing_cells(rows: int, count: int, seed: int = 0) -> Tensor:
    """N, cells to hide -> (N, *event) bool: what is known, other cells hidden in every row."""
    hidden = torch.rand(rows, SIZE, generator=generator(seed)).argsort(dim=1) < count
    return ~hidden.reshape(rows, *SHAPE)


def test_completion_is_exact_for_the_joint_of_each_rows_own_order(
    model: AutoregressiveModel, digits: Tensor
) -> None:
    x, known = digits[1500:1506], missing_cells(6, 8)
    assert len(known.flatten(1).unique(dim=0)) == 6
    orders = observed_first(known)
    of_observed = model.log_prob(x, order=orders, observed=known)
    walked = model.begin(6, order=orders, prefix=x.flatten(1).gather(1, orders[:, :8]))
    steps = []
    while not walked.done:
        values = x.flatten(1).gather(1, walked.step.dims[:, None])[:, 0]
        steps.append(walked.step.family.log_prob(walked.step.params, values))
        walked.advance(values)
    given_observed = torch.stack(steps, dim=1).sum(dim=1)
    for row in range(6):
        filled = completions(x[row], known[row])
        assert len(filled) == 2**8
        joint = model.log_prob(filled, order=orders[row]).exp()
        # The observed part is the exact marginal of this joint, and the walk its conditional.
        assert abs(joint.sum().log().item() - of_observed[row].item()) < 1e-8
        here = (filled == x[row]).flatten(1).all(dim=1)
        conditional = (joint[here] / joint.sum()).log().item()
        assert abs(conditional - given_observed[row].item()) < 1e-8


def test_draws_keep_what_is_known_and_follow_the_conditional(
    model: AutoregressiveModel, digits: Tensor
) -> None:
    count = 4000
    x, known = digits[1510:1512], missing_cells(2, 5, seed=1)
    rows = torch.arange(2).repeat_interleave(count)
    noise = uniform_noise(generator(2), (2 * count, *SHAPE, 1))
    junk = torch.where(known, x, -1)[rows]  # hidden cells are never looked at
    drawn = draw(model, noise, known[rows], junk, order=observed_first(known)[rows])
    assert torch.equal(drawn[known[rows]], x[rows][known[rows]])
    for row in range(2):
        filled = completions(x[row], known[row])
        mass = model.log_prob(filled, order=observed_first(known[row : row + 1])[0]).exp()
        here = drawn[rows == row].flatten(1)[:, None] == filled.flatten(1)[None]
        counts = here.all(dim=2).sum(dim=0)
        assert counts.sum().item() == count
        # Chi-square with up to 31 degrees exceeds 6.5 deviations once in about 1e6 times.
        assert chi_square(counts, (mass / mass.sum()).detach()) < 6.5


def test_it_learnt_to_complete_real_digits(model: AutoregressiveModel, digits: Tensor) -> None:
    """Held-out cells given their neighbours, against each cell's own frequency."""
    x, known = digits[1500:], missing_cells(297, 8, seed=3)
    orders = observed_first(known)
    with torch.no_grad():
        whole = model.log_prob(x, order=orders)
        observed = model.log_prob(x, order=orders, observed=known)
    rate = digits[:1500].double().mean(dim=0)
    alone = torch.where(x == 1, rate, 1 - rate).log()[~known].reshape(297, -1).sum(dim=1)
    gain = (whole - observed - alone).mean().item()
    assert gain > 0.5, f"{gain:.2f} nats over 8 cells"
