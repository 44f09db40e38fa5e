"""Samples of several models, a line for each, under one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import as_numbers, data_colours, value_range

__all__ = ["GalleryLine", "gallery"]

# Inches.
_IMAGE, _GAP, _MARGIN, _HEADING = 0.42, 0.05, 0.18, 0.3
_TITLE_LINE = 0.19


@dataclass(frozen=True)
class GalleryLine:
    """What stands left of a line, a figure or nothing under it, and (N, H, W) or (N, H, W, C)."""

    name: str
    note: str
    images: Any


def gallery(
    lines: Sequence[GalleryLine], path: str | Path, title: str = "", num_symbols: int | None = None
) -> Path:
    """Lines of N images each, a path (.png, .pdf, .svg) -> the path: the lines under one another.

    Raises:
        InputError: no line, lines of different lengths, events that are no images.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    if not lines:
        raise InputError("lines: expected at least one, got none")
    drawn = [as_numbers(line.images, f"images of {line.name}") for line in lines]
    counts = {len(images) for images in drawn}
    if len(counts) > 1:
        raise InputError(f"lines: expected as many images in each, got {sorted(counts)}")
    if any(images.ndim < 3 for images in drawn):
        raise InputError("lines: expected images (N, H, W) or (N, H, W, C), got rows of numbers")
    names = 0.14 + 0.085 * max(len(text) for line in lines for text in (line.name, line.note))
    across = len(drawn[0]) * (_IMAGE + _GAP) - _GAP
    width = 2 * _MARGIN + names + across
    titled = len(style.wrapped(title, width - 2 * _MARGIN, style.TITLE_SIZE).splitlines())
    above = _HEADING + (titled - 1) * _TITLE_LINE if title else 0.0
    height = 2 * _MARGIN + above + len(lines) * (_IMAGE + _GAP) - _GAP
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    for index, (line, images) in enumerate(zip(lines, drawn, strict=True)):
        lower = height - _MARGIN - above - index * (_IMAGE + _GAP) - _IMAGE
        box = (
            (_MARGIN + names) / width,
            lower / height,
            across / width,
            _IMAGE / height,
        )
        axes = figure.add_axes(box)
        axes.imshow(_strip(images, num_symbols), interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        middle = (lower + _IMAGE / 2) / height
        text = dict(style.TEXT)
        figure.text(
            _MARGIN / width, middle + 0.065 / height, line.name, fontsize=style.LABEL_SIZE,
            fontweight="bold", va="center", **text,
        )  # fmt: skip
        figure.text(
            _MARGIN / width, middle - 0.085 / height, line.note,
            fontsize=style.LABEL_SIZE - 1, va="center", **{**text, "color": style.MUTED},
        )  # fmt: skip
    return style.write_figure(figure, path)


def _strip(images: NDArray[np.float64], num_symbols: int | None) -> NDArray[np.uint8]:
    """(N, H, W) or (N, H, W, C) -> (h, w, 3): side by side, white between them."""
    colours = data_colours(images, *value_range(images, num_symbols))
    # Every pixel eight wide, so that the gap can be narrower than a pixel of an image.
    large = colours.repeat(8, axis=1).repeat(8, axis=2)
    gap = max(1, round(large.shape[2] * _GAP / _IMAGE))
    white = np.full((large.shape[1], gap, 3), 255, dtype=np.uint8)
    parts = [part for image in large for part in (white, image)][1:]
    return np.concatenate(parts, axis=1)
