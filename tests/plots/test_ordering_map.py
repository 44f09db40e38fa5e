"""The picture of an ordering: every step at its own pixel."""

from __future__ import annotations

import math

import pytest
import torch

from arden.errors import InputError
from arden.orderings.column import Column
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.zigzag import Zigzag
from arden.plots.ordering_map import ordering_map


def numbers(figure) -> dict[tuple[int, int], int]:
    """figure -> (row, column) of a cell: the number written into it."""
    texts = figure.axes[0].texts
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): int(text.get_text())
        for text in texts
    }


def test_the_number_in_a_cell_is_its_step(tmp_path, figures):
    ordering_map(Zigzag((2, 3)).order(), (2, 3), tmp_path / "order.png", "Zigzag")
    expected = {(0, 0): 0, (0, 1): 1, (0, 2): 2, (1, 2): 3, (1, 1): 4, (1, 0): 5}
    assert numbers(figures[0]) == expected


def test_steps_are_not_taken_for_places(tmp_path, figures):
    ordering_map([1, 2, 0], (3,), tmp_path / "order.png", "x₂, x₃, x₁")
    assert numbers(figures[0]) == {(0, 1): 0, (0, 2): 1, (0, 0): 2}


def test_a_pixel_is_reached_with_its_first_channel(tmp_path, figures):
    ordering_map(Column((2, 2, 3)).order(), (2, 2, 3), tmp_path / "order.png", "Column")
    assert numbers(figures[0]) == {(0, 0): 0, (1, 0): 3, (0, 1): 6, (1, 1): 9}


@pytest.mark.parametrize(
    "event_shape", [(1,), (9,), (300,), (1, 5), (5, 1), (7, 3), (28, 28)], ids=str
)
def test_every_size_is_drawn(event_shape, tmp_path, figures):
    ordering_map(
        Shuffled(event_shape).order(), event_shape, tmp_path / "order.png", "Shuffled " * 9
    )
    assert len(numbers(figures[0])) == (math.prod(event_shape) if max(event_shape) <= 16 else 0)


def test_an_image_one_pixel_wide_is_wide_enough_to_see(tmp_path, pixels):
    shown = pixels(ordering_map(Raster((40, 1)).order(), (40, 1), tmp_path / "order.png", "T"))
    assert (shown[300] != 255).any(axis=1).sum() > 50


@pytest.mark.parametrize("event_shape", [(6, 6), (6, 6, 3)], ids=str)
@pytest.mark.parametrize(("ordering", "has_path"), [(Raster, True), (Shuffled, False)])
def test_only_an_order_that_has_a_path_gets_one(ordering, has_path, event_shape, tmp_path, figures):
    ordering_map(ordering(event_shape).order(), event_shape, tmp_path / "order.png", "T")
    # The cells are one collection, the path two more.
    assert len(figures[0].axes[0].collections) == (3 if has_path else 1)


def test_the_path_is_light_on_dark_and_dark_on_light(tmp_path, figures):
    ordering_map(Zigzag((4, 4)).order(), (4, 4), tmp_path / "order.png", "T")
    path = figures[0].axes[0].collections[-1]
    light = [colour[:3].min() > 0.5 for colour in path.get_colors()]
    assert light == [True] * 8 + [False] * 7


def test_the_scale_says_what_it_is(tmp_path, words):
    ordering_map([2, 0, 1], (3,), tmp_path / "order.png", "Given")
    assert "step (from 0)" in words()


@pytest.mark.parametrize(
    ("order", "event_shape", "match"),
    [
        ([0, 0, 1], (3,), "order: expected every number from 0 to 2 once"),
        ([0, 1], (3,), "order: expected every number from 0 to 2 once"),
        ([[0, 1, 2]], (3,), "order: expected every number from 0 to 2 once"),
        (torch.arange(0), (0, 3), "event_shape: expected"),
        (torch.arange(16), (2, 2, 2, 2), "event_shape: expected"),
        (torch.arange(1), (), "event_shape: expected"),
    ],
)
def test_what_is_no_order_is_refused(order, event_shape, match, tmp_path):
    with pytest.raises(InputError, match=match):
        ordering_map(order, event_shape, tmp_path / "order.png", "T")
