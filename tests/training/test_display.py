"""A fit's live line: what it says on a terminal, and that it says nothing elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from arden.cli.reading import ReadingDisplay
from arden.training.display import FitDisplay
from arden.training.outcome import Progress

HALF_WAY = Progress(
    epoch=2,
    epochs=4,
    rows=500,
    rows_per_epoch=500,
    seconds=100.0,
    train=17.25,
    valid=18.5,
    best_valid=18.5,
    improved=True,
)


def shown(is_terminal: bool, quiet: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=is_terminal, width=140, quiet=quiet)
    with FitDisplay("nade", console) as display:
        display(HALF_WAY)
    return file.getvalue()


def test_rate_and_time_left() -> None:
    line = shown(is_terminal=True)
    for words in ("nade", "epoch 2/4", "train 17.25", "valid 18.50", "best", "10 rows/s", "1:40"):
        assert words in line


def test_nothing_elsewhere() -> None:
    assert shown(is_terminal=False) == ""
    assert shown(is_terminal=True, quiet=True) == ""


@pytest.mark.parametrize("is_terminal", [True, False])
def test_reading_a_file(is_terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=140)
    with ReadingDisplay("score", "row", console) as display:
        display.show(0.5, 700)
    assert ("700 rows" in console.file.getvalue()) == is_terminal  # type: ignore[attr-defined]
