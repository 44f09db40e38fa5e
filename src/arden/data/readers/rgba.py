"""Pixels as they are shown: RGBA composited on black, grey made RGB, bits made bytes."""

from __future__ import annotations

import numpy as np

from arden.data.raw import RawSource
from arden.data.schema import Schema

__all__ = ["BYTE_LEVELS", "composite_arrays", "match_pixels", "on_black"]

BYTE_LEVELS = 256
"""Levels of a pixel stored in a byte, whatever its brightest value happens to be."""


def on_black(pixels: np.ndarray) -> np.ndarray:
    """(..., C + 1) uint8 whose last channel is alpha -> (..., C) uint8: the image before black.

    Rounded to the nearest level: colour * alpha / 255.

    >>> on_black(np.array([[200, 100, 50, 255], [200, 100, 50, 51]], dtype=np.uint8)).tolist()
    [[200, 100, 50], [40, 20, 10]]
    """
    colour, alpha = pixels[..., :-1].astype(np.uint16), pixels[..., -1:].astype(np.uint16)
    return ((colour * alpha + 127) // 255).astype(np.uint8)


def composite_arrays(raw: RawSource) -> None:
    """Raw rows that are uint8 (N, H, W, 4) are RGBA -> they become (N, H, W, 3), and it is said.

    Arrays of bits are left alone: four channels of 0 and 1 are no picture.
    """
    parts = raw.parts.values()
    if not all(rows.values.dtype == np.uint8 and rows.values.shape[3:] == (4,) for rows in parts):
        return
    if max(rows.values.max(initial=0) for rows in parts) <= 1:
        return
    for rows in parts:
        rows.values = on_black(rows.values)
    raw.num_symbols = BYTE_LEVELS
    raw.notes.append("RGBA composited on black, alpha dropped")


def match_pixels(values: np.ndarray, num_symbols: int | None, schema: Schema) -> np.ndarray:
    """Pixels (N, H, W) with the levels they were stored in -> the same as `schema` has them.

    A colour model takes grey images as R = G = B, and one of 256 levels takes 1-bit images as 0 and
    255: both lose nothing. The other way round would, and is left for the schema to refuse.

    >>> match_pixels(np.ones((1, 1, 1), np.uint8), 2, Schema("image", (1, 1, 3), 256)).tolist()
    [[[[255, 255, 255]]]]
    """
    if schema.kind != "image" or num_symbols not in (2, BYTE_LEVELS):
        return values
    if values.ndim == 3 and schema.event_shape[2:] == (3,):
        values = np.repeat(values[..., None], 3, axis=3)
    if num_symbols == 2 and schema.num_symbols == BYTE_LEVELS:
        values = values * np.uint8(BYTE_LEVELS - 1)
    return values
