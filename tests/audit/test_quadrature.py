"""The integrals that densities are held against."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from arden.audit.quadrature import integrate, line_pieces
from tests.core.models import generator


def total(density: torch.distributions.Distribution, draws: Tensor) -> float:
    """A distribution, draws from it -> the integral of its density over the line."""

    def values(which: Tensor, points: Tensor) -> Tensor:
        inside = density.support.check(points) if density.support is not None else True
        safe = torch.where(inside, points, draws.flatten()[0])
        return torch.where(inside, density.log_prob(safe).exp(), 0.0)

    return float(integrate(values, line_pieces(draws), 1e-10)[0])


@pytest.mark.parametrize(
    "density",
    [
        torch.distributions.Normal(torch.tensor(3.0).double(), 1.0),
        torch.distributions.Normal(torch.tensor(1e4).double(), 1e-3),
        torch.distributions.Laplace(torch.tensor(0.0).double(), 2.0),
        torch.distributions.StudentT(torch.tensor(3.0).double()),
        torch.distributions.Exponential(torch.tensor(2.0).double()),
        torch.distributions.Uniform(torch.tensor(-1.0).double(), 1.0, validate_args=False),
    ],
    ids=lambda density: type(density).__name__,
)
def test_densities_integrate_to_one(density: torch.distributions.Distribution) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        draws = density.sample((1, 200))
    assert total(density, draws) == pytest.approx(1, abs=1e-7)


def test_a_spike_beside_a_wide_part_is_not_missed() -> None:
    wide, narrow = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(0.3, 1e-4)
    noise = torch.randn(1, 200, generator=generator(), dtype=torch.float64)
    draws = torch.where(torch.arange(200) % 10 == 0, 0.3 + 1e-4 * noise, noise)

    def values(which: Tensor, points: Tensor) -> Tensor:
        return 0.9 * wide.log_prob(points).exp() + 0.1 * narrow.log_prob(points).exp()

    assert float(integrate(values, line_pieces(draws), 1e-10)[0]) == pytest.approx(1, abs=1e-7)


def test_each_of_several_integrals_is_its_own() -> None:
    edges = torch.tensor([[0.0, 1.0, 2.0], [0.0, math.pi / 2, math.pi]], dtype=torch.float64)

    def values(which: Tensor, points: Tensor) -> Tensor:
        return torch.where(which[:, None] == 0, points**2, points.sin())

    found = integrate(values, edges, 1e-12)
    torch.testing.assert_close(found, torch.tensor([8 / 3, 2.0], dtype=torch.float64))
