"""The training curve: readable whatever the first epochs were, and the best one marked."""

from __future__ import annotations

import math

import numpy as np
import pytest

from arden.errors import InputError
from arden.plots.training_curve import training_curve


def falling(count: int, first: int = 1) -> list[dict]:
    """E -> records of a run that falls to about 17 nats, its validation best in the middle."""
    return [
        {"epoch": e, "train": 16 + 8 / e, "valid": 17 + 8 / e + 2 * abs(e / count - 0.5)}
        for e in range(first, first + count)
    ]


def frame(figures) -> tuple[float, float]:
    """-> the nats at the lower and at the upper edge."""
    return figures[0].axes[0].get_ylim()


def test_the_best_epoch_is_marked_with_its_value(tmp_path, words):
    records = falling(20)
    best = min(records, key=lambda record: record["valid"])
    training_curve(records, tmp_path / "curve.png", "NADE on digits")
    assert f"best valid: {best['valid']:.2f} nats\nat epoch {best['epoch']}" in words()


def test_a_best_epoch_that_is_given_is_taken(tmp_path, words):
    training_curve(falling(20), tmp_path / "curve.png", "T", best_epoch=3)
    assert any(text.endswith("at epoch 3") for text in words())


def test_curves_are_named_at_their_ends_and_axes_say_the_unit(tmp_path, words):
    training_curve(falling(20), tmp_path / "curve.png", "T")
    assert any("nats per event" in text for text in words())
    assert {"epoch", "train 16.40", "valid 18.40"} <= set(words())


@pytest.mark.parametrize("values", [(17.0, 17.0), (17.0, 17.001), (17.0, 40.0), (1e9, -1e9)])
def test_the_names_of_two_curves_are_never_on_each_other(values, tmp_path, figures):
    records = [{"epoch": e, "train": values[0], "valid": values[1]} for e in (1, 2, 3)]
    training_curve(records, tmp_path / "curve.png", "T")
    first, second = (
        text.get_window_extent()
        for text in figures[0].axes[0].texts
        if text.get_text().startswith(("train", "valid"))
    )
    assert not first.overlaps(second)


@pytest.mark.parametrize("huge", [1e4, 1e30])
def test_huge_first_values_are_left_out_and_named(huge, tmp_path, figures, words):
    records = falling(40)
    records[0]["train"] = huge
    training_curve(records, tmp_path / "curve.png", "T")
    lower, upper = frame(figures)
    assert lower < 16.2
    assert upper < 30
    [remark] = [text for text in words() if text.startswith("Not shown")]
    assert remark.startswith("Not shown: ")
    assert " above the frame, up to " in remark


def test_a_rare_spike_later_is_left_out_as_well(tmp_path, figures):
    records = falling(6)
    records[4]["valid"] = 1e9
    training_curve(records, tmp_path / "curve.png", "T")
    assert frame(figures)[1] < 50


def test_everything_is_shown_when_nothing_is_huge(tmp_path, figures, words):
    records = falling(40)
    training_curve(records, tmp_path / "curve.png", "T")
    lower, upper = frame(figures)
    values = [record[name] for record in records for name in ("train", "valid")]
    assert lower < min(values) <= max(values) < upper
    assert not any("Not shown" in text for text in words())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_first_epochs_that_are_not_finite_are_counted(bad, tmp_path, words):
    records = falling(10)
    records[0] = {"epoch": 1, "train": bad, "valid": bad}
    training_curve(records, tmp_path / "curve.png", "T")
    assert "Not shown: 2 not finite" in words()


@pytest.mark.parametrize("values", [(3.0, 2.0), (math.nan, 2.0), (math.nan, math.inf), (0.0, 0.0)])
def test_a_single_epoch(values, tmp_path, pixels):
    record = {"epoch": 1, "train": values[0], "valid": values[1]}
    shown = pixels(training_curve([record], tmp_path / "curve.png", "T"))
    assert min(shown.shape[:2]) > 500
    assert shown.std() > 1


@pytest.mark.parametrize("record", [{"epoch": 4}, {"epoch": 4, "train": None, "valid": None}])
def test_epochs_without_figures_say_so(record, tmp_path, words):
    training_curve([record], tmp_path / "curve.png", "T")
    assert "no finite value" in words()


def test_a_run_without_validation_marks_its_best_training_epoch(tmp_path, words):
    records = [{"epoch": e, "train": 5.0 - e, "valid": None} for e in (1, 2, 3)]
    training_curve(records, tmp_path / "curve.png", "T")
    assert "best train: 2.00 nats\nat epoch 3" in words()
    assert not any(text.startswith("valid") for text in words())


def test_long_runs_that_go_on_and_densities_below_zero(tmp_path, figures):
    records = falling(3000, first=501)
    for record in records:
        record["train"] -= 2000.0
        record["valid"] -= 2000.0
    training_curve(records, tmp_path / "curve.png", "A title of many words " * 8)
    left, right = figures[0].axes[0].get_xlim()
    assert 300 < left < 501 < 3500 < right
    assert np.diff(frame(figures)) < 10


@pytest.mark.parametrize(
    ("records", "best", "match"),
    [
        ([], None, "records: expected at least one epoch"),
        ([{"epoch": 1}, {"train": 1.0}], None, "key epoch in every record, none in 1"),
        ([{"epoch": 1, "valid": 1.0}], 2, "best_epoch: expected one of the 1 epochs .* got 2"),
    ],
)
def test_records_that_cannot_be_drawn(records, best, match, tmp_path):
    with pytest.raises(InputError, match=match):
        training_curve(records, tmp_path / "curve.png", "T", best)
