"""What the orderings of images claim about their paths: neighbours, borders, diagonals, squares."""

from __future__ import annotations

import hashlib

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings.diagonal import Diagonal
from arden.orderings.hilbert import Hilbert
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.spiral import Spiral
from arden.orderings.zigzag import Zigzag

sizes = st.integers(1, 40)
images = st.one_of(st.tuples(sizes, sizes), st.tuples(sizes, sizes, st.integers(1, 4)))
NARROW = [(1,), (7,), (1, 1), (1, 9), (9, 1), (1, 1, 3), (1, 6, 2), (6, 1, 4)]


def path(ordering: Ordering) -> Tensor:
    """An ordering -> (H·W, 2): row and column of each pixel, in the order of their visits."""
    shape = ordering.event_shape
    width = shape[0] if len(shape) == 1 else shape[1]
    channels = shape[2] if len(shape) == 3 else 1
    pixels = ordering.order()[::channels] // channels
    return torch.stack([pixels // width, pixels % width], dim=1)


def all_steps_are_to_neighbours(ordering: Ordering) -> bool:
    return bool((path(ordering).diff(dim=0).abs().sum(dim=1) == 1).all())


@pytest.mark.parametrize("rule", [Zigzag, Spiral, Hilbert])
@pytest.mark.parametrize("shape", NARROW)
def test_narrow_images_are_walked_from_end_to_end(rule: type, shape: tuple[int, ...]) -> None:
    assert all_steps_are_to_neighbours(rule(shape))
    assert torch.equal(rule(shape).order(), Raster(shape).order())


@given(images)
def test_every_step_is_to_a_neighbour(shape: tuple[int, ...]) -> None:
    for rule in (Zigzag, Spiral, Hilbert):
        assert all_steps_are_to_neighbours(rule(shape))


def test_every_step_of_hilberts_curve_is_to_a_neighbour_for_every_size() -> None:
    """Without exception: odd by even sides too, where a bridge between two corners cannot be."""
    shapes = [(height, width) for height in range(1, 25) for width in range(1, 25)]
    assert [shape for shape in shapes if not all_steps_are_to_neighbours(Hilbert(shape))] == []


@pytest.mark.parametrize("side", [2, 4, 8, 16, 32])
def test_hilberts_curve_fills_quadrant_after_quadrant(side: int) -> None:
    steps = Hilbert((side, side)).order().argsort().reshape(side, side)
    part = side // 2
    while part:
        squares = steps.unfold(0, part, part).unfold(1, part, part).flatten(2)
        assert bool((squares.amax(2) - squares.amin(2) == part * part - 1).all())
        part //= 2


@given(st.integers(4, 28), st.integers(4, 28))
def test_what_is_near_on_hilberts_curve_is_near_in_the_image(height: int, width: int) -> None:
    """Pixels k steps apart are at most √(7k) apart (6 is the least such number for squares)."""
    assume(max(height, width) <= 2 * min(height, width))
    places = path(Hilbert((height, width))).double()
    steps = torch.arange(len(places))
    apart = (steps[:, None] - steps).abs()
    assert bool((torch.cdist(places, places) ** 2 <= 7 * apart + 1e-6).all())


@given(images)
def test_a_spiral_visits_the_border_before_what_lies_within(shape: tuple[int, ...]) -> None:
    row, column = path(Spiral(shape)).T
    height, width = shape[:2]
    depth = torch.stack([row, column, height - 1 - row, width - 1 - column]).amin(dim=0)
    assert bool((depth.diff() >= 0).all())


@given(st.integers(2, 40), st.integers(2, 40))
def test_a_spiral_turns_clockwise(height: int, width: int) -> None:
    step = path(Spiral((height, width))).diff(dim=0)
    assert step[0].tolist() == [0, 1]
    # Clockwise, where rows count downwards: right, down, left, up; a turn never goes back.
    turn = step[:-1, 1] * step[1:, 0] - step[:-1, 0] * step[1:, 1]
    assert bool((turn >= 0).all())


@given(images)
def test_a_diagonal_follows_the_one_before_from_top_to_bottom(shape: tuple[int, ...]) -> None:
    row, column = path(Diagonal(shape)).T
    diagonal = row + column
    assert set(diagonal.diff().tolist()) <= {0, 1}
    assert bool((row.diff()[diagonal.diff() == 0] == 1).all())


def test_paths_by_hand() -> None:
    assert Diagonal((3, 2)).order().tolist() == [0, 1, 2, 3, 4, 5]
    assert Diagonal((2, 3)).order().tolist() == [0, 1, 3, 2, 4, 5]
    assert Diagonal((2, 2, 2)).order().tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert Spiral((2, 3)).order().tolist() == [0, 1, 2, 5, 4, 3]
    assert Spiral((3, 3)).order().tolist() == [0, 1, 2, 5, 8, 7, 6, 3, 4]
    assert Spiral((2, 2, 2)).order().tolist() == [0, 1, 2, 3, 6, 7, 4, 5]
    assert Hilbert((2, 2)).order().tolist() == [0, 2, 3, 1]
    assert Hilbert((2, 2, 3)).order().tolist() == [0, 1, 2, 6, 7, 8, 9, 10, 11, 3, 4, 5]


@pytest.mark.parametrize(
    ("shape", "seed", "digest"),
    [
        ((784,), 0, "0332912970ed74a7"),
        ((28, 28), 0, "0332912970ed74a7"),
        ((28, 28), 1, "66a12e7638e63854"),
    ],
)
def test_shuffled_images_of_one_channel_are_what_they_were_when_figures_were_published(
    shape: tuple[int, ...], seed: int, digest: str
) -> None:
    order = ",".join(map(str, Shuffled(shape, seed).order().tolist()))
    assert hashlib.sha256(order.encode()).hexdigest()[:16] == digest


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(0, 5))
def test_shuffling_moves_pixels_whole(height: int, width: int, channels: int, seed: int) -> None:
    pixels = Shuffled((height, width), seed).order()
    scalars = Shuffled((height, width, channels), seed).order()
    assert torch.equal(
        scalars.reshape(-1, channels) // channels, pixels[:, None].expand(-1, channels)
    )
