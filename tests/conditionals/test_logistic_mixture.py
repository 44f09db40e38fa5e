"""Discretised logistics: mass one at any scale, the cells of the paper, finite gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.conditional import Discrete


def one_logistic(mean: float, log_scale: float, dtype: torch.dtype = torch.float64) -> Tensor:
    """One component's mean and log scale -> (3,) params."""
    return torch.tensor([0.0, mean, log_scale], dtype=dtype)


@pytest.mark.parametrize("symbols", [2, 3, 256, 1000])
@pytest.mark.parametrize("mean", [-30.0, -1.0, 0.0, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("log_scale", [-1e4, -50.0, -7.0, -3.0, 0.0, 5.0, 50.0, 1e4])
def test_the_cells_share_out_all_mass(symbols: int, mean: float, log_scale: float) -> None:
    family = LogisticMixture(symbols, 1)
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-4)):
        log_pmf = family.log_pmf(one_logistic(mean, log_scale, dtype))
        assert bool(log_pmf.isfinite().any())
        assert not bool(log_pmf.isnan().any())
        assert abs(log_pmf.double().exp().sum().item() - 1) < tolerance


@given(st.floats(-2, 2), st.floats(-6, 2), st.integers(2, 40))
def test_a_cell_reaches_half_way_to_its_neighbours(
    mean: float, log_scale: float, symbols: int
) -> None:
    """The definition itself: differences of the logistic's distribution function at cell edges."""
    levels = torch.arange(symbols - 1, dtype=torch.float64)
    edges = (2 * levels + 1) / (symbols - 1) - 1
    below = torch.sigmoid((edges - mean) / torch.tensor(log_scale, dtype=torch.float64).exp())
    cdf = torch.cat([torch.zeros(1), below, torch.ones(1)]).double()
    mass = LogisticMixture(symbols, 1).log_pmf(one_logistic(mean, log_scale)).exp()
    torch.testing.assert_close(mass, cdf.diff(), rtol=1e-9, atol=1e-12)


def test_a_mixture_is_the_weighted_mean_of_its_components() -> None:
    logits = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    means = torch.tensor([-0.5, 0.2, 0.9], dtype=torch.float64)
    log_scales = torch.tensor([-1.0, -4.0, 0.5], dtype=torch.float64)
    mixed = LogisticMixture(9, 3).log_pmf(torch.cat([logits, means, log_scales])).exp()
    parts = [
        LogisticMixture(9, 1).log_pmf(one_logistic(mean, scale)).exp()
        for mean, scale in zip(means.tolist(), log_scales.tolist(), strict=True)
    ]
    expected = (logits.softmax(0)[:, None] * torch.stack(parts)).sum(0)
    torch.testing.assert_close(mixed, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("log_scale", [-1e4, -50.0, -6.9, 0.0, 50.0, 90.0, 1e4])
@pytest.mark.parametrize("mean", [-1e4, -0.3, 1e4])
def test_gradients_are_finite(mean: float, log_scale: float, dtype: torch.dtype) -> None:
    params = one_logistic(mean, log_scale, dtype).requires_grad_()
    for symbols in (2, 3, 256):
        log_pmf = LogisticMixture(symbols, 1).log_pmf(params)
        (gradient,) = torch.autograd.grad(log_pmf[log_pmf.isfinite()].sum(), params)
        assert bool(gradient.isfinite().all())


def test_far_tails_keep_their_logarithm() -> None:
    """Cells 60 scales away from the mean: e⁻⁶⁰ is no zero, in single precision either."""
    family = LogisticMixture(256, 1)
    log_pmf = family.log_pmf(one_logistic(1.0, -3.4, torch.float32))
    assert bool(log_pmf.isfinite().all())
    assert log_pmf[0].item() == pytest.approx(-59.8, abs=0.5)


@pytest.mark.parametrize("symbols", [2, 17, 256])
@pytest.mark.parametrize("size", [0.3, 3.0, 50.0])
def test_entropy_is_that_of_its_masses(symbols: int, size: float) -> None:
    family = LogisticMixture(symbols, 4)
    noise = torch.randn(50, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    mass = family.log_pmf(size * noise).exp()
    expected = torch.special.entr(mass).sum(dim=-1)
    found = family.entropy((size * noise).float())
    assert found.dtype == torch.float64
    assert bool((found >= 0).all())
    assert bool(((family.entropy(size * noise) - expected).abs() < 1e-12).all())


@pytest.mark.parametrize("symbols", [2, 3, 17, 255, 256, 257])
@pytest.mark.parametrize("size", [0.3, 3.0, 50.0])
def test_draws_are_those_of_the_masses_summed_up(symbols: int, size: float) -> None:
    family, generator = LogisticMixture(symbols, 3), torch.Generator().manual_seed(2)
    params = size * torch.randn(2000, 9, generator=generator)
    noise = torch.rand(2000, 1, dtype=torch.float64, generator=generator)
    drawn = family.draw(params, noise)
    assert torch.equal(drawn, Discrete.draw(family, params.double(), noise))


def test_the_ends_of_the_noise_draw_levels_that_have_mass() -> None:
    family = LogisticMixture(256, 2)
    params = torch.tensor([0.0, 1.0, -0.2, 0.1, -9.0, -6.0], dtype=torch.float64)
    for uniform in (0.0, 1 - 2.0**-53):
        drawn = family.draw(params, torch.tensor([uniform], dtype=torch.float64))
        assert 0 <= int(drawn) < 256
        assert bool(family.log_prob(params, drawn).isfinite())
