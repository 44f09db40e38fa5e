"""One ordering drawn onto axes: when each pixel is reached, and the path from one to the next."""

from __future__ import annotations

import math
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["draw_ordering", "ordering_path"]

_NUMBERED = 16  # cells a side, up to which the step fits into the cell


def ordering_path(
    order: Any, event_shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(T,), shape -> (T, 2) row and column of each step, (H, W) first step of each pixel.

    Raises:
        InputError: an order that does not visit every scalar once, a shape that is no image.

    >>> pixels, steps = ordering_path([2, 3, 0, 1], (1, 2, 2))
    >>> pixels.tolist(), steps.tolist()
    ([[0, 1], [0, 1], [0, 0], [0, 0]], [[2, 0]])
    """
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


def draw_ordering(
    axes: Axes, order: Any, event_shape: tuple[int, ...], cell: float, *, numbers: bool = True
) -> ScalarMappable:
    """Axes, (T,) event index of each step, a shape, the size of a cell in points -> its colours.

    Small images have the steps' ``numbers`` in their cells.
    """
    pixels, steps = ordering_path(order, event_shape)
    height, width = steps.shape
    last = max(1, int(steps.max()))
    norm = Normalize(0, last)
    colours = matplotlib.colormaps[style.SEQUENTIAL]
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
    _draw_path(axes, pixels, cell)
    if numbers and max(height, width) <= _NUMBERED:
        for (row, column), step in np.ndenumerate(steps):
            axes.text(
                column - 0.42,
                row - 0.4,
                str(step),
                va="top",
                fontsize=min(9.0, 0.27 * cell),
                **{**style.TEXT, "color": _on_colours(bool(step < last / 2))},
            )
    return ScalarMappable(norm, colours)


def _on_colours(dark: bool) -> str:
    """Whether the ground is dark -> the colour to be read on it."""
    return style.PAPER if dark else style.INK


def _draw_path(axes: Axes, pixels: NDArray[np.int64], cell: float) -> None:
    """(T, 2) rows and columns, the size of a cell in points -> (): the line, its start, its end."""
    # The steps from channel to channel of one pixel go nowhere.
    moved = np.any(np.diff(pixels, axis=0) != 0, axis=1)
    pixels = pixels[np.concatenate([[True], moved])]
    points = pixels[:, ::-1].astype(np.float64)
    segments = np.stack([points[:-1], points[1:]], axis=1)
    hops = np.abs(np.diff(pixels, axis=0)).max(axis=1)
    colours = np.array([_on_colours(step < len(hops) / 2) for step in range(len(hops))])
    near, far = hops <= 1, hops > 1
    bold = min(1.6, max(0.35, 0.07 * cell))
    # Orders that mostly jump have no path: their lines would only hide the colours.
    if far.sum() < near.sum():
        axes.add_collection(
            LineCollection(list(segments[far]), colors=list(colours[far]), linewidths=0.4 * bold)
        )
        axes.add_collection(
            LineCollection(
                list(segments[near]),
                colors=list(colours[near]),
                linewidths=bold,
                capstyle="round",
            )
        )
    size = min(7.0, max(3.0, 0.3 * cell))
    for place, face in ((points[-1], style.INK), (points[0], style.PAPER)):
        axes.plot(
            *place, "o", markersize=size, markerfacecolor=face, markeredgecolor=style.VERMILION
        )
