"""The picture of likelihood against ordering: a panel per system, a row per order."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from arden.plots import style

__all__ = ["Row", "draw_likelihoods"]

# Inches.
_NAMES, _PANEL, _BETWEEN, _MARGIN = 1.62, 1.95, 0.3, 0.18
_ROW, _HEADING, _BELOW, _NOTE = 0.2, 0.3, 0.5, 0.38
_NOTES = (
    "Dots: test nats per row, mean over seeds; lower is better. Small marks: single seeds. Thin "
    "bars: ± one standard error over test rows, which all orders share. Thick bars: ± one standard "
    "error of the row-by-row difference from raster, for ensembles from their best member."
)


@dataclass(frozen=True)
class Row:
    """One order or ensemble: test nats of every seed, their error, and a paired difference."""

    name: str
    nats: list[float]
    error: float
    difference: float | None = None
    difference_error: float | None = None
    ensemble: bool = False

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return statistics.mean(self.nats)


def draw_likelihoods(panels: dict[tuple[str, str], Sequence[Row]], path: Path) -> Path:
    """Rows by (system, data set), a path -> the path: a line of panels for every data set."""
    data_names = list(dict.fromkeys(data for _, data in panels))
    systems = list(dict.fromkeys(system for system, _ in panels))
    names = list(dict.fromkeys(row.name for rows in panels.values() for row in rows))
    down = len(names) * _ROW
    width = 2 * _MARGIN + _NAMES + len(systems) * (_PANEL + _BETWEEN) - _BETWEEN
    # The note's lines are not bold: what fits in bold fits.
    notes = style.wrapped(_NOTES, width - 2 * _MARGIN, style.LABEL_SIZE - 1)
    below = 0.16 * (notes.count("\n") + 1) + 0.08
    height = 2 * _MARGIN + len(data_names) * (_HEADING + down + _BELOW) + below
    figure = style.new_figure(width, height)
    for (system, data), rows in panels.items():
        line, column = data_names.index(data), systems.index(system)
        left = _MARGIN + _NAMES + column * (_PANEL + _BETWEEN)
        top = _MARGIN + line * (_HEADING + down + _BELOW) + _HEADING
        axes = figure.add_axes(
            (left / width, 1 - (top + down) / height, _PANEL / width, down / height)
        )
        _draw_panel(axes, names, rows)
        axes.set_title(
            f"{system} on {data}",
            fontsize=style.TITLE_SIZE,
            fontweight="bold",
            loc="left",
            **style.TEXT,
        )
        axes.set_yticks(range(len(names)), names if column == 0 else [""] * len(names))
        style.tidy(axes)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    figure.text(
        _MARGIN / width,
        _MARGIN / height,
        notes,
        fontsize=style.LABEL_SIZE - 1,
        va="bottom",
        **{**style.TEXT, "color": style.MUTED},
    )
    return style.write_figure(figure, path)


def _draw_panel(axes: Axes, names: list[str], rows: Sequence[Row]) -> None:
    for place in range(len(names)):
        axes.axhline(place, color=style.RULE, linewidth=0.5, zorder=0)
    orders = [row for row in rows if not row.ensemble]
    if orders and len(orders) < len(rows):
        axes.axhline(len(names) - 2.5, color=style.MUTED, linewidth=0.6, zorder=0)
    for row in rows:
        place = names.index(row.name)
        colour = style.VERMILION if row.ensemble else style.BLUE
        axes.plot(
            [row.mean - row.error, row.mean + row.error], [place] * 2, color=colour, linewidth=0.8
        )
        if row.difference_error is not None:
            bar = [row.mean - row.difference_error, row.mean + row.difference_error]
            axes.plot(
                bar, [place] * 2, color=colour, linewidth=3, alpha=0.55, solid_capstyle="butt"
            )
        if len(row.nats) > 1:
            axes.plot(
                row.nats, [place] * len(row.nats), "|", color=style.INK, markersize=5, mew=0.7
            )
        axes.plot(
            row.mean,
            place,
            "D" if row.ensemble else "o",
            color=colour,
            markersize=4.5 if row.ensemble else 4.8,
            markeredgecolor=style.PAPER,
            markeredgewidth=0.6,
        )
    axes.set_ylim(len(names) - 0.5, -0.5)
    style.place_ticks(axes.xaxis, 5, whole=False)
    axes.set_xlabel("nats per row", fontsize=style.LABEL_SIZE, **style.TEXT)
