"""Paired differences: against arithmetic done by hand, and wherever a number may not exist."""

from __future__ import annotations

import math

import pytest
import torch

from arden.errors import InputError
from arden.tasks.compare import compare, compare_log_probs, score_each
from arden.tasks.score import score
from tests.core.models import generator
from tests.training.toys import bits, fresh, one_hot, reals, symbols

INF = math.inf


def test_the_figures_are_those_worked_out_by_hand() -> None:
    found = compare_log_probs(torch.tensor([[-4.0, -9.0, -2.0], [-3.0, -7.0, -5.0]]))
    assert found.rows == 3
    first, second = found.means
    assert first.nats == pytest.approx(-5.0)
    # Deviations 1, −4 and 3: their squares 26, over N − 1 = 2, over N = 3.
    assert first.standard_error == pytest.approx(math.sqrt(26 / 2 / 3))
    assert second.nats == pytest.approx(-5.0)
    assert second.standard_error == pytest.approx(math.sqrt(8 / 2 / 3))
    gain = found.against(1, 0)
    # Differences 1, 2 and −3.
    assert gain.nats == pytest.approx(0.0)
    assert gain.standard_error == pytest.approx(math.sqrt(14 / 2 / 3))
    assert gain.unpaired_error == pytest.approx(math.sqrt((26 + 8) / 2 / 3))
    assert (gain.better, gain.worse) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    low, high = gain.interval
    assert high == pytest.approx(1.959964 * gain.standard_error, rel=1e-6)
    assert low == -high


def test_more_probability_is_a_positive_gain() -> None:
    found = compare_log_probs(torch.tensor([[-4.0, -9.0], [-3.0, -8.5], [-5.0, -11.0]]))
    assert found.against(1, 0).nats == 0.75
    assert found.against(0, 1).nats == -0.75
    assert found.against(2, 0).nats == -1.5
    assert found.against(1, 2).nats == 2.25
    assert (found.against(1, 2).better, found.against(1, 2).worse) == (1.0, 0.0)
    assert (found.against(2, 1).better, found.against(2, 1).worse) == (0.0, 1.0)
    for model, reference in ((0, 0), (0, 3)):
        with pytest.raises(InputError, match="against: expected two different models of 0 … 2"):
            found.against(model, reference)


def test_rows_hard_for_both_are_what_pairing_takes_out() -> None:
    source = generator()
    hard = 10 * torch.randn(400, generator=source, dtype=torch.float64)
    own = torch.randn(2, 400, generator=source, dtype=torch.float64)
    gain = compare_log_probs(-30 + hard + own).against(1, 0)
    covariance = torch.cov(-30 + hard + own)
    expected = (covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]) / 400
    assert gain.standard_error == pytest.approx(math.sqrt(expected))
    assert gain.unpaired_error / gain.standard_error > 8


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    source = generator()
    trials = 1000
    shared = 5 * torch.randn(trials, 1, 100, generator=source, dtype=torch.float64)
    rows = shared + torch.randn(trials, 2, 100, generator=source, dtype=torch.float64)
    rows[:, 1] += 0.3
    intervals = [compare_log_probs(trial).against(1, 0).interval for trial in rows]
    covered = sum(low <= 0.3 <= high for low, high in intervals) / trials
    # Four standard deviations of a share of 0.95 (a little less: normal, not Student's t).
    assert covered == pytest.approx(0.945, abs=4 * math.sqrt(0.95 * 0.05 / trials))


def test_equal_rows_differ_by_exactly_nothing() -> None:
    row = torch.tensor([-0.1, -20.7, -3.3])
    gain = compare_log_probs(torch.stack([row, row])).against(1, 0)
    assert (gain.nats, gain.standard_error, gain.interval) == (0.0, 0.0, (0.0, 0.0))
    assert (gain.better, gain.worse) == (0.0, 0.0)
    assert gain.unpaired_error > 0


def test_one_row_has_no_standard_error() -> None:
    found = compare_log_probs(torch.tensor([[-3.0], [-1.0]]))
    gain = found.against(1, 0)
    assert (gain.nats, gain.better) == (2.0, 1.0)
    for number in (gain.standard_error, gain.unpaired_error, *gain.interval):
        assert math.isnan(number)
    assert math.isnan(found.means[0].standard_error)


