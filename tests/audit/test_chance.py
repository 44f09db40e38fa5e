"""The tests of chance: their p-values, what they find, and what they leave alone."""

from __future__ import annotations

import pytest
import scipy.stats
import torch

from arden.audit.sampling import samples_transform_to_uniforms
from arden.audit.subject import BUDGETS, Subject
from arden.audit.uniformity import chi_square, correlation, deviation, kolmogorov_smirnov
from arden.audit.verify import verify
from arden.conditionals.bernoulli import Bernoulli
from arden.core.conditional import Discrete
from arden.kernels import without_kernels
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from tests.audit.defects_of_draws import at_temperature
from tests.audit.small_models import small
from tests.core.models import generator


@pytest.mark.parametrize("count", [50, 3000])
@pytest.mark.parametrize("power", [1.0, 1.05, 1.3])
def test_kolmogorov_smirnov_agrees_with_scipy(count: int, power: float) -> None:
    u = torch.rand(count, generator=generator(count), dtype=torch.float64) ** power
    expected = scipy.stats.kstest(u.numpy(), "uniform").pvalue
    assert kolmogorov_smirnov(u) == pytest.approx(expected, rel=0.1, abs=1e-3)


def test_chi_square_agrees_with_scipy() -> None:
    probabilities = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    counts = torch.tensor([130, 190, 310, 370])
    expected = scipy.stats.chisquare(counts.numpy(), 1000 * probabilities.numpy()).pvalue
    assert chi_square(counts, probabilities) == pytest.approx(expected)


def test_rare_cells_are_pooled_and_impossible_ones_are_not() -> None:
    rare = torch.tensor([1 - 3e-4, 1e-4, 1e-4, 1e-4])
    assert chi_square(torch.tensor([999, 1, 0, 0]), rare) == 1.0
    assert chi_square(torch.tensor([999, 1]), torch.tensor([1.0, 0.0])) == 0.0


def test_correlation_is_found_and_independence_is_not() -> None:
    first, second = torch.rand(2, 5000, generator=generator(1), dtype=torch.float64)
    assert correlation(first, second) > 1e-3
    assert correlation(first, 0.8 * first + 0.2 * second) < 1e-9


def test_the_bound_of_a_deviation_is_never_below_chance() -> None:
    """Freedman's bound against the normal law it bounds."""
    for standardised in (1.0, 3.0, 5.0, 7.0):
        exact = 2 * float(scipy.stats.norm.sf(standardised))
        bound = deviation(standardised * 100.0, 100.0**2, 1.0)
        assert exact < bound < 40 * exact


@pytest.mark.parametrize("temperature", [0.9, 1.1])
def test_a_wrong_temperature_is_found_in_long_events(
    temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty-four bits, as in the digits, most of them nearly fair: the hardest case there is."""
    model = small(NADE, NADEOptions(8), Bernoulli(), Raster((8, 8)))
    subject = Subject.of(model, None, None, 0, BUDGETS["normal"])
    with without_kernels():
        assert samples_transform_to_uniforms(subject).passed
        monkeypatch.setattr(Discrete, "draw", at_temperature(temperature))
        found = samples_transform_to_uniforms(subject)
    assert not found.passed
    assert found.figure is not None
    assert found.figure > 1e15


def test_a_fair_draw_raises_no_alarm_over_many_seeds() -> None:
    model = small(NADE, NADEOptions(8), Bernoulli(), Raster((4,)))
    rarest = 0.0
    for seed in range(30):
        for check in verify(model, seed=seed, budget="quick").checks:
            if check.name.startswith("sample"):
                assert check.passed
                assert check.figure is not None
                rarest = max(rarest, check.figure)
    # Sixty looks at chance: the rarest is about one in sixty, and nowhere near the limit.
    assert 2 < rarest < 1e4
