"""The mass of an interval and draws from within it: against the cdf, against draws that fell in."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.blend import blend
from arden.core.conditional import Conditional, Density
from arden.errors import InputError
from tests.core.models import generator

INTERVALS = [(-1.0, 0.5), (0.5, math.inf), (-math.inf, 0.0), (2.0, 2.5), (-math.inf, math.inf)]


def params_of(rows: int, family: Conditional) -> Tensor:
    """B, a family -> (B, P) float64."""
    return torch.randn(rows, family.num_params, generator=generator(1), dtype=torch.float64)


def bounds(rows: int) -> tuple[Tensor, Tensor]:
    """B -> the five intervals, again and again."""
    both = torch.tensor(INTERVALS, dtype=torch.float64).repeat(math.ceil(rows / 5), 1)[:rows]
    return both[:, 0], both[:, 1]


def test_the_mass_is_the_difference_of_the_cdf() -> None:
    family = GaussianMixture(3)
    params, (low, high) = params_of(50, family), bounds(50)
    expected = family.cdf(params, high.clamp(max=1e9)) - family.cdf(params, low.clamp(min=-1e9))
    assert torch.allclose(family.log_mass(params, low, high).exp(), expected, atol=1e-12)
    wide = Standardised(family, 5.0, 2.0)
    assert torch.allclose(
        wide.log_mass(params, 5 + 2 * low, 5 + 2 * high), family.log_mass(params, low, high)
    )


def test_the_mass_of_a_far_interval_keeps_its_digits() -> None:
    family = GaussianMixture(1, "uniform", min_scale=0.0)
    standard = torch.tensor([0.0, math.log(math.expm1(1.0))], dtype=torch.float64)
    for side in (1.0, -1.0):
        low, high = sorted((side * 20.0, side * 21.0))
        mass = family.log_mass(standard, torch.tensor(low), torch.tensor(high))
        # ln(1 − Φ(20)) = −203.917155; what lies beyond 21 is e⁻²⁰ of it.
        assert abs(mass.item() + 203.917155) < 1e-5
    assert family.log_mass(standard, torch.tensor(1.0), torch.tensor(1.0)).item() == -math.inf


@pytest.mark.parametrize("family", [GaussianMixture(3), Standardised(GaussianMixture(3), 1.0, 2.0)])
def test_draws_within_an_interval_are_the_draws_that_fall_into_it(family: Density) -> None:
    count, rows = 100_000, 5
    params, (low, high) = params_of(rows, family), bounds(rows)
    params, (low[3], high[3]) = 0.3 * params, (0.7, 1.4)
    params, low, high = params.expand(count, -1, -1), low.expand(count, -1), high.expand(count, -1)
    noise = torch.rand(count, rows, 2, generator=generator(2), dtype=torch.float64)
    within, free = family.draw_between(params, noise, low, high), family.draw(params, noise)
    assert bool(((within >= low) & (within <= high)).all())
    for row in range(rows):
        fell = free[:, row][(free[:, row] >= low[0, row]) & (free[:, row] <= high[0, row])]
        grid = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)
        cuts = fell.quantile(grid)
        share = (within[:, row, None] <= cuts).double().mean(dim=0)
        # Five deviations of the share of the fewer draws.
        assert (share - grid).abs().max() < 5 * 0.5 / math.sqrt(len(fell))


def test_an_interval_without_mass_gives_its_nearer_bound() -> None:
    family = GaussianMixture(2)
    params, noise = params_of(4, family), torch.full((4, 2), 0.3, dtype=torch.float64)
    far = torch.full((4,), 1e6, dtype=torch.float64)
    assert torch.equal(family.draw_between(params, noise, far, far + 1), far)
    assert torch.equal(family.draw_between(params, noise, -far - 1, -far), -far)
    assert bool(family.log_mass(params, far, far + 1).isfinite().all())
    assert bool((family.log_mass(params, far * 1e200, far * 1e201) == -math.inf).all())


def test_columns_answer_as_each_family_does() -> None:
    inner = [GaussianMixture(2, min_scale=least) for least in (0.1, 0.2, 0.3)]
    units = [(0.0, 1.0), (5.0, 2.0), (-3.0, 10.0)]
    alone = [Standardised(f, shift, scale) for f, (shift, scale) in zip(inner, units, strict=True)]
    together = Mixed(tuple(alone)).at(torch.arange(3))
    assert isinstance(together, Density)
    params = params_of(3, alone[0])
    low, high = torch.tensor([-1.0, 4.0, -9.0]).double(), torch.tensor([0.3, 7.0, 9.0]).double()
    noise = torch.rand(3, 2, generator=generator(3), dtype=torch.float64)
    for column, family in enumerate(alone):
        at = (params[column], low[column], high[column])
        assert torch.allclose(together.log_mass(params, low, high)[column], family.log_mass(*at))
        drawn = family.draw_between(params[column], noise[column], low[column], high[column])
        assert torch.allclose(together.draw_between(params, noise, low, high)[column], drawn)
        assert torch.allclose(together.mode(params)[column], family.mode(params[column]))


def test_a_mode_is_as_dense_as_any_component_mean() -> None:
    family = GaussianMixture(4)
    params = params_of(20, family)
    peak = family.log_prob(params, family.mode(params))
    for component in range(4):
        mean = family.parts(params)[1][:, component]
        assert bool((family.log_prob(params, mean) <= peak + 1e-12).all())
    both = blend([family, family])
    together = torch.cat([torch.zeros(20, 2).double(), params, params.roll(1, 0)], dim=1)
    for own in (params, params.roll(1, 0)):
        there = both.log_prob(together, family.mode(own))
        assert bool((there <= both.log_prob(together, both.mode(together)) + 1e-12).all())


def test_modes_of_symbols_and_of_tables() -> None:
    assert Bernoulli().mode(torch.tensor([[0.3], [-0.3]])).tolist() == [1, 0]
    assert Categorical(3).mode(torch.tensor([0.0, 2.0, 1.0])).item() == 1
    family = Mixed((Bernoulli(), GaussianMixture(1), Categorical(4)))
    params = torch.zeros(2, 3, 4)
    params[1, 0, 0], params[:, 1, 0], params[0, 2, 3] = 1.0, 0.25, 1.0
    assert family.mode(params).tolist() == [[0.0, 0.25, 3.0], [1.0, 0.25, 0.0]]


def test_a_family_that_does_not_tell_is_refused() -> None:
    class Silent(GaussianMixture):
        mode = Conditional.mode

    with pytest.raises(InputError, match="greedy: Silent does not tell its most likely value"):
        Silent(1).mode(torch.zeros(3))
