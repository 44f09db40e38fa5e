"""A table beside what a model draws: each column's histogram, and each pair of columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import as_numbers

__all__ = ["MOST_COLUMNS", "table_pairs"]

MOST_COLUMNS = 4
"""Columns that are shown: the first so many."""
_PANEL, _GAP, _MARGIN, _HEADING, _BELOW, _LEFT = 1.3, 0.12, 0.18, 0.55, 0.25, 0.3  # inches
_BINS = 24
_POINT = 4.0


def table_pairs(
    rows: Any, samples: Any, path: str | Path, title: str = "", columns: Sequence[str] = ()
) -> Path:
    """(N, D) rows, (M, D) samples, a path (.png, .pdf, .svg) -> the path: the first four columns.

    On the diagonal both histograms of a column, below it pairs of columns of the rows, above it
    those of the samples, on the same axes: a model that has learnt the table is its mirror image.
    Unknown values (NaN) are left out.

    Raises:
        InputError: no row, no sample, or not as many columns in both.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    real, drawn = as_numbers(rows, "rows"), as_numbers(samples, "samples")
    if real.ndim != 2 or real.shape[1:] != drawn.shape[1:]:
        raise InputError(
            f"samples: expected rows of the shape of rows, {real.shape[1:]}, got {drawn.shape[1:]}"
        )
    shown = min(MOST_COLUMNS, real.shape[1])
    names = [*columns[:shown], *(f"column {place}" for place in range(len(columns), shown))]
    side = shown * (_PANEL + _GAP) - _GAP
    width, height = max(_LEFT + side + _MARGIN, 3.0), _MARGIN + _HEADING + side + _BELOW
    figure = style.new_figure(width, height)
    style.write_title(figure, title, _MARGIN, _MARGIN)
    _write_legend(figure, width, height)
    for down in range(shown):
        for across in range(shown):
            left = _LEFT + across * (_PANEL + _GAP)
            lower = height - _MARGIN - _HEADING - down * (_PANEL + _GAP) - _PANEL
            axes = figure.add_axes((left / width, lower / height, _PANEL / width, _PANEL / height))
            if down == across:
                _draw_histograms(axes, real[:, down], drawn[:, down], names[down])
            else:
                below = down > across
                values, colour = (real, style.BLUE) if below else (drawn, style.VERMILION)
                axes.scatter(
                    values[:, across], values[:, down], s=_POINT, color=colour, alpha=0.5,
                    linewidths=0,
                )  # fmt: skip
                axes.set_xlim(*_span(real[:, across], drawn[:, across]))
                axes.set_ylim(*_span(real[:, down], drawn[:, down]))
            style.tidy(axes, frame=True)
            axes.set_xticks([])
            axes.set_yticks([])
    return style.write_figure(figure, path)


def _write_legend(figure: Figure, width: float, height: float) -> None:
    """(): whose each colour is, under the title."""
    for left, text, colour in (
        (_MARGIN, "test rows (below)", style.BLUE),
        (_MARGIN + 1.25, "samples (above)", style.VERMILION),
    ):
        figure.text(
            left / width, 1 - (_MARGIN + 0.3) / height, text, fontsize=style.LABEL_SIZE,
            va="top", fontweight="bold", **{**style.TEXT, "color": colour},
        )  # fmt: skip


def _draw_histograms(
    axes: Axes, real: NDArray[np.float64], drawn: NDArray[np.float64], name: str
) -> None:
    """Values of one column by each, its name -> (): densities over the same bins."""
    edges = np.linspace(*_span(real, drawn), _BINS + 1)
    for values, colour in ((real, style.BLUE), (drawn, style.VERMILION)):
        known = values[np.isfinite(values)]
        axes.hist(known, edges.tolist(), density=len(known) > 0, histtype="step", color=colour)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.3)  # room for the name
    axes.text(
        0.05, 0.95, style.legible(name[:24]), transform=axes.transAxes, va="top", parse_math=False,
        fontsize=style.LABEL_SIZE - 1, **style.TEXT,
    )  # fmt: skip


def _span(real: NDArray[np.float64], drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Values by each -> the ends of an axis that holds the rows, and nearly all of the samples."""
    known = real[np.isfinite(real)]
    known = known if len(known) else drawn[np.isfinite(drawn)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.1 * (high - low) or 0.5
    return low - room, high + room
