"""Which steps a step reads: what a network promises, what it was seen to use, where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._cells import show_cells, square_matrix

__all__ = ["dependency_map"]

_PANEL = 3.1  # inches
_MARGIN, _LEFT, _BELOW, _TITLE_LINE, _LEGEND = 0.18, 0.62, 0.5, 0.19, 1.75

# What a cell can be: its words and its colour. In one block a later one covers an earlier one.
_KINDS = (
    ("not read", "#eef1f4"),
    ("read", style.BLUE),
    ("promised, but not read", style.ORANGE),
    ("read, but not promised", style.VERMILION),
)
_FAULTS = (2, 3)


def dependency_map(read: Any, path: str | Path, title: str, promised: Any | None = None) -> Path:
    """(T, T) bool or strengths ≥ 0, a path -> the path: entry (t, j) says that step t reads step j.

    With ``promised`` (T, T) bool, as from `CausalNetwork.promised`, every cell that differs from it
    is marked as a leak or as a missing dependence, and counted. Strengths without a promise are
    drawn as heat. All steps count from 0.

    Raises:
        InputError: no square matrix, strengths below 0 or not finite, a promise of another shape,
            an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    strength = square_matrix(read, "read")
    is_bool = torch.as_tensor(read).dtype == torch.bool
    lines = len(
        style.wrapped(title, _LEFT + _PANEL + _LEGEND - _MARGIN, style.TITLE_SIZE).split("\n")
    )
    above = _MARGIN + lines * _TITLE_LINE + 0.08 if title else _MARGIN
    width, height = _LEFT + _PANEL + _LEGEND, above + _PANEL + _BELOW
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    axes = figure.add_axes((_LEFT / width, _BELOW / height, _PANEL / width, _PANEL / height))
    if promised is None and not is_bool:
        _draw_strength(figure, axes, strength)
    else:
        expected = None if promised is None else square_matrix(promised, "promised") > 0
        if expected is not None and expected.shape != strength.shape:
            raise InputError(
                f"promised: expected the shape of read, {strength.shape}, got {expected.shape}"
            )
        _draw_kinds(axes, strength > 0, expected)
    for axis in (axes.xaxis, axes.yaxis):
        style.place_ticks(axis, 6)
    axes.set_xlabel("step j that may be read (from 0)", fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.set_ylabel("step t that reads it (from 0)", fontsize=style.LABEL_SIZE, **style.TEXT)
    style.tidy(axes, frame=True)
    return style.write_figure(figure, path)


def _draw_kinds(axes: Axes, read: NDArray[np.bool_], promised: NDArray[np.bool_] | None) -> None:
    kinds = read.astype(np.int64)
    if promised is not None:
        kinds[promised & ~read] = 2
        kinds[read & ~promised] = 3
    colours = ListedColormap([colour for _, colour in _KINDS])
    show_cells(axes, kinds, cmap=colours, norm=Normalize(0, len(_KINDS) - 1))
    if len(kinds) > 48:
        # A faulty cell of a large matrix is too small to be seen: put a ring around the first ones.
        for kind in _FAULTS:
            rows, columns = (kinds == kind).nonzero()
            if not rows.size:
                continue
            axes.plot(
                columns[:200],
                rows[:200],
                "o",
                markersize=6,
                markerfacecolor="none",
                markeredgecolor=_KINDS[kind][1],
                clip_on=False,
            )
    shown = range(len(_KINDS)) if promised is not None else range(2)
    for line, kind in enumerate(shown):
        words, colour = _KINDS[kind]
        height = 0.97 - 0.13 * line
        axes.plot(
            [1.05],
            [height],
            "s",
            markersize=7,
            color=colour,
            markeredgecolor=style.MUTED,
            markeredgewidth=0.4,
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(
            1.085,
            height,
            f"{words}\n{int((kinds == kind).sum())} of {kinds.size}",
            transform=axes.transAxes,
            va="center",
            fontsize=style.LABEL_SIZE,
            linespacing=1.15,
            **style.TEXT,
        )


def _draw_strength(figure: Figure, axes: Axes, strength: NDArray[np.float64]) -> None:
    colours = matplotlib.colormaps["Blues"]
    norm = Normalize(0, float(strength.max()) or 1.0)
    show_cells(axes, strength, cmap=colours, norm=norm)
    left, below, width, height = axes.get_position().bounds
    bar_axes = figure.add_axes((left + width * 1.04, below, width * 0.04, height))
    style.colour_bar(bar_axes, ScalarMappable(norm, colours), "strength of the dependence")
