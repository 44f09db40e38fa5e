"""A table beside what was drawn: both are there, in their colours, and nonsense is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arden.errors import InputError
from arden.plots.table_pairs import _span, table_pairs


def a_table(rows: int, columns: int, seed: int) -> np.ndarray:
    """N, D -> (N, D) numbers; one of them is unknown."""
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    values[0, 0] = np.nan
    return values


@pytest.mark.parametrize("columns", [1, 2, 6])
def test_rows_lie_below_and_samples_above(columns: int, tmp_path: Path, figures: Any) -> None:
    rows, samples = a_table(30, columns, 0), a_table(50, columns, 1)
    table_pairs(rows, samples, tmp_path / "x.png", "A title", ["first", "second"][:columns])
    shown = min(columns, 4)
    [figure] = figures
    panels = figure.axes
    assert len(panels) == shown**2
    for place, axes in enumerate(panels):
        down, across = divmod(place, shown)
        if down == across:
            assert len(axes.patches) == 2  # one outline each
            continue
        [points] = axes.collections
        whose = rows if down > across else samples
        found = np.ma.getdata(points.get_offsets())
        assert np.array_equal(found, whose[:, [across, down]], equal_nan=True)


def test_the_axes_hold_the_rows() -> None:
    low, high = _span(np.array([1.0, np.nan, 3.0]), np.array([100.0]))
    assert low < 1 < 3 < high < 4
    assert _span(np.array([np.nan]), np.array([np.nan])) == (0.0, 1.0)
    low, high = _span(np.array([2.0, 2.0]), np.array([2.0]))
    assert low < 2 < high


def test_nonsense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="samples: expected rows of the shape"):
        table_pairs(a_table(3, 2, 0), a_table(3, 3, 0), tmp_path / "x.png")
    with pytest.raises(InputError, match="rows: expected one or more events"):
        table_pairs(np.zeros((0, 2)), a_table(3, 2, 0), tmp_path / "x.png")
