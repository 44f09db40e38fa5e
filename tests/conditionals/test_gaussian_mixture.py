"""Gaussian mixtures against torch's, numerical integrals, and the floor under their scales."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal

from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.core.blend import blend
from arden.core.draw import uniform_noise
from arden.errors import InputError
from tests.core.models import generator

FAMILIES = [
    GaussianMixture(1),
    GaussianMixture(3),
    GaussianMixture(4, "uniform"),
    GaussianMixture(2, min_scale=0.5),
]
every_family = pytest.mark.parametrize("family", FAMILIES, ids=str)


def params_for(family: GaussianMixture, batch_size: int = 5, seed: int = 0) -> Tensor:
    """family, B -> (B, P) float64."""
    shape = (batch_size, family.num_params)
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def twin(family: GaussianMixture, params: Tensor) -> MixtureSameFamily:
    """(B, P) -> torch's mixture with the documented layout: means, scales, weights."""
    count = family.components
    means, raw = params[..., :count], params[..., count : 2 * count]
    weights = params[..., 2 * count :] if family.weights == "learned" else torch.zeros_like(means)
    scales = family.min_scale + torch.log1p(raw.exp())
    return MixtureSameFamily(Categorical(logits=weights), Normal(means, scales))


@every_family
def test_it_is_its_torch_twin(family: GaussianMixture) -> None:
    params = params_for(family)
    value = torch.linspace(-4, 4, 5, dtype=torch.float64)
    expected = twin(family, params)
    torch.testing.assert_close(family.log_prob(params, value), expected.log_prob(value))
    torch.testing.assert_close(family.cdf(params, value), expected.cdf(value))


@every_family
def test_densities_integrate_to_one(family: GaussianMixture) -> None:
    grid = torch.linspace(-40, 40, 400_001, dtype=torch.float64)
    for row in params_for(family, 2):
        density = family.log_prob(row.expand(len(grid), -1), grid).exp()
        assert abs(torch.trapezoid(density, grid).item() - 1) < 1e-9


@every_family
def test_draws_follow_the_distribution_function(family: GaussianMixture) -> None:
    """P(X ≤ x) of n draws is uniform: its greatest distance from it stays below 2.7/√n."""
    count = 20_000
    params = params_for(family, 1).expand(count, -1)
    noise = uniform_noise(generator(), (count, family.num_noise))
    drawn = family.draw(params, noise)
    assert torch.equal(drawn, family.draw(params, noise))
    ranks = family.cdf(params, drawn).sort().values
    even = (torch.arange(count) + 0.5) / count
    # Kolmogorov: exceeded with probability 2·exp(−2·2.7²) ≈ 1e-6.
    assert (ranks - even).abs().max().item() < 2.7 / math.sqrt(count)


def test_a_draw_is_the_exact_quantile_of_the_component_its_first_uniform_chooses() -> None:
    family = GaussianMixture(2)
    weights = torch.tensor([0.25, 0.75], dtype=torch.float64)
    raw = torch.expm1(torch.tensor([1.0, 2.0], dtype=torch.float64) - family.min_scale).log()
    row = torch.cat([torch.tensor([-3.0, 5.0], dtype=torch.float64), raw, weights.log()])
    middle, one_up = 0.5, 0.8413447460685429  # Φ(0), Φ(1)
    for choice, quantile, expected in (
        (0.25 - 1e-13, middle, -3.0),
        (0.25 + 1e-13, middle, 5.0),
        (0.1, one_up, -2.0),
        (0.9, one_up, 7.0),
    ):
        noise = torch.tensor([choice, quantile], dtype=torch.float64)
        assert family.draw(row, noise).item() == pytest.approx(expected, abs=1e-12)


@every_family
def test_the_ends_of_the_noise_are_finite(family: GaussianMixture) -> None:
    params = params_for(family)
    for u in (2.0**-53, 1 - 2.0**-53):
        drawn = family.draw(params, torch.full((5, 2), u, dtype=torch.float64))
        assert bool(drawn.isfinite().all())
        assert bool(family.log_prob(params, drawn).isfinite().all())


@given(st.floats(-1e6, 1e6), st.floats(-1e4, 1e4))
def test_the_floor_bounds_the_density(mean: float, raw: float) -> None:
    family = GaussianMixture(1, "uniform", min_scale=0.01)
    params = torch.tensor([mean, raw], dtype=torch.float64, requires_grad=True)
    density = family.log_prob(params, torch.tensor(mean, dtype=torch.float64))
    assert density.item() <= -math.log(0.01 * math.sqrt(2 * math.pi)) + 1e-12
    (gradient,) = torch.autograd.grad(density, params)
    assert bool(gradient.isfinite().all())


def test_a_value_far_away_has_a_finite_logarithm_and_gradient() -> None:
    family = GaussianMixture(3)
    params = params_for(family, 1)[0].requires_grad_()
    far = family.log_prob(params, torch.tensor(1e6, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(far, params)
    assert bool(far.isfinite())
    assert bool(gradient.isfinite().all())


def test_any_finite_number_is_in_the_support() -> None:
    values = torch.tensor([0.0, -1e300, torch.nan, torch.inf, -torch.inf], dtype=torch.float64)
    assert GaussianMixture(1).contains(values).tolist() == [True, True, False, False, False]
    assert GaussianMixture(1).contains(torch.tensor([3, -7])).all()


def test_a_blend_is_the_weighted_mean_of_densities() -> None:
    one, two = GaussianMixture(1), GaussianMixture(2, "uniform")
    family = blend([one, two])
    params = torch.cat([torch.zeros(4, 2), params_for(one, 4), params_for(two, 4)], dim=1)
    params[:, 0] = math.log(3)  # weights 3 : 1
    value = torch.linspace(-1, 1, 4, dtype=torch.float64)
    expected = 0.75 * one.log_prob(params[:, 2:5], value).exp()
    expected = expected + 0.25 * two.log_prob(params[:, 5:], value).exp()
    torch.testing.assert_close(family.log_prob(params, value).exp(), expected)
    noise = uniform_noise(generator(), (4, family.num_noise))
    noise[:, 0] = torch.tensor([0.1, 0.7, 0.76, 0.9])
    drawn = family.draw(params, noise)
    first, second = one.draw(params[:, 2:5], noise[:, 1:]), two.draw(params[:, 5:], noise[:, 1:])
    assert torch.equal(drawn, torch.cat([first[:2], second[2:]]))


def test_options_that_make_no_family() -> None:
    for options, sentence in (
        ({"components": 0}, "components: expected at least 1, got 0"),
        ({"min_scale": -0.1}, "min_scale: expected a number ≥ 0, got -0.1"),
        ({"weights": "equal"}, "weights: expected learned or uniform, got 'equal'"),
    ):
        with pytest.raises(InputError, match=sentence):
            GaussianMixture(**options)
