"""Whole numbers of a long range: masses sum to one, draws go by them, spikes earn no more."""

from __future__ import annotations

import math

import pytest
import torch

from arden.conditionals.integer_mixture import IntegerMixture
from arden.core.draw import uniform_noise
from arden.errors import InputError
from tests.core.models import generator

FAMILIES = [
    IntegerMixture(0.3, 0.7, 2, 1),
    IntegerMixture(40.0, 9.0, 164, 3, (0, 40, 163)),
    IntegerMixture(900.0, 2000.0, 5000, 10, (0,), (0.9,)),
    IntegerMixture(-7.0, 0.01, 33, 2),  # far from its range, and narrow
]
every_family = pytest.mark.parametrize("family", FAMILIES, ids=str)


def params_of(family: IntegerMixture, rows: int = 4, scale: float = 3.0) -> torch.Tensor:
    return scale * torch.randn(rows, family.num_params, generator=generator(), dtype=torch.float64)


@every_family
@pytest.mark.parametrize("scale", [0.0, 3.0, 40.0])
def test_masses_of_all_levels_sum_to_one(family: IntegerMixture, scale: float) -> None:
    params = params_of(family, scale=scale)
    log_pmf = family.log_pmf(params)
    assert log_pmf.shape == (4, family.num_symbols)
    assert (log_pmf.exp().sum(-1) - 1).abs().max() < 1e-12
    levels = torch.arange(family.num_symbols).expand(4, -1)
    below = family.cdf(params[:, None], levels)
    torch.testing.assert_close(below, log_pmf.exp().cumsum(-1), rtol=0, atol=1e-12)
    assert family.cdf(params, torch.full((4,), -1)).eq(0).all()


@every_family
def test_a_draw_is_the_first_level_whose_cumulative_mass_exceeds_the_noise(
    family: IntegerMixture,
) -> None:
    params = params_of(family).repeat(50, 1)
    noise = uniform_noise(generator(1), (200, 1))
    noise[:2] = torch.tensor([[2.0**-53], [1 - 2.0**-53]])
    drawn = family.draw(params, noise)
    expected = (family.log_pmf(params).exp().cumsum(-1) <= noise).sum(-1)
    assert bool(family.contains(drawn).all())
    assert drawn.tolist() == expected.clamp(max=family.num_symbols - 1).tolist()


def test_single_precision_loses_no_cell() -> None:
    """A cell is 2⁻²⁰ of the unit here: positions in float32 would not tell it from the next."""
    family = IntegerMixture(0.0, 2.0**20, 2**21, 1)
    params = torch.tensor([0.0, 0.3, -30.0])
    middle = round(0.3 * 2**20)
    levels = torch.tensor([middle - 1, middle, middle + 1])
    assert family.log_prob(params, levels).exp().sum() > 0.9999
    assert family.mode(params).item() == middle


def test_heaped_rows_never_earn_more_than_nothing() -> None:
    """Ninety zeros in a hundred: a density would grow without bound, a mass ends at ln 1."""
    values = torch.tensor([0] * 90 + list(range(100, 1000, 90)))
    family = IntegerMixture(500.0, 300.0, 2000, 3, (0,))
    params = torch.zeros(family.num_params, requires_grad=True)
    optimiser = torch.optim.Adam([params], lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        loss = -family.log_prob(params.expand(100, -1), values).mean()
        loss.backward()
        optimiser.step()
    on_zero = family.log_prob(params, torch.tensor(0)).item()
    assert math.log(0.85) < on_zero < 0
    assert 0.9 * -math.log(0.9) + 0.1 * math.log(10) < loss.item() < 2.0


def test_weights_begin_at_the_shares_of_the_rows() -> None:
    family = IntegerMixture(500.0, 1.0, 1000, 4, (0, 7), (0.9, 0.02))
    mass = family.log_pmf(torch.zeros(family.num_params, dtype=torch.float64)).exp()
    assert mass[0].item() == pytest.approx(0.9)
    assert mass[7].item() == pytest.approx(0.02)


def test_a_network_is_shown_size_and_spike() -> None:
    family = IntegerMixture(10.0, 2.0, 50, 2, (0, 40))
    shown = family.features(torch.tensor([0, 12, 40], dtype=torch.uint8))
    assert shown[:, 1:].tolist() == [[1, 0], [0, 0], [0, 1]]
    assert shown[1, 0].item() == pytest.approx(math.asinh(1.0))


def test_modes_of_short_and_long_ranges() -> None:
    for count in (164, 100_000):
        family = IntegerMixture(40.0, 9.0, count, 2, (7,))
        params = torch.zeros(3, family.num_params, dtype=torch.float64)
        params[0, 0] = 9.0  # the spike
        params[1:, 0] = -9.0
        params[1, 1] = params[2, 2] = 9.0  # one logistic alone
        found = family.mode(params)
        assert found[0] == 7
        assert found.tolist() == family.log_pmf(params).argmax(-1).tolist()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((0.0, 1.0, 1), "num_symbols: expected at least 2"),
        ((0.0, 1.0, 9, 0), "components: expected at least 1"),
        ((0.0, 0.0, 9), "unit > 0"),
        ((math.nan, 1.0, 9), "finite numbers"),
        ((0.0, 1.0, 9, 1, (9,)), "spikes: expected different numbers in 0..8"),
        ((0.0, 1.0, 9, 1, (3, 3)), "spikes"),
        ((0.0, 1.0, 9, 1, (3,), (1.0,)), "shares: expected one of each of 1 spikes"),
        ((0.0, 1.0, 9, 1, (3,), (0.1, 0.1)), "shares"),
    ],
)
def test_what_it_refuses(arguments: tuple[object, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        IntegerMixture(*arguments)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no parameters for given counts"):
        FAMILIES[0].params_of(torch.zeros(2))
