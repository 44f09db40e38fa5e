"""Contract probe: a table of mixed columns with missing cells, each row scored by what it has."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_wine
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.draw import draw, uniform_noise
from arden.core.model import AutoregressiveModel, spec_for
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from tests.core.models import generator, shake
from tests.probes.training import random_orders, train

REAL = GaussianMixture(3, min_scale=0.05)
FAMILY = Mixed((Bernoulli(), Categorical(3), REAL, REAL, Bernoulli()))
COLUMNS = len(FAMILY.families)


def wine() -> Tensor:
    """Real wines -> (178, 5): much proline?, cultivar, alcohol, flavanoids, much ash?"""
    bunch = load_wine()
    data = torch.tensor(bunch.data)
    column = dict(zip(bunch.feature_names, data.T, strict=True))
    reals = torch.stack([column["alcohol"], column["flavanoids"]], dim=1)
    reals = (reals - reals.mean(0)) / reals.std(0)
    bits = [column[name] > column[name].median() for name in ("proline", "ash")]
    parts = [bits[0].double(), torch.tensor(bunch.target).double(), *reals.T, bits[1].double()]
    rows = torch.stack(parts, dim=1)
    return rows[torch.randperm(len(rows), generator=generator())]


def transformer() -> AutoregressiveModel:
    """A small any-order Transformer over the five columns."""
    ordering = Raster((COLUMNS,))
    torch.manual_seed(0)
    options = AnyOrderTransformerOptions(width=16, heads=2, layers=1)
    return AutoregressiveModel(
        ordering, AnyOrderTransformer(spec_for(ordering, FAMILY), options), FAMILY
    )


@pytest.fixture
def shaken() -> AutoregressiveModel:
    """The same in float64, every weight far from its start."""
    model = transformer().double().eval()
    shake(model)
    return model


def with_gaps(x: Tensor, seed: int = 1) -> tuple[Tensor, Tensor]:
    """(N, 5) -> the table with NaN in three cells of ten, and what is known."""
    known = torch.rand(x.shape, generator=generator(seed)) > 0.3
    return torch.where(known, x, torch.nan), known


def test_a_rows_score_is_the_exact_marginal_of_what_it_has(shaken: AutoregressiveModel) -> None:
    """Σ over a missing symbol and ∫ over a missing real give back the score of the rest."""
    x = wine()[:3]
    symbols, reals = (0, 1, 4), (2, 3)
    grid = torch.linspace(-60, 60, 12_001, dtype=torch.float64)
    for column in range(COLUMNS):
        known = torch.ones(3, COLUMNS, dtype=torch.bool)
        known[:, column] = False
        orders = observed_first(known, random_orders(3, COLUMNS, generator(column)))
        expected = shaken.log_prob(x, order=orders, observed=known)
        for row in range(3):
            count = FAMILY.families[column].num_symbols
            values = grid if column in reals else torch.arange(count or 0).double()
            filled = x[row].repeat(len(values), 1)
            filled[:, column] = values
            density = shaken.log_prob(filled, order=orders[row]).exp().detach()
            total = density.sum() if column in symbols else torch.trapezoid(density, grid)
            assert total.log().item() == pytest.approx(expected[row].item(), abs=1e-8)


def test_two_missing_symbols_are_summed_out_exactly(shaken: AutoregressiveModel) -> None:
    x = wine()[:4]
    known = torch.tensor([True, False, True, True, False]).expand(4, -1)
    orders = observed_first(known)
    filled = x[:, None].repeat(1, 6, 1)
    filled[:, :, 1] = torch.tensor([0.0, 0, 1, 1, 2, 2])
    filled[:, :, 4] = torch.tensor([0.0, 1, 0, 1, 0, 1])
    joint = shaken.log_prob(filled.flatten(0, 1), order=orders[0]).reshape(4, 6)
    expected = shaken.log_prob(x, order=orders, observed=known)
    torch.testing.assert_close(joint.logsumexp(1), expected, rtol=1e-10, atol=1e-10)


def test_gaps_are_harmless_and_completed(shaken: AutoregressiveModel) -> None:
    gappy, known = with_gaps(wine()[:40])
    assert not known.all(dim=1).all()
    orders = observed_first(known)
    terms = shaken.log_conditionals(gappy, order=orders, observed=known)
    assert bool(terms.isfinite().all())
    assert bool((terms[~known] == 0).all())
    assert bool((terms[known] != 0).all())
    terms.sum().backward()
    for name, parameter in shaken.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
    noise = uniform_noise(generator(), (40, COLUMNS, FAMILY.num_noise))
    drawn = draw(shaken, noise, known, gappy, order=orders)
    assert drawn.dtype == torch.float64
    assert torch.equal(drawn[known], gappy[known])
    assert bool(FAMILY.contains(drawn).all())


def test_training_on_rows_with_gaps_teaches_the_whole_table() -> None:
    x = wine()
    gappy, known = with_gaps(x[:140])
    model = transformer()
    held_out, held_known = with_gaps(x[140:], seed=2)
    orders = observed_first(held_known, random_orders(38, COLUMNS, generator(3)))

    def held_out_nats() -> float:
        with torch.no_grad():
            return model.log_prob(held_out, order=orders, observed=held_known).mean().item()

    def nats(rows: Tensor, source: torch.Generator) -> Tensor:
        order = observed_first(known[rows], random_orders(len(rows), COLUMNS, source))
        return -model.log_prob(gappy[rows], order=order, observed=known[rows])

    before = held_out_nats()
    train(model, nats, rows=140, steps=200, learning_rate=0.01)
    after = held_out_nats()
    assert after > before + 0.5, f"{before:.2f} -> {after:.2f} nats a row"
    # Complete rows never seen whole: the cultivar given everything else, far better than chance.
    everything = torch.tensor([[True, False, True, True, True]]).expand(38, -1)
    terms = model.log_conditionals(x[140:], order=observed_first(everything))
    assert terms[:, 1].exp().mean().item() > 0.6
