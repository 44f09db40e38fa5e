"""Windows: each symbol scored once, with half a window before it, in the order of the file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arden.data.windows import scoring_windows, training_windows
from arden.errors import InputError


@st.composite
def cases(draw):
    """-> lengths of documents, W, S."""
    lengths = draw(st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(any))
    window = draw(st.integers(2, 12))
    return lengths, window, draw(st.integers(1, window // 2))


def numbered(lengths: list[int]) -> list[np.ndarray]:
    """Lengths -> documents whose every symbol is a number of its own, from 1."""
    ends = np.cumsum(lengths)
    return [
        np.arange(end - length, end, dtype=np.int64) + 1
        for end, length in zip(ends, lengths, strict=True)
    ]


@given(cases())
def test_each_symbol_is_scored_once_with_its_context(case):
    lengths, window, stride = case
    documents = numbered(lengths)
    windows = scoring_windows(documents, window, stride)
    rows = windows.take()
    assert rows.values.shape == (len(windows), window)
    # In the order of the file, so that terms[scored] is one number a symbol.
    assert rows.values[rows.scored].tolist() == list(range(1, sum(lengths) + 1))
    observed = rows.values > 0
    if rows.observed is None:
        assert observed.all()
    else:
        assert rows.observed.equal(observed)
    for row in range(len(windows)):
        values = rows.values[row].tolist()
        document = documents[windows.document[row]].tolist()
        held = [value for value in values if value]
        first = document.index(held[0])
        assert held == document[first : first + window]  # neighbours, of one document
        begins = rows.scored[row].tolist().index(True)
        assert first == 0 or begins >= window - stride >= window / 2
        assert first > 0 or begins == 0


@given(cases())
def test_training_windows_hold_every_symbol_and_padding_only_where_it_must_be(case):
    lengths, window, stride = case
    documents = numbered(lengths)
    rows = training_windows(documents, window, stride).take()
    assert rows.scored is None
    assert set(rows.values.flatten().tolist()) - {0} == set(range(1, sum(lengths) + 1))
    assert (rows.observed is None) == all(n == 0 or n >= window for n in lengths)
    for values in rows.values.tolist():
        held = [value for value in values if value]
        assert held == list(range(held[0], held[0] + len(held)))
        assert any(set(held) <= set(document.tolist()) for document in documents)


def test_by_hand():
    rows = scoring_windows([np.arange(1, 8), np.array([9, 8])], 4, 2, np.array([5, 6])).take()
    assert rows.values.tolist() == [[1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7, 0], [9, 8, 0, 0]]
    assert rows.scored.long().tolist() == [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 0]]
    assert rows.observed.long().tolist()[1:] == [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]]
    assert rows.labels.tolist() == [5, 5, 5, 6]
    rows = training_windows([np.arange(1, 8)], 4, 2).take()
    assert rows.values.tolist() == [[1, 2, 3, 4], [3, 4, 5, 6], [4, 5, 6, 7]]


def test_a_symbol_does_not_depend_on_what_follows_it():
    """Windows of a longer document are those of a shorter one, as far as that one goes."""
    long, short = numbered([23])[0], numbered([16])[0]
    ours, theirs = (scoring_windows([d], 6, 3).take() for d in (long, short))
    for row in range(len(theirs)):
        held = theirs.values[row] > 0
        assert ours.values[row][held].equal(theirs.values[row][held])
        assert ours.scored[row][held].equal(theirs.scored[row][held])


def test_chunks_are_the_rows_of_the_whole():
    windows = scoring_windows(numbered([17, 0, 5]), 4, 1)
    whole = windows.take()
    for start in range(0, len(windows), 3):
        part = windows.take(slice(start, start + 3))
        assert part.values.equal(whole.values[start : start + 3])
        assert part.scored.equal(whole.scored[start : start + 3])


@pytest.mark.parametrize(
    ("window", "stride", "told"),
    [
        (1, 1, "window must be a whole number of at least 2, got 1."),
        (4.0, 1, "window must be a whole number"),
        (True, 1, "window must be a whole number"),
        (4, 0, "stride must be a whole number of at least 1, got 0."),
        (4, 3, "stride must be at most half the window of 4"),
        (5, 3, "at most half the window of 5"),
    ],
)
def test_windows_that_cannot_be(window, stride, told):
    for cut in (scoring_windows, training_windows):
        with pytest.raises(InputError, match=told):
            cut(numbered([9]), window, stride)
