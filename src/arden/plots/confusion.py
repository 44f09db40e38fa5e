"""Which classes are taken for which: the true ones down, those found across."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize

from arden.errors import InputError
from arden.plots import style

__all__ = ["confusion"]

_CELL, _LEAST, _MOST = 0.36, 2.2, 7.0  # inches
_LEFT, _RIGHT, _BELOW, _ABOVE, _BAR = 0.55, 0.85, 0.55, 0.42, 0.14
_LETTER = 0.075
_MOST_WRITTEN = 24  # classes whose counts can still be read
_LONGEST = 18


def confusion(counts: Any, class_names: Sequence[str], path: str | Path, title: str) -> Path:
    """(K, K) rows of class y taken for ŷ, K names, a path -> the path: a cell for every pair.

    A line is a true class and its cells are shaded by their share of its rows; what lies off the
    diagonal is wrong, and drawn in another colour, on a scale of its own that ends at the worst.

    Raises:
        InputError: other than K names and K × K whole numbers of at least 0, no row at all, an
            ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    table = torch.as_tensor(counts).detach().cpu().numpy().astype(np.int64)
    size = len(class_names)
    if not size or table.shape != (size, size) or (table < 0).any() or not table.any():
        raise InputError(
            f"counts: expected ({size}, {size}) numbers of rows, at least one in all, "
            f"got shape {tuple(table.shape)}"
        )
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    names = [style.legible(name)[:_LONGEST] for name in class_names]
    side = min(_MOST, max(_LEAST, _CELL * size))
    longest = _LETTER * max(map(len, names))
    left, below = _LEFT + longest, _BELOW + (longest if size > 1 and longest > _CELL else 0.1)
    width = left + side + _RIGHT
    right = f"{100 * np.trace(table) / table.sum():.1f} % of {table.sum():,} right"
    above = _ABOVE + 0.2 * style.wrapped(title, width - 0.24, style.TITLE_SIZE).count("\n") + 0.2
    height = above + side + below
    figure = style.new_figure(width, height)
    style.write_title(figure, title, 0.12, 0.12)
    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    on = np.eye(size, dtype=bool)
    worst = float(share[~on].max(initial=0.0)) or 1.0
    rights, wrongs = _shades(style.BLUE), _shades(style.VERMILION)
    painted = np.where(on[..., None], rights(share), wrongs(share / worst * 0.9))
    axes.imshow(painted, interpolation="nearest")
    lines = np.arange(1, size) - 0.5
    axes.hlines(lines, -0.5, size - 0.5, color=style.PAPER, linewidth=0.8)
    axes.vlines(lines, -0.5, size - 0.5, color=style.PAPER, linewidth=0.8)
    if size <= _MOST_WRITTEN:
        for (true, found), count in np.ndenumerate(table):
            strength = share[true, found] / (1.0 if true == found else worst)
            ink = style.PAPER if strength > 0.55 else style.INK
            look = {**style.TEXT, "color": ink if count else style.RULE}
            small = style.LABEL_SIZE - 1 - (count > 999)
            axes.text(found, true, f"{count}", ha="center", va="center", fontsize=small, **look)
    turned = longest > side / size
    axes.set_xticks(range(size), names, rotation=90 if turned else 0, parse_math=False)
    axes.set_yticks(range(size), names, parse_math=False)
    axes.set_xlabel("class found", fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.set_ylabel("true class", fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.set_title(right, fontsize=style.LABEL_SIZE, loc="left", pad=5, **style.TEXT)
    style.tidy(axes, frame=True)
    bar = figure.add_axes(
        ((left + side + 0.15) / width, below / height, _BAR / width, side / height)
    )
    mapped = ScalarMappable(Normalize(0, worst / 0.9), wrongs)
    style.colour_bar(bar, mapped, "share of a class taken for another")
    return style.write_figure(figure, path)


def _shades(colour: str) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("shades", [style.PAPER, colour])
