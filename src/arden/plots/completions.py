"""What is observed, what may stand in the gaps, and what stood there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import as_numbers, data_colours, value_range

__all__ = ["completions"]

# Inches.
_GAP, _APART, _MARGIN, _HEADING = 0.045, 0.2, 0.2, 0.3
_TITLE_LINE = 0.19
_LONGEST_SIDE = 0.62  # of one image
_HAIRLINE = (138, 148, 158)


def completions(
    originals: Any,
    observed: Any,
    filled: Any,
    path: str | Path,
    title: str = "",
    num_symbols: int | None = None,
    *,
    with_originals: bool = True,
) -> Path:
    """(N, H, W[, C]), the same in booleans, (N, n, H, W[, C]), a path -> the path: a line per row.

    Left what is observed, the rest pale blue; then n completions; then the original, unless it is
    not known.

    Raises:
        InputError: shapes that do not fit or are no images, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    known = np.asarray(observed, dtype=bool)
    # What is not observed may hold anything, and is nowhere looked at but as an original.
    shown = as_numbers(originals, "originals")
    drawn = np.asarray(filled, dtype=np.float64)
    if shown.ndim < 3:
        raise InputError(f"originals: expected images, got shape {shown.shape}")
    if known.shape != shown.shape or drawn.ndim != shown.ndim + 1:
        raise InputError(
            f"observed, filled: expected shapes {shown.shape} and (N, n, *event), "
            f"got {known.shape} and {drawn.shape}"
        )
    lowest, highest = value_range(np.where(known, shown, drawn[:, 0]), num_symbols)
    parts = [("Observed", np.where(known, shown, np.nan)[:, None]), ("Completions", drawn)]
    if with_originals:
        parts.append(("Original", shown[:, None]))
    blocks = [
        (name, data_colours(images.reshape(-1, *shown.shape[1:]), lowest, highest))
        for name, images in parts
    ]
    count, (tall, wide) = len(shown), shown.shape[1:3]
    unit = _LONGEST_SIDE / max(tall, wide)
    high, across = tall * unit, wide * unit
    columns = [len(colours) // count for _, colours in blocks]
    widths = [n * (across + _GAP) - _GAP for n in columns]
    width = 2 * _MARGIN + sum(widths) + _APART * (len(blocks) - 1)
    lines = style.wrapped(title, width - 2 * _MARGIN, style.TITLE_SIZE).count("\n") + 1
    above = _MARGIN + (0.12 + lines * _TITLE_LINE if title else 0.0) + _HEADING
    below = count * (high + _GAP) - _GAP
    height = above + below + _MARGIN
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    left = _MARGIN
    for (name, colours), part, n in zip(blocks, widths, columns, strict=True):
        box = (left / width, _MARGIN / height, part / width, below / height)
        axes = figure.add_axes(box)
        axes.imshow(_grid(colours, n, unit), interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        where = (left / width, 1 - (above - 0.09) / height)
        figure.text(*where, name, fontsize=style.LABEL_SIZE, va="baseline", **style.TEXT)
        left += part + _APART
    return style.write_figure(figure, path)


def _grid(colours: NDArray[np.uint8], columns: int, unit: float) -> NDArray[np.uint8]:
    """(R · n, H, W, 3), n, inches of a pixel -> (h, w, 3): n in a line, every pixel many wide."""
    scale = max(2, round(unit * style.DPI))
    large = colours.repeat(scale, axis=1).repeat(scale, axis=2)
    for edge in (0, -1):  # white at an edge must not run into the paper
        large[:, edge] = large[:, :, edge] = _HAIRLINE
    gap = round(_GAP / unit * scale)
    count, tall, wide, _ = large.shape
    lines = count // columns
    grid = np.full(
        (lines * (tall + gap) - gap, columns * (wide + gap) - gap, 3), 255, dtype=np.uint8
    )
    for index, image in enumerate(large):
        top, left = index // columns * (tall + gap), index % columns * (wide + gap)
        grid[top : top + tall, left : left + wide] = image
    return grid
