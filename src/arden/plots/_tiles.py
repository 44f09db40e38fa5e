"""From events to pixels: every cell a whole number of pixels wide, so that nothing is blurred."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["PANEL_SIZE", "Tiling", "as_numbers", "data_colours", "paint", "tile", "value_range"]

PANEL_SIZE = 600
"""The width in pixels that a panel comes close to."""
_GAP = 4
_HAIRLINE = (138, 148, 158)
_LARGEST = 20_000  # pixels a side; Agg draws no more than 2¹⁶, and nobody looks at more


def as_numbers(values: Any, name: str) -> NDArray[np.float64]:
    """(N, *event) tensor, array or lists -> the same in float64.

    Raises:
        InputError: no event, or events that are neither (D,), (H, W), (H, W, 1) nor (H, W, 3).
    """
    # Through NumPy, because torch complains of lists of arrays.
    given = values if isinstance(values, torch.Tensor) else torch.as_tensor(np.asarray(values))
    numbers = given.detach().cpu().double().numpy()
    event_shape = numbers.shape[1:]
    drawable = len(event_shape) in (1, 2) or (len(event_shape) == 3 and event_shape[2] in (1, 3))
    if not drawable or 0 in numbers.shape:
        raise InputError(
            f"{name}: expected one or more events (N, D), (N, H, W) or (N, H, W, 3), "
            f"got shape {tuple(numbers.shape)}"
        )
    return numbers


def value_range(samples: NDArray[np.float64], num_symbols: int | None) -> tuple[float, float]:
    """(N, *event), K or None -> the values drawn as black and as white.

    Levels 0 … K − 1 are K shades. Without K it is 0 and 1 or what the samples reach beyond them,
    so that bits are never stretched: a constant image keeps its shade.
    """
    if num_symbols is not None:
        return 0.0, max(1.0, num_symbols - 1.0)
    finite = samples[np.isfinite(samples)]
    return float(finite.min(initial=0.0)), float(finite.max(initial=1.0))


def data_colours(values: NDArray[np.float64], lowest: float, highest: float) -> NDArray[np.uint8]:
    """(N, *event), what is black and what is white -> (N, H, W, 3) or (N, D, 3) in 0 … 255."""
    greys = style.colour_table(style.GREY)
    if values.shape[3:] == (3,):
        # The three colours of `UNKNOWN` fall to the three channels.
        painted = [paint(values[..., c], lowest, highest, greys)[..., c] for c in range(3)]
        return np.stack(painted, axis=-1)
    return paint(values[..., 0] if values.ndim == 4 else values, lowest, highest, greys)


def paint(
    values: NDArray[np.float64], lowest: float, highest: float, colours: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """(…), ends of the range, its (256, 3) colours -> (…, 3); NaN has the colour `UNKNOWN`."""
    share = (np.clip(values, lowest, highest) - lowest) / ((highest - lowest) or 1.0)
    places = np.rint(np.nan_to_num(share) * (len(colours) - 1)).astype(np.int64)
    return np.where(
        np.isnan(values)[..., None], np.array(style.UNKNOWN, dtype=np.uint8), colours[places]
    )


@dataclass(frozen=True)
class Tiling:
    """Pictures of N events laid out in rows and columns; all figures are pixels.

    ``pixels`` (h, w, 3); ``corners`` (N, 2): the left and the lower edge of each tile;
    ``tile_width``. Events without a shape of their own are rows of one tile: ``rows`` is True.
    """

    pixels: NDArray[np.uint8]
    corners: NDArray[np.int64]
    tile_width: int
    rows: bool


def tile(colours: NDArray[np.uint8], space_below: int = 0) -> Tiling:
    """(N, H, W, 3) images or (N, D, 3) rows -> one picture about PANEL_SIZE wide.

    ``space_below`` leaves room for a line of text under every tile.
    """
    if colours.ndim == 3:
        return _as_rows(colours)
    count, height, width, _ = colours.shape
    columns = _columns(count, height, width)
    lines = math.ceil(count / columns)
    longest = max(columns * width, lines * height)
    scale = max(1, round((PANEL_SIZE - (_GAP + 2) * max(columns, lines)) / longest))
    tile_height, tile_width = height * scale + 2, width * scale + 2
    step_x, step_y = tile_width + _GAP, tile_height + _GAP + space_below
    _check_size(step_x * columns, step_y * lines)
    pixels = np.full((lines * step_y - _GAP, columns * step_x - _GAP, 3), 255, dtype=np.uint8)
    corners = np.empty((count, 2), dtype=np.int64)
    for index, image in enumerate(colours):
        top, left = index // columns * step_y, index % columns * step_x
        lower = top + tile_height
        # A hairline around every tile: without it, white at its edge would run into the gap.
        pixels[top:lower, left : left + tile_width] = _HAIRLINE
        pixels[top + 1 : lower - 1, left + 1 : left + tile_width - 1] = image.repeat(
            scale, axis=0
        ).repeat(scale, axis=1)
        corners[index] = left, lower
    return Tiling(pixels, corners, tile_width, rows=False)


def _as_rows(colours: NDArray[np.uint8]) -> Tiling:
    """(N, D, 3) -> a heat map with one row an event; rows are at most 60 pixels high."""
    count, size, _ = colours.shape
    across = max(1, round(PANEL_SIZE / size))
    down = max(1, min(60, round(PANEL_SIZE / count)))
    _check_size(across * size, down * count)
    lower_edges = (np.arange(count, dtype=np.int64) + 1) * down
    corners = np.stack([np.zeros_like(lower_edges), lower_edges], axis=1)
    pixels = colours.repeat(down, axis=0).repeat(across, axis=1)
    return Tiling(pixels, corners, across * size, rows=True)


def _columns(count: int, height: int, width: int) -> int:
    """N images H × W -> how many to set side by side: nearly square, with few empty places."""

    def cost(columns: int) -> float:
        lines = math.ceil(count / columns)
        lopsided = abs(math.log(columns * width / (lines * height)))
        # A square with holes and a full grid a little wider than high look equally good.
        return lopsided + 2 * (columns * lines / count - 1)

    return min(range(1, count + 1), key=cost)


def _check_size(width: int, height: int) -> None:
    if max(width, height) > _LARGEST:
        raise InputError(
            f"samples: {width} × {height} pixels are too many for one picture; "
            f"expected at most {_LARGEST} a side, so show fewer events"
        )