def test_impossible_rows_are_counted_and_make_differences_infinite() -> None:
    found = compare_log_probs(
        torch.tensor([[-1.0, -INF, -2.0], [-2.0, -3.0, -2.0], [-4.0, -INF, -1.0]])
    )
    assert [mean.impossible for mean in found.means] == [1, 0, 1]
    assert found.means[0].nats == -INF
    assert math.isnan(found.means[0].standard_error)
    assert found.against(1, 0).nats == INF
    assert found.against(0, 1).nats == -INF
    assert math.isnan(found.against(1, 0).standard_error)
    assert found.against(1, 0).better == pytest.approx(1 / 3)
    # What is impossible to both is a tie: −3, 0 and 1.
    both = found.against(2, 0)
    assert both.nats == pytest.approx(-2 / 3)
    assert (both.better, both.worse) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert math.isfinite(both.standard_error)


def test_models_that_each_find_another_row_impossible_have_no_difference() -> None:
    gain = compare_log_probs(torch.tensor([[-1.0, -INF], [-INF, -1.0]])).against(1, 0)
    assert math.isnan(gain.nats)
    assert (gain.better, gain.worse) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("log_probs", "told"),
    [
        (torch.zeros(3), r"expected \(M, N\), at least two models over at least one row"),
        (torch.zeros(1, 3), r"got shape \(1, 3\)"),
        (torch.zeros(2, 0), r"got shape \(2, 0\)"),
        (torch.tensor([[0.0, 0.0], [0.0, math.nan]]), "got nan of model 1 at row 1"),
        (torch.tensor([[0.0, INF], [0.0, 0.0]]), "got inf of model 0 at row 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(log_probs: torch.Tensor, told: str) -> None:
    with pytest.raises(InputError, match=told):
        compare_log_probs(log_probs)


def test_models_are_scored_on_the_same_rows() -> None:
    data = bits()
    models = [fresh(name, data) for name in ("fvsbn", "nade")]
    x = data.test.values
    each = score_each(models, x, batch_size=7)
    for row, model in zip(each, models, strict=True):
        assert row.tolist() == pytest.approx(score(model, x).tolist())
    found = compare(models, x)
    assert found.against(1, 0).nats == pytest.approx((each[1] - each[0]).mean().item(), abs=1e-6)


def test_only_models_with_a_context_are_given_one() -> None:
    data = bits()
    told, untold = fresh("nade", data, context_size=2), fresh("fvsbn", data)
    assert data.test.labels is not None
    context = one_hot(data.test.labels)
    each = score_each([told, untold], data.test.values, context)
    assert each[0].tolist() == score(told, data.test.values, context).tolist()
    assert each[1].tolist() == score(untold, data.test.values).tolist()


def test_observed_and_scored_values_reach_the_models() -> None:
    data = bits()
    model = fresh("nade", data)
    x = data.test.values
    tail = torch.zeros_like(x, dtype=torch.bool)
    tail[:, 1] = True
    whole, last = score_each([model], x), score_each([model], x, scored=tail)
    first = score_each([model], x, observed=~tail)
    assert last.tolist() != whole.tolist()
    assert (first + last).flatten().tolist() == pytest.approx(whole.flatten().tolist(), abs=1e-5)


def test_models_of_other_events_are_refused() -> None:
    models = [fresh("independent", data) for data in (bits(), symbols(), reals())]
    x = bits().test.values
    with pytest.raises(InputError, match="models: expected at least two to compare, got 1"):
        compare(models[:1], x)
    with pytest.raises(InputError, match=r"\(\(2, 3\), '2 levels'\) and \(\(4,\), '3 levels'\)"):
        compare(models[:2], x)
    table = fresh("independent", symbols(columns=3))
    with pytest.raises(InputError, match="'3 levels'\\) and \\(\\(3,\\), 'real values'"):
        compare([table, models[2]], symbols(columns=3).test.values)
