"""Numbers that come in pieces: the figures of the whole, however they are cut."""

from __future__ import annotations

import io
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from arden.cli.reading import ReadingDisplay
from arden.cli.running import Running


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.integers(1, 7), st.booleans())
def test_the_figures_of_the_whole(numbers: list[float], size: int, far: bool) -> None:
    # A common offset ruins the textbook formula (the mean of squares less the square of the mean).
    values = torch.tensor(numbers, dtype=torch.float64) + (1e9 if far else 0)
    found = Running()
    for piece in values.split(size):
        found.add(piece)
    assert found.count == len(values)
    assert found.mean == pytest.approx(values.mean().item(), rel=1e-12, abs=1e-9)
    assert (found.least, found.most) == (values.min().item(), values.max().item())
    assert (found.least_at, found.most_at) == (int(values.argmin()), int(values.argmax()))
    if len(values) == 1:
        assert math.isnan(found.standard_error)
    else:
        error = values.std().item() / math.sqrt(len(values))
        assert found.standard_error == pytest.approx(error, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("place", [0, 3, 5])
def test_something_impossible(place: int) -> None:
    values = torch.arange(6.0)
    values[place] = -math.inf
    found = Running()
    for piece in values.split(2):
        found.add(piece)
    found.add(torch.empty(0))
    assert found.mean == found.least == -math.inf
    assert found.least_at == place
    assert math.isnan(found.standard_error)


def test_the_display_is_for_terminals_only() -> None:
    for is_terminal in (True, False):
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=is_terminal, width=120)
        with ReadingDisplay("score", "row", console) as display:
            display.show(0.25, 1000)
            display.show(1.0, 4000)
        if is_terminal:
            assert "4,000 rows" in screen.getvalue()
            assert "a second" in screen.getvalue()
            assert "100%" in screen.getvalue()
        else:
            assert screen.getvalue() == ""
