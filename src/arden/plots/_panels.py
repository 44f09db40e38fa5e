"""Two pictures of the same events side by side, each pixel of theirs a pixel of the figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from arden.plots import style
from arden.plots._tiles import PANEL_SIZE, Tiling

__all__ = ["ColourBar", "Panel", "beside"]

# In pixels of the figure.
_MARGIN = 40
_BETWEEN = 70
_HEADING = 56
_TITLE_LINE = 36
_BAR_GAP, _BAR_WIDTH, _BAR_LABELS = 24, 22, 130
_AXIS_LEFT, _AXIS_BELOW = 90, 90
# A lower colour bar would have no room for its words.
_SHORTEST_BAR = 280
# Narrower pictures still get the room that their headings need.
_NARROWEST = PANEL_SIZE


@dataclass(frozen=True)
class Panel:
    """A heading, the picture under it, and a line of text under every tile (or none)."""

    heading: str
    tiling: Tiling
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class ColourBar:
    """What the (256, 3) colours of the right panel stand for, in words.

    ``whole``: its values are whole numbers; ``beyond``: some values are above ``highest``.
    """

    colours: NDArray[np.uint8]
    lowest: float
    highest: float
    label: str
    whole: bool = False
    beyond: bool = False


def beside(
    left: Panel,
    right: Panel,
    title: str,
    path: str | Path,
    bar: ColourBar,
    event_size: int,
) -> Path:
    """Two panels of one size, a path -> the path of the figure.

    ``event_size`` D puts axes (variable, event) on panels whose tiling is one of rows.
    """
    style.picture_format(path)
    height, picture_width, _ = left.tiling.pixels.shape
    axis_left, axis_below = (_AXIS_LEFT, _AXIS_BELOW) if left.tiling.rows else (0, 0)
    slot = max(picture_width, _NARROWEST)
    bar_width = _BAR_GAP + _BAR_WIDTH + _BAR_LABELS
    second = _MARGIN + axis_left + slot + _BETWEEN
    width = second + slot + bar_width + _MARGIN
    lines = style.wrapped(title, (width - 2 * _MARGIN) / style.DPI, style.TITLE_SIZE).count("\n")
    title_height = _TITLE_LINE * (lines + 1) if title else 0
    top = _MARGIN + title_height + _HEADING
    tall = max(int(left.tiling.corners[:, 1].max()), _SHORTEST_BAR)
    total = top + max(height, tall) + axis_below + _MARGIN
    figure = style.new_figure(width / style.DPI, total / style.DPI)
    if title:
        style.write_title(figure, title, _MARGIN / style.DPI, _MARGIN / style.DPI)
    for panel, start in ((left, _MARGIN + axis_left), (right, second)):
        axes = _place(figure, start, top, picture_width, height)
        _draw(axes, panel, event_size, show_events=panel is left)
        figure.text(
            start / width,
            1 - (top - 16) / total,
            panel.heading,
            fontsize=style.LABEL_SIZE + 0.5,
            va="baseline",
            **style.TEXT,
        )
    start = second + picture_width + _BAR_GAP
    _draw_bar(_place(figure, start, top, _BAR_WIDTH, tall), bar)
    return style.write_figure(figure, path)


def _place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Pixels from the upper left corner of the figure -> axes exactly there."""
    across, down = figure.get_size_inches() * style.DPI
    return figure.add_axes(
        (left / across, 1 - (top + height) / down, width / across, height / down)
    )


def _draw(axes: Axes, panel: Panel, event_size: int, show_events: bool) -> None:
    pixels = panel.tiling.pixels
    height, width, _ = pixels.shape
    count = len(panel.tiling.corners)
    rows = panel.tiling.rows
    extent = (-0.5, event_size - 0.5, count - 0.5, -0.5) if rows else (0, width, height, 0)
    axes.imshow(pixels, interpolation="nearest", aspect="auto", origin="upper", extent=extent)
    for note, (left, lower) in zip(panel.notes, panel.tiling.corners, strict=False):
        axes.text(
            left + panel.tiling.tile_width / 2,
            lower + 5,
            note,
            ha="center",
            va="top",
            fontsize=style.LABEL_SIZE - 1.5,
            **style.TEXT,
        )
    if not rows:
        axes.set_axis_off()
        return
    for axis in (axes.xaxis, axes.yaxis):
        style.place_ticks(axis, 6)
    axes.set_xlabel("variable (from 0)", fontsize=style.LABEL_SIZE, **style.TEXT)
    if show_events:
        axes.set_ylabel("event", fontsize=style.LABEL_SIZE, **style.TEXT)
    else:
        axes.set_yticks([])
    style.tidy(axes, frame=True)


def _draw_bar(axes: Axes, bar: ColourBar) -> None:
    mapped = ScalarMappable(Normalize(bar.lowest, bar.highest), ListedColormap(bar.colours / 255.0))
    style.colour_bar(axes, mapped, bar.label, whole=bar.whole, beyond=bar.beyond)
