"""Every ordering is a bijection, spatial claims are true, and pixels keep R → G → B together."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from arden.core.ordering import Ordering
from arden.errors import InputError
from arden.orderings import ORDERINGS
from arden.orderings.column import Column
from arden.orderings.diagonal import Diagonal
from arden.orderings.given import Given
from arden.orderings.hilbert import Hilbert
from arden.orderings.observed_first import ObservedFirst, observed_first
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.spiral import Spiral
from arden.orderings.until_end import UntilEnd
from arden.orderings.zigzag import Zigzag

SPATIAL = (Raster, Zigzag, Column, Diagonal, Spiral, Hilbert, Shuffled)
sizes = st.integers(1, 7)
shapes = st.one_of(
    st.tuples(st.integers(1, 20)),
    st.tuples(sizes, sizes),
    st.tuples(sizes, sizes, st.integers(1, 4)),
)
AWKWARD = [(1,), (1, 1), (1, 5), (5, 1), (3, 5), (1, 1, 3), (1, 4, 3), (3, 1, 3), (3, 5, 3)]


def every_ordering(shape: tuple[int, ...]) -> list[Ordering]:
    """shape -> one of each rule over fixed-length events."""
    size = math.prod(shape)
    return [
        *(rule(shape) for rule in SPATIAL[:-1]),
        Shuffled(shape, seed=size),
        Given(shape, tuple(reversed(range(size)))),
        ObservedFirst(shape, tuple(i % 2 == 1 for i in range(size))),
    ]


def test_every_ordering_of_the_catalogue_is_tried() -> None:
    tried = {type(ordering).__name__ for ordering in every_ordering((2, 2))} | {"UntilEnd"}
    assert tried == {entry.partition(":")[2] for entry in ORDERINGS.values()}


@given(shapes)
def test_every_ordering_is_a_bijection_with_an_inverse(shape: tuple[int, ...]) -> None:
    size = math.prod(shape)
    for ordering in every_ordering(shape):
        order = ordering.order()
        assert ordering.num_steps == size
        assert order.dtype == torch.int64
        assert sorted(order.tolist()) == list(range(size))
        event = torch.arange(size) * 10
        assert torch.equal(event[order][order.argsort()], event)
        assert bool(ordering.valid(torch.zeros(2, size)).all())


@pytest.mark.parametrize("shape", AWKWARD)
def test_an_ordering_is_a_printable_hashable_rule(shape: tuple[int, ...]) -> None:
    for ordering in every_ordering(shape):
        again = type(ordering)(**dataclasses.asdict(ordering))
        assert again == ordering
        assert hash(again) == hash(ordering)
        assert torch.equal(again.order(), ordering.order())
        assert eval(repr(ordering)) == ordering
        with pytest.raises(dataclasses.FrozenInstanceError):
            ordering.event_shape = (9,)


@given(shapes)
def test_a_pixel_keeps_its_channels_in_turn(shape: tuple[int, ...]) -> None:
    channels = shape[2] if len(shape) == 3 else 1
    for rule in SPATIAL:
        pixels = rule(shape).order().reshape(-1, channels)
        first = pixels[:, :1]
        assert torch.equal(pixels, first + torch.arange(channels))
        assert bool((first % channels == 0).all())


@given(shapes)
def test_a_step_grid_is_a_raster_of_the_event_or_its_transpose(shape: tuple[int, ...]) -> None:
    """Laying an event out on the claimed grid, step by step, gives the event, or its transpose."""
    height, width, channels = (1, *shape, 1) if len(shape) == 1 else (*shape, 1)[:3]
    event = torch.arange(math.prod(shape))
    image = event.reshape(height, width, channels)
    for ordering, seen in ((Raster(shape), image), (Column(shape), image.transpose(0, 1))):
        grid = ordering.step_grid()
        assert grid == tuple(seen.shape)
        assert torch.equal(event[ordering.order()].reshape(grid), seen)
    for ordering in every_ordering(shape):
        if not isinstance(ordering, (Raster, Column)):
            assert ordering.step_grid() is None


@given(shapes)
def test_neighbours_in_a_zigzag_are_neighbouring_pixels(shape: tuple[int, ...]) -> None:
    width = shape[0] if len(shape) == 1 else shape[1]
    channels = shape[2] if len(shape) == 3 else 1
    pixels = Zigzag(shape).order()[::channels] // channels
    row, column = pixels // width, pixels % width
    assert bool((row.diff().abs() + column.diff().abs() == 1).all())


def test_small_orders_by_hand() -> None:
    assert Raster((2, 3)).order().tolist() == [0, 1, 2, 3, 4, 5]
    assert Zigzag((2, 3)).order().tolist() == [0, 1, 2, 5, 4, 3]
    assert Column((2, 3)).order().tolist() == [0, 3, 1, 4, 2, 5]
    assert Column((2, 2, 3)).order().tolist() == [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]
    assert Zigzag((2, 2, 3)).order().tolist() == [0, 1, 2, 3, 4, 5, 9, 10, 11, 6, 7, 8]
    assert Given((3,), (1, 2, 0)).order().tolist() == [1, 2, 0]  # x₂, x₃, x₁


def test_a_seed_names_the_same_permutation_for_ever() -> None:
    """Files store the seed alone: another permutation would make old models meaningless."""
    assert Shuffled((8,), seed=0).order().tolist() == [3, 7, 5, 2, 4, 1, 6, 0]
    assert torch.equal(Shuffled((8,), seed=0).order(), Shuffled((2, 4), seed=0).order())
    assert Shuffled((8,), seed=0).order().tolist() != Shuffled((8,), seed=1).order().tolist()


@given(st.data())
def test_the_observed_come_first_in_every_row(data: st.DataObject) -> None:
    rows, size = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9))
    bits = st.lists(st.booleans(), min_size=size, max_size=size)
    known = torch.tensor(data.draw(st.lists(bits, min_size=rows, max_size=rows)))
    permutations = st.permutations(range(size))
    base = data.draw(
        st.one_of(st.none(), permutations, st.lists(permutations, min_size=rows, max_size=rows))
    )
    order = observed_first(known, None if base is None else torch.tensor(base))
    assert order.shape == (rows, size)
    for row in range(rows):
        steps = order[row].tolist()
        assert sorted(steps) == list(range(size))
        seen = known[row][order[row]].tolist()
        assert seen == sorted(seen, reverse=True)
        kept = list(range(size)) if base is None else base
        kept = kept[row] if isinstance(kept[0], list) else kept
        for group in (True, False):  # within the observed and the rest the given order stands
            members = [step for step in steps if bool(known[row, step]) == group]
            assert members == [step for step in kept if bool(known[row, step]) == group]


def test_observed_first_takes_events_of_any_shape() -> None:
    known = torch.tensor([[[False, True], [False, True]], [[False, False], [False, False]]])
    assert observed_first(known).tolist() == [[1, 3, 0, 2], [0, 1, 2, 3]]
    one = ObservedFirst((2, 2), (False, True, False, True))
    assert one.order().tolist() == [1, 3, 0, 2]


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1), st.integers(0, 3))
def test_a_string_is_valid_up_to_its_first_end(rows: list[list[int]], end: int) -> None:
    ordering = UntilEnd(end)
    assert ordering.num_steps is None
    assert ordering.event_shape == ()
    valid = ordering.valid(torch.tensor(rows))
    for row, belongs in zip(rows, valid.tolist(), strict=True):
        length = row.index(end) + 1 if end in row else len(row)
        assert belongs == [True] * length + [False] * (len(row) - length)


def test_strings_are_read_from_left_to_right() -> None:
    assert UntilEnd(0).order(4).tolist() == [0, 1, 2, 3]
    assert UntilEnd(0).step_grid() is None
    with pytest.raises(InputError, match="length: expected a number"):
        UntilEnd(0).order()


@pytest.mark.parametrize("rule", SPATIAL)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 2, 2, 2), (-1, 3)])
def test_shapes_that_are_no_image(rule: type, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"event_shape: expected \(D,\), \(H, W\) or"):
        rule(shape).order()


def test_lists_that_are_no_order() -> None:
    for steps in ((0, 1), (0, 1, 1), (0, 1, 3), ()):
        with pytest.raises(InputError, match="steps: expected every number from 0 to 2 once"):
            Given((3,), steps)
    with pytest.raises(InputError, match="observed: expected 3 entries, got 2"):
        ObservedFirst((3,), (True, False))
