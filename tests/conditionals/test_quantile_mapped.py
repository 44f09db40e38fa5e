"""Bent columns: still a density per unit of the data, with draws, masses and knots that fit."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.quantile_mapped import QuantileMapped, quantile_knots
from arden.core.draw import uniform_noise
from arden.errors import InputError
from tests.core.models import generator

BENT = QuantileMapped(GaussianMixture(2), (0.0, 1.0, 9.0, 10.0), (-1.0, 0.0, 1.0, 3.0))


def params_of(rows: int) -> torch.Tensor:
    return torch.randn(rows, BENT.num_params, generator=generator(), dtype=torch.float64)


def test_it_integrates_to_one_piece_by_piece() -> None:
    """∫ of a piece by 64 Gauss nodes; the density jumps at knots and is smooth between them."""
    nodes, weights = torch.linspace(0, 1, 4001, dtype=torch.float64), torch.full((4001,), 1 / 4000)
    weights = weights.double()
    weights[[0, -1]] /= 2
    edges = [-60.0, -5.0, 0.0, 1.0, 9.0, 10.0, 20.0, 60.0]
    params, total = params_of(3), torch.zeros(3, dtype=torch.float64)
    for low, high in pairwise(edges):
        inside = low + (high - low) * (1e-12 + (1 - 2e-12) * nodes)
        density = BENT.log_prob(params[:, None].expand(3, 4001, -1), inside.expand(3, -1)).exp()
        total += (high - low) * density @ weights
        assert torch.allclose(
            BENT.log_mass(params, torch.tensor(low), torch.tensor(high)).exp(),
            (high - low) * density @ weights,
            atol=1e-5,
        )
    torch.testing.assert_close(total, torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-5)


def test_draws_are_the_bent_draws_back_again() -> None:
    params, noise = params_of(1).expand(500, -1), uniform_noise(generator(1), (500, 2))
    drawn = BENT.draw(params, noise)
    torch.testing.assert_close(
        BENT.features(drawn)[:, 0], BENT.family.draw(params, noise), rtol=0, atol=1e-12
    )
    inside = BENT.draw_between(params, noise, torch.tensor(0.5), torch.tensor(2.0))
    assert 0.5 <= inside.min() <= inside.max() <= 2.0
    mode = BENT.features(BENT.mode(params[:1]))[:, 0]
    torch.testing.assert_close(mode, BENT.family.mode(params[:1]))


def test_knots_make_skewed_values_gaussian_and_keep_their_distance() -> None:
    values = torch.randn(5000, generator=generator(), dtype=torch.float64).exp()
    knots, images = quantile_knots(values, 0.01)
    bent = QuantileMapped(GaussianMixture(1), knots, images).features(values)[:, 0]
    assert abs(bent.mean().item()) < 0.05
    assert bent.std().item() == pytest.approx(1.0, abs=0.05)
    heaped = torch.cat([torch.zeros(900), torch.linspace(0, 1, 100)])
    knots, images = quantile_knots(heaped, 0.01)
    assert min(b - a for a, b in pairwise(knots)) >= 0.01
    assert all(a < b for a, b in pairwise(images))
    for constant in (torch.full((5,), 3.0), torch.tensor([])):
        assert len(quantile_knots(constant, 0.1)[0]) == 2


@pytest.mark.parametrize(
    ("knots", "images", "told"),
    [
        ((0.0,), (0.0,), "knots: expected two"),
        ((0.0, 0.0), (0.0, 1.0), "knots"),
        ((0.0, 1.0), (1.0, 0.0), "images"),
        ((0.0, 1.0, 2.0), (0.0, 1.0), "images: expected 3"),
        ((0.0, float("inf")), (0.0, 1.0), "knots"),
    ],
)
def test_what_it_refuses(knots: tuple[float, ...], images: tuple[float, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        QuantileMapped(GaussianMixture(1), knots, images)
