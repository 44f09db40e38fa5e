"""Several orderings side by side, drawn alike: which path each takes through an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from arden.errors import InputError
from arden.plots import style
from arden.plots.ordering_panel import draw_ordering, ordering_path

__all__ = ["OrderingPanel", "ordering_sheet"]

# Inches.
_PANEL, _BETWEEN, _MARGIN = 1.75, 0.24, 0.18
_TITLE_LINE, _HEADING = 0.19, 0.28
_LEAST = 0.2  # of a side, however narrow the image
_BAR, _BAR_LABELS = 0.11, 0.3
_COLUMNS = 4


@dataclass(frozen=True)
class OrderingPanel:
    """A heading, (T,) the event index of each step, (H, W), (H, W, C) or (D,)."""

    heading: str
    order: Any
    event_shape: tuple[int, ...]


def ordering_sheet(panels: Sequence[OrderingPanel], path: str | Path, title: str = "") -> Path:
    """Panels, a path -> the path: up to four of one size in a line, one scale for all of them.

    Raises:
        InputError: no panel, an order that does not visit every scalar once, a shape that is no
            image, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    if not panels:
        raise InputError("panels: expected at least one ordering, got none")
    shapes = [ordering_path(panel.order, panel.event_shape)[1].shape for panel in panels]
    sides = [
        (max(_LEAST, _PANEL * width / most), max(_LEAST, _PANEL * height / most))
        for height, width in shapes
        for most in [max(height, width)]
    ]
    lines = _lines(panels, _COLUMNS)
    columns = max(map(len, lines))
    width = 2 * _MARGIN + columns * (_PANEL + _BETWEEN) - _BETWEEN
    titled = len(style.wrapped(title, width - 2 * _MARGIN, style.TITLE_SIZE).splitlines())
    above = _MARGIN + titled * _TITLE_LINE + (0.06 if title else 0)
    tall = [_HEADING + max(sides[index][1] for index in line) + _BETWEEN for line in lines]
    height = above + sum(tall) + _BAR + _BAR_LABELS + _MARGIN
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    top = above
    for line, lower in zip(lines, tall, strict=True):
        for column, index in enumerate(line):
            left = _MARGIN + column * (_PANEL + _BETWEEN)
            _place(figure, panels[index], left, top, sides[index], max(shapes[index]))
        top += lower
    _scale(figure, top)
    return style.write_figure(figure, path)


def _lines(panels: Sequence[OrderingPanel], columns: int) -> list[list[int]]:
    """Panels, how many fit side by side -> their numbers by line; another size begins a new one."""
    lines: list[list[int]] = []
    for index, panel in enumerate(panels):
        same = lines and panels[lines[-1][-1]].event_shape == panel.event_shape
        if not same or len(lines[-1]) == columns:
            lines.append([])
        lines[-1].append(index)
    return lines


def _place(
    figure: Figure,
    panel: OrderingPanel,
    left: float,
    top: float,
    sides: tuple[float, float],
    cells: int,
) -> None:
    """A panel, inches from the left and the top, its sides and the cells of the longer one."""
    width, height = figure.get_size_inches()
    across, down = sides
    figure.text(
        left / width,
        1 - (top + _HEADING - 0.07) / height,
        style.legible(panel.heading),
        fontsize=style.LABEL_SIZE + 0.5,
        va="baseline",
        parse_math=False,
        **style.TEXT,
    )
    axes = figure.add_axes(
        (left / width, 1 - (top + _HEADING + down) / height, across / width, down / height)
    )
    # At this size numbers could not be read.
    draw_ordering(axes, panel.order, panel.event_shape, 72 * _PANEL / cells, numbers=False)


def _scale(figure: Figure, top: float) -> None:
    """A figure, inches from the top -> (): what the colours and the dots stand for."""
    width, height = figure.get_size_inches()
    colours = ScalarMappable(Normalize(0, 1), matplotlib.colormaps[style.SEQUENTIAL])
    axes = figure.add_axes(
        (_MARGIN / width, 1 - (top + _BAR) / height, _PANEL / width, _BAR / height)
    )
    bar = figure.colorbar(colours, cax=axes, orientation="horizontal", ticks=[0, 1])
    bar.ax.set_xticklabels(["first step", "last step"])
    style.tidy(axes)
    axes.spines[:].set_visible(False)
    axes.spines["outline"].set(visible=True, linewidth=0.4, edgecolor=style.MUTED)
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
