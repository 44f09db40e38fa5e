"""The comparison: its figures are those of the arithmetic, its bars on the right side of zero."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba

from arden.errors import InputError
from arden.plots import style
from arden.plots.comparison import comparison
from arden.tasks.compare import compare_log_probs

INF = math.inf


def nats(models: int = 3, rows: int = 200, seed: int = 0) -> torch.Tensor:
    """M, N -> (M, N) ln p: rows hard for all, every model a little better than the one before."""
    source = np.random.default_rng(seed)
    hard = source.normal(-20, 5, (1, rows))
    gain = 0.5 * np.arange(models)[:, None]
    return torch.tensor(hard + gain + source.normal(0, 1, (models, rows)))


NAMES = ("first", "second", "third")


def bars(axes) -> list[tuple[float, float, tuple[float, ...]]]:
    """axes -> (left end, right end, colour) of every bar that has a height."""
    return [
        (patch.get_x(), patch.get_x() + patch.get_width(), patch.get_facecolor())
        for patch in axes.patches
        if patch.get_height()
    ]


def test_every_model_has_its_mean_and_its_gain_in_words(tmp_path, words):
    log_probs = nats()
    comparison(log_probs, NAMES, tmp_path / "c.png", "Three models")
    found = compare_log_probs(log_probs)
    told = words()
    assert {*NAMES, "Three models", "the reference"} <= set(told)
    for place in (1, 2):
        gain = found.against(place, 0)
        assert f"+{gain.nats:.3f} ± {gain.standard_error:.3f}" in told
        assert f"better on {100 * gain.better:.0f} %" in told
        assert f"−{-found.means[place].nats:.2f}" in told
    assert "gain over first, nats per row" in told


def test_bars_of_better_rows_are_blue_and_right_of_zero(tmp_path, figures):
    comparison(nats(2), NAMES[:2], tmp_path / "c.png", "T")
    _, right = figures[0].axes
    blue, red = to_rgba(style.BLUE)[:3], to_rgba(style.VERMILION)[:3]
    shown = bars(right)
    assert {colour[:3] for _, _, colour in shown} == {blue, red}
    for start, end, colour in shown:
        assert start >= -1e-9 if colour[:3] == blue else end <= 1e-9


def test_bars_count_the_rows(tmp_path, figures):
    log_probs = torch.zeros(2, 10, dtype=torch.float64)
    log_probs[1] = torch.tensor([1.0] * 6 + [-1.0] * 3 + [0.0])
    comparison(log_probs - 5, NAMES[:2], tmp_path / "c.png", "T")
    heights = sorted(-p.get_height() for p in figures[0].axes[1].patches if p.get_height())
    assert [height / heights[-1] for height in heights] == pytest.approx([1 / 6, 3 / 6, 1])


def test_the_paired_interval_lies_within_the_unpaired_one(tmp_path, figures):
    log_probs = nats(2)
    comparison(log_probs, NAMES[:2], tmp_path / "c.png", "T")
    _, right = figures[0].axes
    thin, thick = sorted(
        (
            line
            for line in right.lines
            if len(set(line.get_ydata())) == 1 and len(line.get_xdata()) == 2
        ),
        key=lambda line: line.get_linewidth(),
    )
    gain = compare_log_probs(log_probs).against(1, 0)
    assert list(thick.get_xdata()) == pytest.approx(gain.interval)
    reach = 1.959964 * gain.unpaired_error
    assert list(thin.get_xdata()) == pytest.approx([gain.nats - reach, gain.nats + reach])


@pytest.mark.parametrize("models", [2, 3, 8])
def test_everything_fits_whatever_the_number_of_models(models, tmp_path, figures):
    names = [f"a/long/path/to/the/run-{place}-of-many" for place in range(models)]
    comparison(nats(models), names, tmp_path / "c.png", "A title that is long " * 8)
    assert len(figures) == 1  # the fixture looks for anything outside the edges


def test_the_names_of_models_are_no_formulas(tmp_path):
    comparison(nats(2), ["a$b", "c_$d$"], tmp_path / "c.png", "$x")
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_the_best_model_stands_out(tmp_path, figures):
    comparison(nats(3), NAMES, tmp_path / "c.png", "T")
    left = figures[0].axes[0]
    assert [t.get_text() for t in left.texts if t.get_fontweight() == "bold"] == ["third"]


def test_rows_far_outside_are_left_out_and_named(tmp_path, figures, words):
    log_probs = nats(2, rows=1000)
    log_probs[1, 0] = log_probs[0, 0] + 500
    comparison(log_probs, NAMES[:2], tmp_path / "c.png", "T")
    assert figures[0].axes[1].get_xlim()[1] < 20
    assert any("outside the frame, the furthest at +500.0" in text for text in words())


def test_impossible_rows_are_told(tmp_path, figures, words):
    log_probs = nats(3)
    log_probs[0, 3] = -INF
    comparison(log_probs, NAMES, tmp_path / "c.png", "T")
    told = words()
    assert "−∞ (1 impossible)" in told
    assert told.count("+∞") == 2
    assert any("1 outside" in text or "2 outside" in text for text in told)


@pytest.mark.parametrize(
    "log_probs",
    [
        torch.tensor([[-1.0], [-2.0]]),  # one row
        torch.tensor([[-1.0, -2.0], [-1.0, -2.0]]),  # all equal
        torch.tensor([[-1.0, -INF], [-INF, -2.0]]),  # no difference exists
        torch.tensor([[-INF, -INF], [-INF, -INF]]),
        torch.tensor([[-1e9, -2.0], [-1.0, 3e12]]),
    ],
)
def test_what_has_no_spread_is_drawn_all_the_same(log_probs, tmp_path, figures):
    comparison(log_probs, NAMES[:2], tmp_path / "c.png", "T")
    assert len(figures) == 1


def test_images_are_those_furthest_apart_either_way(tmp_path, figures, words):
    images = torch.zeros(6, 2, 2, dtype=torch.uint8)
    images[2], images[5, 1] = 1, 1
    log_probs = torch.zeros(2, 6, dtype=torch.float64) - 3
    log_probs[1, 2], log_probs[1, 4], log_probs[1, 5] = 4.0, -1.5, -9.25
    comparison(log_probs, NAMES[:2], tmp_path / "c.png", "T", images, 2)
    assert {"Where second gains most", "Where second loses most"} <= set(words())
    gains, loses = figures[0].axes[2:]
    assert [text.get_text() for text in gains.texts] == ["+7.0", "+1.5"]
    assert [text.get_text() for text in loses.texts] == ["−6.2"]
    # The corner of the first tile: white in the image of row 2, black in that of row 5.
    for axes, shade in ((gains, 255), (loses, 0)):
        [image] = axes.images
        assert (image.get_array()[20, 20] == shade).all()


def test_rows_of_tables_are_not_drawn(tmp_path, figures):
    table = torch.zeros(200, 5)
    comparison(nats(2), NAMES[:2], tmp_path / "c.png", "T", table)
    assert len(figures[0].axes) == 2


def test_sequences_are_per_symbol(tmp_path, words):
    comparison(nats(2), NAMES[:2], tmp_path / "c.png", "T", unit="symbol")
    assert "gain over first, nats per symbol" in words()


@pytest.mark.parametrize(
    ("names", "values", "told"),
    [
        (NAMES, None, "names: expected 2, one a model, got 3"),
        (NAMES[:2], torch.zeros(7, 2, 2), "values: expected 200 rows, got 7"),
    ],
)
def test_what_does_not_belong_together_is_refused(names, values, told, tmp_path):
    with pytest.raises(InputError, match=told):
        comparison(nats(2), names, tmp_path / "c.png", "T", values)


def test_the_file_is_whole_and_the_same_again(tmp_path, pixels):
    paths = [comparison(nats(), NAMES, tmp_path / f"{n}.png", "T") for n in (1, 2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert pixels(paths[0]).std() > 1
