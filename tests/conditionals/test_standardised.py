"""A density told in the units of the data is still a density."""

from __future__ import annotations

import math

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.standardised import Standardised
from arden.core.conditional import Conditional
from arden.core.draw import uniform_noise
from arden.errors import InputError
from tests.core.models import generator

INNER = GaussianMixture(2)
FAMILY = Standardised(INNER, shift=1000.0, scale=25.0)
PARAMS = torch.randn(4, INNER.num_params, generator=generator(), dtype=torch.float64)


def test_it_integrates_to_one_in_the_units_of_the_data() -> None:
    grid = torch.linspace(0, 2000, 200_001, dtype=torch.float64)
    for row in PARAMS:
        density = FAMILY.log_prob(row.expand(len(grid), -1), grid).exp()
        assert abs(torch.trapezoid(density, grid).item() - 1) < 1e-8


def test_it_is_the_inner_family_moved_and_stretched() -> None:
    value = torch.tensor([975.0, 1000.0, 1012.5, 1100.0], dtype=torch.float64)
    inner = (value - 1000) / 25
    expected = INNER.log_prob(PARAMS, inner) - math.log(25)
    torch.testing.assert_close(FAMILY.log_prob(PARAMS, value), expected)
    assert torch.equal(FAMILY.features(value), INNER.features(inner))
    noise = uniform_noise(generator(), (4, 2))
    torch.testing.assert_close(FAMILY.draw(PARAMS, noise), INNER.draw(PARAMS, noise) * 25 + 1000)
    counts = (FAMILY.num_params, FAMILY.num_features, FAMILY.num_noise, FAMILY.num_symbols)
    assert counts == (INNER.num_params, 1, 2, None)
    assert FAMILY.contains(torch.tensor([3.0, torch.nan])).tolist() == [True, False]


def test_small_spreads_around_large_values_keep_their_digits() -> None:
    """A year of seconds since 1970: float32 would not tell its neighbours apart."""
    family = Standardised(INNER, shift=1.7e9, scale=0.5)
    value = torch.tensor([1.7e9 + 0.25, 1.7e9 + 0.5], dtype=torch.float64)
    assert family.features(value)[:, 0].tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("family", "shift", "scale", "sentence"),
    [
        (Bernoulli(), 0.0, 1.0, "family: expected a density"),
        (INNER, 0.0, 0.0, "scale > 0"),
        (INNER, 0.0, math.inf, "finite numbers"),
        (INNER, math.nan, 1.0, "finite numbers"),
        (INNER, 0.0, math.nan, "scale > 0"),
    ],
)
def test_what_cannot_be_standardised(
    family: Conditional, shift: float, scale: float, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        Standardised(family, shift, scale)
