"""Which pixels one pixel reads, model beside model: a blind spot is seen at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["receptive_field"]

# Inches.
_PANEL, _BETWEEN, _MARGIN, _HEADING, _TITLE_LINE, _LEGEND = 2.6, 0.3, 0.18, 0.42, 0.19, 0.3
_NARROWEST = 5.2  # the legend needs as much

# What a pixel can be, seen from the one that reads: its words and its colour.
_KINDS = (
    ("comes later", "#eef1f4"),
    ("read", style.BLUE),
    ("comes before, but is not read", style.ORANGE),
    ("the pixel itself", style.INK),
)


def receptive_field(
    models: Mapping[str, Any],
    event_shape: tuple[int, ...],
    pixel: tuple[int, int],
    path: str | Path,
    title: str,
) -> Path:
    """Name -> (T, T) bool, image shape, (y, x), a path -> the path: a panel for every model.

    Entry (t, j) says that step t reads step j, steps being the raster of the image. A pixel is read
    when any scalar of ``pixel`` reads any of its own.

    Raises:
        InputError: no model, a shape that is no image, a pixel outside it, a matrix that does not
            fit it, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    if not models:
        raise InputError("models: expected at least one, got none")
    if not 2 <= len(event_shape) <= 3 or math.prod(event_shape) < 1:
        raise InputError(f"event_shape: expected (H, W) or (H, W, C), got {event_shape}")
    height, width = event_shape[:2]
    if not (0 <= pixel[0] < height and 0 <= pixel[1] < width):
        raise InputError(f"pixel: expected (y, x) inside {height} x {width}, got {pixel}")
    panels = {name: _kinds(read, event_shape, pixel, name) for name, read in models.items()}
    across = max(len(panels) * (_PANEL + _BETWEEN) - _BETWEEN + 2 * _MARGIN, _NARROWEST)
    tall = _PANEL * height / width
    lines = style.wrapped(title, across - 2 * _MARGIN, style.TITLE_SIZE).count("\n") + 1
    top = _MARGIN + (lines * _TITLE_LINE if title else 0) + _HEADING
    down = top + tall + _LEGEND + _MARGIN
    figure = style.new_figure(across, down)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    for place, (name, kinds) in enumerate(panels.items()):
        left = _MARGIN + place * (_PANEL + _BETWEEN)
        axes = figure.add_axes(
            (left / across, 1 - (top + tall) / down, _PANEL / across, tall / down)
        )
        _draw(axes, kinds)
        before = int((kinds == 1).sum() + (kinds == 2).sum())
        axes.set_title(
            f"{name}\n{int((kinds == 1).sum())} of {before} pixels before it",
            fontsize=style.LABEL_SIZE,
            loc="left",
            pad=4,
            **style.TEXT,
        )
    _write_legend(figure, across, down)
    return style.write_figure(figure, path)


def _kinds(
    read: Any, event_shape: tuple[int, ...], pixel: tuple[int, int], name: str
) -> NDArray[np.int64]:
    """(T, T), shape, (y, x) -> (H, W): which of the kinds every pixel is."""
    height, width = event_shape[:2]
    channels, size = math.prod(event_shape[2:]), math.prod(event_shape)
    matrix = torch.as_tensor(read).detach().cpu().numpy() > 0
    if matrix.shape != (size, size):
        raise InputError(f"models: expected ({size}, {size}) for {name}, got {matrix.shape}")
    number = pixel[0] * width + pixel[1]
    rows = matrix[number * channels : (number + 1) * channels]
    seen = rows.any(axis=0).reshape(height * width, channels).any(axis=1)
    before = np.arange(height * width) < number
    kinds = np.where(seen, 1, np.where(before, 2, 0)).astype(np.int64)
    kinds[number] = 3
    return kinds.reshape(height, width)


def _draw(axes: Axes, kinds: NDArray[np.int64]) -> None:
    height, width = kinds.shape
    axes.pcolormesh(
        np.arange(width + 1) - 0.5,
        np.arange(height + 1) - 0.5,
        kinds,
        cmap=ListedColormap([colour for _, colour in _KINDS]),
        norm=Normalize(0, len(_KINDS) - 1),
        edgecolors=style.PAPER,
        linewidth=0.6 if max(height, width) <= 32 else 0,
        rasterized=True,
    )
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_axis_off()


def _write_legend(figure: Figure, across: float, down: float) -> None:
    """Figure, its size in inches -> (): a line of colours and words below the panels."""
    axes = figure.add_axes((0, 0, 1, (_MARGIN + _LEGEND) / down))
    axes.set_xlim(0, across)
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    left = _MARGIN + 0.06
    for words, colour in (_KINDS[1], _KINDS[2], _KINDS[3], _KINDS[0]):
        axes.plot(
            [left],
            [0.45],
            "s",
            markersize=7,
            color=colour,
            markeredgecolor=style.MUTED,
            markeredgewidth=0.4,
        )
        axes.text(left + 0.12, 0.45, words, va="center", fontsize=style.LABEL_SIZE, **style.TEXT)
        left += 0.34 + 0.052 * len(words)
