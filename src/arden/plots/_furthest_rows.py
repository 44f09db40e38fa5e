"""The images on which two models are furthest apart, as tiles with the gain under each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import Tiling, as_numbers, data_colours, tile, value_range

__all__ = ["Strip", "draw_strip", "furthest_rows", "signed"]

_MOST = 12
_NOTE = 28  # pixels
_SIZE = style.LABEL_SIZE - 1.5


@dataclass(frozen=True)
class Strip:
    """A heading, tiles, and the gain of each in words."""

    heading: str
    tiling: Tiling
    notes: Sequence[str]

    @property
    def width(self) -> float:
        """Inches."""
        return self.tiling.pixels.shape[1] / style.DPI

    @property
    def height(self) -> float:
        """Inches, the last line of notes included."""
        return (self.tiling.pixels.shape[0] + _NOTE) / style.DPI


def furthest_rows(
    values: Any, gained: NDArray[np.float64], name: str, num_symbols: int | None
) -> list[Strip]:
    """(N, H, W) or None, (N,) nats -> where the model of that name gains most and where it loses.

    Rows of a table have no pictures, and a side without any row no strip.
    """
    if values is None:
        return []
    images = as_numbers(values, "values")
    if len(images) != len(gained):
        raise InputError(f"values: expected {len(gained)} rows, got {len(images)}")
    if images.ndim < 3:
        return []
    lowest, highest = value_range(images, num_symbols)
    order = np.argsort(gained, kind="stable")
    sides = {
        "gains": [row for row in order[::-1] if gained[row] > 0],
        "loses": [row for row in order if gained[row] < 0],
    }
    strips = []
    for verb, rows in sides.items():
        if rows:
            shown = images[rows[:_MOST]]
            notes = [signed(float(gained[row]), 1) for row in rows[:_MOST]]
            tiling = tile(data_colours(shown, lowest, highest), _NOTE)
            strips.append(Strip(f"Where {name} {verb} most", tiling, notes))
    return strips


def draw_strip(axes: Axes, strip: Strip) -> None:
    """Axes of the strip's size, a strip -> (): its tiles and notes, pixel for pixel."""
    height, width, _ = strip.tiling.pixels.shape
    pixels = np.full((height + _NOTE, width, 3), 255, dtype=np.uint8)
    pixels[:height] = strip.tiling.pixels
    extent = (0, width, height + _NOTE, 0)
    axes.imshow(pixels, interpolation="nearest", aspect="auto", extent=extent)
    axes.set_axis_off()
    for note, (left, lower) in zip(strip.notes, strip.tiling.corners, strict=True):
        middle = left + strip.tiling.tile_width / 2
        axes.text(middle, lower + 4, note, ha="center", va="top", fontsize=_SIZE, **style.TEXT)


def signed(nats: float, digits: int, plus: str = "+") -> str:
    """A number -> its sign and so many digits after the point, more where all would be zero.

    Numbers too long for their place are rounded to three digits.

    >>> signed(-1.26, 1), signed(0.0123, 1), signed(float("inf"), 2)
    ('−1.3', '+0.01', '+∞')
    """
    while 0 < abs(nats) < 0.5 * 10**-digits and digits < 4:
        digits += 1
    sign = "−" if nats < 0 else plus
    told = f"{abs(nats):.{digits}f}" if abs(nats) < 1e5 else f"{abs(nats):.3g}"
    return sign + told.replace("inf", "∞")
