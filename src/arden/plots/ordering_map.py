"""The path of an ordering over the pixels of an image, and the step at which each is reached."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["ordering_map"]

_PANEL = 3.0  # inches, the longer side
_MARGIN, _TITLE_LINE, _BAR = 0.18, 0.19, 0.75
_NUMBERED = 16  # cells a side, up to which the step fits into the cell


def ordering_map(order: Any, event_shape: tuple[int, ...], path: str | Path, title: str) -> Path:
    """(T,) event index of each step, (H, W), (H, W, C) or (D,), a path -> the path.

    Takes what `Ordering.order()` gives. Colours, and numbers where there is room, say at which
    step (from 0) a pixel is reached, for pixels with channels the first of them. The path is drawn
    for orders that mostly go from neighbour to neighbour, thin where they jump; white is the first
    step, black the last.

    Raises:
        InputError: an order that does not visit every scalar once, a shape that is no image, an
            ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    pixels, steps = _pixels(order, event_shape)
    height, width = steps.shape
    # Cells are square, but a row of many columns is not drawn as thin as they would make it.
    across, down = (max(0.35, _PANEL * size / max(height, width)) for size in (width, height))
    lines = len(style.wrapped(title, max(across, _PANEL), style.TITLE_SIZE).splitlines())
    above = _MARGIN + lines * _TITLE_LINE + 0.06 if title else _MARGIN
    # The colour bar stays readable beside a picture one pixel high.
    tall = max(down, 0.9)
    full = (2 * _MARGIN + max(across, _PANEL) + _BAR, above + tall + _MARGIN)
    figure = style.new_figure(*full)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    axes = figure.add_axes(
        (_MARGIN / full[0], 1 - (above + down) / full[1], across / full[0], down / full[1])
    )
    colours = matplotlib.colormaps[style.SEQUENTIAL]
    last = max(1, int(steps.max()))
    norm = Normalize(0, last)
    axes.pcolormesh(
        np.arange(width + 1) - 0.5,
        np.arange(height + 1) - 0.5,
        steps,
        cmap=colours,
        norm=norm,
        edgecolors=style.PAPER,
        linewidth=0.6 if max(height, width) <= _NUMBERED else 0,
        rasterized=True,
    )
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_axis_off()
    cell = _PANEL / max(height, width) * 72
    _draw_path(axes, pixels, cell)
    if max(height, width) <= _NUMBERED:
        for (row, column), step in np.ndenumerate(steps):
            dark = step < last / 2
            axes.text(
                column - 0.42,
                row - 0.4,
                str(step),
                va="top",
                fontsize=min(9.0, 0.27 * cell),
                **{**style.TEXT, "color": style.PAPER if dark else style.INK},
            )
    bar = figure.add_axes(
        (
            (_MARGIN + across + 0.12) / full[0],
            1 - (above + tall) / full[1],
            0.11 / full[0],
            tall / full[1],
        )
    )
    style.colour_bar(bar, ScalarMappable(norm, colours), "step (from 0)", whole=True)
    bar.invert_yaxis()  # as an image is read: first steps at the top
    return style.write_figure(figure, path)


def _pixels(
    order: Any, event_shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(T,), shape -> (T, 2) row and column of each step, (H, W) first step of each pixel."""
    visited = torch.as_tensor(order).detach().cpu().long().numpy()
    size = math.prod(event_shape)
    if not 1 <= len(event_shape) <= 3 or size < 1:
        raise InputError(f"event_shape: expected (D,), (H, W) or (H, W, C), got {event_shape}")
    if visited.ndim != 1 or not np.array_equal(np.sort(visited), np.arange(size)):
        raise InputError(
            f"order: expected every number from 0 to {size - 1} once, got {visited.tolist()[:8]} …"
        )
    height, width, channels = (1, size, 1) if len(event_shape) == 1 else (*event_shape, 1)[:3]
    step_of = np.argsort(visited).reshape(height, width, channels)
    places = visited // channels
    return np.stack([places // width, places % width], axis=1), step_of.min(axis=2)


def _draw_path(axes: Any, pixels: NDArray[np.int64], cell: float) -> None:
    """(T, 2) rows and columns, the size of a cell in points -> (): the line, its start, its end."""
    points = pixels[:, ::-1].astype(np.float64)
    segments = np.stack([points[:-1], points[1:]], axis=1)
    hops = np.abs(np.diff(pixels, axis=0)).max(axis=1)
    near, far = list(segments[hops <= 1]), list(segments[hops > 1])
    bold = min(1.6, max(0.35, 0.07 * cell))
    # Orders that mostly jump have no path: their lines would only hide the colours.
    if len(far) < len(near):
        axes.add_collection(LineCollection(far, colors=style.PAPER, linewidths=0.4 * bold))
        axes.add_collection(
            LineCollection(near, colors=style.PAPER, linewidths=bold, capstyle="round")
        )
    size = min(7.0, max(3.0, 0.3 * cell))
    for place, face in ((points[-1], style.INK), (points[0], style.PAPER)):
        axes.plot(
            *place, "o", markersize=size, markerfacecolor=face, markeredgecolor=style.VERMILION
        )
