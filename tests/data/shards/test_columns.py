"""A column told from its pieces is what it would be if all of it had been there at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arden.data.column import Column
from arden.data.raw import RawColumn
from arden.data.shards.columns import ColumnSoFar
from arden.data.table_kinds import kind_of
from arden.errors import InputError

SOURCE = np.random.default_rng(0)


def raw(cells: Sequence[Any] | np.ndarray, missing: np.ndarray | None = None) -> RawColumn:
    """Cells, which of them hold nothing -> a column as a reader hands it over."""
    array = np.asarray(cells)
    if array.dtype.kind == "U":
        array = array.astype(object)
    gaps = np.zeros(len(array), dtype=bool) if missing is None else missing
    return RawColumn("c", array, gaps, str(array.dtype))


def in_pieces(
    whole: RawColumn, trained: np.ndarray, cuts: Sequence[int], unseen: str = "refuse"
) -> Any:
    """A column, its training rows, where it is cut -> what its pieces tell."""
    column = ColumnSoFar("c")
    for low, high in zip([0, *cuts], [*cuts, len(whole.cells)], strict=True):
        piece = RawColumn("c", whole.cells[low:high], whole.missing[low:high], whole.dtype)
        column.add(piece, trained[low:high], "a file")
    return column.kind(unseen)


COLUMNS = {
    "two words": SOURCE.choice(["yes", "no"], 100),
    "one word": np.array(["same"] * 50),
    "names": np.array([f"name {place}" for place in range(60)]),
    "many words": SOURCE.choice([f"word {place}" for place in range(300)], 3000),
    "some words": SOURCE.choice([f"word {place}" for place in range(40)], 70),
    "words often": np.append(["rest"] * 1000, [f"word {place}" for place in range(99)]),
    "row numbers": np.arange(5, 65),
    "row numbers of many": np.arange(9000),
    "shuffled numbers": SOURCE.permutation(60),
    "falling numbers": np.arange(60)[::-1].copy(),
    "few whole": SOURCE.integers(3, 9, 80),
    "whole": SOURCE.integers(-40, 900, 500),
    "far apart": SOURCE.integers(0, 2**40, 400),
    "two numbers": SOURCE.choice([7, 9], 30),
    "whole reals": SOURCE.integers(0, 9, 50).astype(float),
    "tenths": np.round(SOURCE.normal(size=400), 1),
    "few tenths": SOURCE.choice([0.5, 1.0, 1.5], 90),
    "reals": SOURCE.normal(size=9000),
    "a late fraction": np.append(np.arange(9000.0), 0.25),
    "truths": SOURCE.choice([True, False], 40),
    "always true": np.array([True] * 40),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("unseen", ["refuse", "other"])
def test_pieces_tell_what_the_whole_tells(name: str, gaps: bool, unseen: str) -> None:
    cells = COLUMNS[name]
    missing = SOURCE.random(len(cells)) < 0.2 if gaps else None
    whole, trained = raw(cells, missing), SOURCE.random(len(cells)) < 0.8
    found = in_pieces(whole, trained, [1, len(cells) // 3, len(cells) // 2], unseen)
    expected = kind_of(whole, trained, unseen)
    assert type(found) is type(expected)
    assert found == expected
    if "more than" not in found.note and not found.note.startswith("all "):
        assert found.note == expected.note


@given(
    cells=st.lists(st.sampled_from([0, 1, 2, 3, 5, 8, 40, 10**7]), min_size=1, max_size=90)
    | st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=90)
    | st.lists(st.sampled_from([0.5, 1.0, 2.25, 3.0]), min_size=1, max_size=90),
    seed=st.integers(0, 9),
    unseen=st.sampled_from(["refuse", "other"]),
)
@settings(max_examples=60, deadline=None)
def test_pieces_of_any_column(cells: list[Any], seed: int, unseen: str) -> None:
    source = np.random.default_rng(seed)
    whole, trained = raw(cells, source.random(len(cells)) < 0.2), source.random(len(cells)) < 0.7
    cuts = sorted(source.integers(0, len(cells) + 1, 3).tolist())
    found, expected = in_pieces(whole, trained, cuts, unseen), kind_of(whole, trained, unseen)
    assert found == expected
    assert found.note == expected.note or "differ" in expected.note


def test_pieces_of_nothing_tell_nothing() -> None:
    nothing = RawColumn("c", np.full(3, "", dtype=object), np.ones(3, dtype=bool), "null")
    column = ColumnSoFar("c")
    for piece in (nothing, raw([1, 2, 2]), nothing):
        column.add(piece, np.ones(3, dtype=bool), "a file")
    found = column.kind()
    assert isinstance(found, Column)
    assert found.levels == (1, 2)


def test_files_that_disagree_are_refused() -> None:
    column = ColumnSoFar("c")
    column.add(raw([1, 2, 2]), np.ones(3, dtype=bool), "a.parquet")
    with pytest.raises(InputError, match=r'"c": expected int64 as in a.parquet, got .* in b.parq'):
        column.add(raw(["x", "y", "y"]), np.ones(3, dtype=bool), "b.parquet")
