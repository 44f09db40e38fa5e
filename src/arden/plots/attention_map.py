"""Which step of a network looked at which: its attention weights as heat, and as maps of pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._cells import show_cells, square_matrix
from arden.plots._tiles import as_numbers, data_colours, paint, value_range
from arden.plots.text_surprise import SIGNS

__all__ = ["MOST_SIGNS", "attention_map"]

MOST_SIGNS = 64
"""Steps up to which their signs can be read beside the heat."""

_HEAT = 4.2  # inches
_MARGIN, _LEFT, _BELOW, _BAR, _TITLE_LINE = 0.18, 0.62, 0.5, 0.95, 0.19
_MAP, _GAP, _HEADING = 1.7, 0.16, 0.22
_QUERIED = (0.3, 0.45, 0.6, 0.75, 0.9)  # how far into the event the queried pixels lie
_COLOURS = "Blues"


def attention_map(
    weights: Any,
    path: str | Path,
    title: str = "",
    *,
    signs: Sequence[str] = (),
    event: Any | None = None,
    order: Any | None = None,
) -> Path:
    """(T, T) weights, a path -> the path: entry (t, j) is how much step t looks at value j < t.

    Takes one event of what `AttendingNetwork.attention_weights` gives. ``signs``, T characters,
    stand beside the heat where at most 64 steps are shown. For an image, ``event`` (H, W) or
    (H, W, C), the picture has a few queried pixels as well, each with the map of what it looked at;
    ``order`` (T,) says which of its scalars every step visits, those of the raster by default.

    Raises:
        InputError: no square matrix of numbers of at least 0, another number of signs or pixels, an
            ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    looked = square_matrix(weights, "weights")
    size = len(looked)
    if signs and len(signs) != size:
        raise InputError(f"signs: expected one for each of {size} steps, got {len(signs)}")
    maps = None if event is None else _maps(looked, event, order)
    across = 0.0 if maps is None else 3 * (_MAP + _GAP)
    width = _LEFT + _HEAT + _BAR + across + _MARGIN
    lines = style.wrapped(title, width - 2 * _MARGIN, style.TITLE_SIZE).count("\n") + 1
    above = _MARGIN + (lines * _TITLE_LINE + 0.08 if title else 0)
    height = above + _HEAT + _BELOW
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    axes = figure.add_axes((_LEFT / width, _BELOW / height, _HEAT / width, _HEAT / height))
    _draw_heat(figure, axes, looked)
    _name_steps(axes, signs)
    if maps is not None:
        _draw_maps(figure, maps, _LEFT + _HEAT + _BAR + _GAP, above)
    return style.write_figure(figure, path)


def _draw_heat(figure: Figure, axes: Axes, looked: NDArray[np.float64]) -> None:
    seen = looked[np.tril_indices(len(looked), -1)]
    # The first steps have few values to share their weight among: they do not stretch the scale.
    top = float(np.quantile(seen, 0.99)) if seen.size else 0.0
    top = top or float(looked.max()) or 1.0
    norm, colours = Normalize(0, top), matplotlib.colormaps[_COLOURS]
    show_cells(axes, looked, cmap=colours, norm=norm)
    left, below, wide, high = axes.get_position().bounds
    bar = figure.add_axes((left + wide * 1.03, below, wide * 0.03, high))
    beyond = bool((looked > top).any())
    style.colour_bar(bar, ScalarMappable(norm, colours), "attention weight", beyond=beyond)


def _name_steps(axes: Axes, signs: Sequence[str]) -> None:
    words = ("value j looked at", "step t that looks")
    for axis, what in zip((axes.xaxis, axes.yaxis), words, strict=True):
        style.place_ticks(axis, 6)
        text = what if signs and len(signs) <= MOST_SIGNS else f"{what} (from 0)"
        axis.set_label_text(text, fontsize=style.LABEL_SIZE, **style.TEXT)
    style.tidy(axes, frame=True)
    if not signs or len(signs) > MOST_SIGNS:
        return
    shown = [style.legible({**SIGNS, " ": "␣"}.get(sign, sign)) for sign in signs]
    size = min(style.LABEL_SIZE, 0.75 * _HEAT * 72 / len(shown))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(range(len(shown)), shown, fontsize=size, parse_math=False)
        axis.set_tick_params(length=0, pad=2)


def _maps(
    looked: NDArray[np.float64], event: Any, order: Any | None
) -> list[tuple[str, NDArray[np.uint8], list[tuple[int, int]]]]:
    """(T, T), (H, W) or (H, W, C), (T,) -> heading, (H, W, 3) colours and marked pixels of each."""
    [shown] = as_numbers(torch.as_tensor(event)[None], "event")
    if shown.ndim == 1 or shown.size != len(looked):
        raise InputError(
            f"event: expected an image of {len(looked)} values, got shape {shown.shape}"
        )
    size = len(looked)
    places = np.arange(size) if order is None else torch.as_tensor(order).cpu().numpy()
    if not np.array_equal(np.sort(places), np.arange(size)):
        raise InputError(f"order: expected every number from 0 to {size - 1} once")
    high, wide = shown.shape[:2]
    channels = size // (high * wide)
    queried = sorted({min(size - 1, max(1, math.floor(share * size))) for share in _QUERIED})
    pixels = [
        (int(places[t]) // channels // wide, int(places[t]) // channels % wide)
        for t in queried
        if t < size
    ]
    grey = data_colours(shown[None], *value_range(shown[None], None))[0]
    panels = [("the event", grey, pixels)]
    for step, pixel in zip(queried, pixels, strict=False):
        flat = np.full(size, np.nan)
        flat[places[:step]] = looked[step, :step]
        # A pixel counts as seen once any of its channels is.
        share = flat.reshape(high, wide, channels)
        total = np.where(np.isnan(share).all(axis=2), np.nan, np.nansum(share, axis=2))
        top = float(np.nanmax(total, initial=0.0)) or 1.0
        panels.append(
            (f"step {step}", paint(total, 0.0, top, style.colour_table(_COLOURS)), [pixel])
        )
    return panels


def _draw_maps(
    figure: Figure,
    maps: list[tuple[str, NDArray[np.uint8], list[tuple[int, int]]]],
    left: float,
    above: float,
) -> None:
    width, height = figure.get_size_inches()
    for index, (heading, colours, marked) in enumerate(maps):
        row, column = divmod(index, 3)
        x = left + column * (_MAP + _GAP)
        top = above + _HEADING + row * (_MAP + _HEADING + _GAP)
        axes = figure.add_axes((x / width, 1 - (top + _MAP) / height, _MAP / width, _MAP / height))
        axes.imshow(colours, interpolation="nearest")
        axes.set_title(heading, fontsize=style.LABEL_SIZE, pad=3, **style.TEXT)
        axes.set_xticks([])
        axes.set_yticks([])
        style.tidy(axes, frame=True)
        for down, across in marked:
            axes.add_patch(
                Rectangle(
                    (across - 0.5, down - 0.5),
                    1,
                    1,
                    fill=False,
                    color=style.VERMILION,
                    linewidth=1.2,
                )
            )
