"""The picture of attention: what is labelled, which pixels are asked, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from arden.errors import InputError
from arden.plots.attention_map import MOST_SIGNS, attention_map
from arden.plots.style import UNKNOWN


def even(size: int) -> torch.Tensor:
    """T -> (T, T): every step looks at all before it alike."""
    weights = torch.ones(size, size).tril(-1)
    return weights / weights.sum(dim=1, keepdim=True).clamp(min=1)


def test_every_weight_is_a_cell(tmp_path, figures):
    weights = even(5)
    attention_map(weights, tmp_path / "map.png", "T")
    shown = np.asarray(figures[0].axes[0].images[0].get_array())
    assert np.array_equal(shown, weights.double().numpy())


def test_short_texts_are_labelled_and_long_ones_numbered(tmp_path, figures):
    for size in (5, MOST_SIGNS, MOST_SIGNS + 1):
        attention_map(even(size), tmp_path / "map.png", "T", signs=("a \n$b" * 20)[:size])
    short, longest, long = (figure.axes[0] for figure in figures)
    for axes in (short, longest):
        for axis in (axes.xaxis, axes.yaxis):
            words = [label.get_text() for label in axis.get_ticklabels()]
            assert words[:5] == ["a", "␣", "↵", "$", "b"]
        assert axes.get_xlabel() == "value j looked at"
    assert long.get_xlabel() == "value j looked at (from 0)"
    assert len(long.get_xticks()) < 10


def test_queried_pixels_stand_where_their_steps_are(tmp_path, figures):
    weights = torch.zeros(12, 12)
    weights[1:, 0] = 1.0  # every step looks at the first one alone
    order = torch.arange(12).flip(0)
    attention_map(weights, tmp_path / "map.png", "T", event=torch.zeros(3, 4), order=order)
    event, *maps = figures[0].axes[2:]
    steps = [3, 5, 7, 9, 10]
    assert [axes.get_title() for axes in maps] == [f"step {step}" for step in steps]
    marked = [p for p in event.patches if isinstance(p, Rectangle)]
    assert len(marked) == len(steps)
    for step, axes in zip(steps, maps, strict=True):
        [mark] = axes.patches
        place = int(order[step])
        assert (mark.get_y() + 0.5, mark.get_x() + 0.5) == (place // 4, place % 4)
        colours = np.asarray(axes.images[0].get_array())
        unseen = (colours == np.array(UNKNOWN)).all(axis=2)
        assert unseen.sum() == 12 - step
        assert unseen.flat[place]
        # The first step is the last pixel here, and the only dark one.
        assert colours[2, 3].sum() < colours[~unseen].sum(axis=1).max()
        assert colours[2, 3].sum() == colours[~unseen].sum(axis=1).min()


def test_channels_of_a_pixel_are_added(tmp_path, figures):
    weights = even(27)
    attention_map(weights, tmp_path / "map.png", event=torch.zeros(3, 3, 3))
    maps = figures[0].axes[3:]
    colours = np.asarray(maps[0].images[0].get_array())  # step 8: two pixels and two channels
    seen = ~(colours == np.array(UNKNOWN)).all(axis=2)
    assert seen.sum() == 3
    assert (colours[0, 0] == colours[0, 1]).all()
    assert colours[0, 2].sum() > colours[0, 0].sum()  # two thirds of the weight: paler


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_every_size_is_drawn(size, tmp_path, figures):
    attention_map(even(size), tmp_path / "map.png", "Title " * 30)
    attention_map(even(size), tmp_path / "map.png", event=torch.zeros(1, size))
    attention_map(even(size), tmp_path / "map.png", signs="x" * size)
    assert len(figures) == 3


def test_colours_are_of_the_weights(tmp_path, pixels):
    pale = pixels(attention_map(torch.zeros(9, 9), tmp_path / "a.png"))
    dark = pixels(attention_map(even(9), tmp_path / "b.png"))
    deepest = np.round(np.array(to_rgb("#08306b")) * 255)
    assert [(shown == deepest).all(axis=2).sum() > 5000 for shown in (pale, dark)] == [False, True]


@pytest.mark.parametrize(
    ("about", "match"),
    [
        ({"signs": "ab"}, "signs: expected one for each of 4 steps, got 2"),
        ({"event": torch.zeros(3, 3)}, r"event: expected an image of 4 values, got shape \(3, 3\)"),
        ({"event": torch.zeros(4)}, "event: expected an image of 4 values"),
        ({"event": torch.zeros(2, 2), "order": [0, 1, 1, 2]}, "order: expected every number"),
    ],
)
def test_what_does_not_fit_the_weights(about, match, tmp_path):
    with pytest.raises(InputError, match=match):
        attention_map(even(4), tmp_path / "map.png", "T", **about)


def test_what_is_no_matrix_of_weights(tmp_path):
    with pytest.raises(InputError, match=r"weights: expected a matrix \(T, T\)"):
        attention_map(torch.zeros(2, 3), tmp_path / "map.png")
    with pytest.raises(InputError, match="weights: expected finite numbers of at least 0"):
        attention_map(-even(3), tmp_path / "map.png")
