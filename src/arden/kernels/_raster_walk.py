"""The compiled walk over the pixels of images: one for all networks that a list of works describes.

What a network remembers of an image is one row of ``work``; a work names the numbers it reads and
writes by their places there, those of pixel x being ``step`` · x further.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import sigmoid, tanh
from arden.kernels._compile import FUSED, inner, outer
from arden.kernels._symbols import draw_value
from arden.kernels._tile import product

__all__ = ["CELL", "FIELDS", "GATED", "MOVE", "PRODUCT", "walk"]

PRODUCT, GATED, CELL, MOVE = range(4)
"""Kinds of work: see `_do`."""
FIELDS = (
    "kind",
    "source",
    "source_step",
    "depth",
    "weights",
    "base",
    "base_step",
    "raw",
    "raw_step",
    "relu",
    "relu_step",
    "width",
)
"""What a row of the list holds. A place below 0: there is none."""


@outer
def walk(
    works: Any,
    phases: Any,
    weights: Any,
    frame: Any,
    table: Any,
    order: Any,
    noises: Any,
    rows: Any,
    work: Any,
    masses: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1, one row of ``work`` for each, and one more that is not used.

    Works phases[0] … are done before every row of pixels but the first, phases[1] … then for all
    pixels of the row, phases[2] … for one after the other, from the right, but not in the first
    row, and phases[3 + c] … before channel c of every pixel. ``frame`` is (H, W, C, the place of
    the logits, that of the first pixel's features, the step from pixel to pixel, and from channel
    to channel). ``table`` (K, F) has the features of every symbol.
    """
    noise, known, given = noises
    height, width, channels, logits, planes, pixel_step, channel_step = frame
    num_rows, size, numbers = rows[1] - rows[0], work.shape[1], work.reshape(-1)
    step = 0
    for y in range(height):
        for row in range(num_rows):
            if y > 0:
                _do(works, phases[0], phases[1], weights, numbers, size, row * size, 0, 1, False)
            _do(works, phases[1], phases[2], weights, numbers, size, row * size, 0, width, False)
        if y > 0 and phases[2] < phases[3]:
            for left in range(width):
                x = width - 1 - left
                _do(works, phases[2], phases[3], weights, numbers, size, 0, x, num_rows, True)
        for x in range(width):
            for channel in range(channels):
                low, high = phases[3 + channel], phases[4 + channel]
                _do(works, low, high, weights, numbers, size, 0, x, num_rows, True)
                place, features = order[step], planes + x * pixel_step + channel * channel_step
                params = logits + channel * masses.shape[0]
                for row in range(num_rows):
                    batch_row = rows[0] + row
                    if known.shape[0] > 0 and known[batch_row, place]:
                        symbol = given[batch_row, place]
                    else:
                        for k in range(masses.shape[0]):
                            masses[k] = work[row, params + k]
                        symbol = draw_value(masses, table.shape[0], noise[batch_row, place])
                    drawn[batch_row, place] = symbol
                    for k in range(table.shape[1]):
                        work[row, features + k] = table[symbol, k]
                step += 1


@inner(FUSED)
def _do(
    works: Any,
    low: Any,
    high: Any,
    weights: Any,
    work: Any,
    size: Any,
    origin: Any,
    x: Any,
    count: Any,
    images: Any,
) -> None:
    """Works low … high − 1 for ``count`` pixels: from x on in the image whose numbers begin at
    ``origin``, or, if ``images``, pixel x of as many images, each ``size`` numbers further.

    PRODUCT: see `product`. GATED: base + tanh of ``width`` numbers · sigmoid of those ``depth``
    further. CELL: four lists of ``width`` gates (keep, forget, show, candidate) and the cells at
    base, which are written, make hidden units. MOVE: a copy, once and not for every pixel.
    """
    for index in range(low, high):
        kind, width, depth = works[index, 0], works[index, 11], works[index, 3]
        source_step, base_step = works[index, 2], works[index, 6]
        raw_step, relu_step = works[index, 8], works[index, 10]
        source = origin + works[index, 1] + x * source_step
        base, raw, relu = works[index, 5], works[index, 7], works[index, 9]
        if base >= 0:
            base += origin + x * base_step
        if raw >= 0:
            raw += origin + x * raw_step
        if relu >= 0:
            relu += origin + x * relu_step
        if images:
            source_step = base_step = raw_step = relu_step = size
        if kind == PRODUCT:
            product(
                work,
                count,
                source,
                source_step,
                depth,
                weights,
                works[index, 4],
                base,
                base_step,
                raw,
                raw_step,
                relu,
                relu_step,
                width,
            )
        elif kind == GATED:
            for row in range(count):
                above = base + row * base_step if base >= 0 else base
                _gated(work, source + row * source_step, depth, above, raw + row * raw_step, width)
        elif kind == CELL:
            for row in range(count):
                cells = base + row * base_step
                _cell(work, source + row * source_step, cells, raw + row * raw_step, width)
        else:
            for k in range(width):
                work[raw + k] = work[source + k]


@inner(FUSED)
def _gated(work: Any, source: Any, depth: Any, base: Any, raw: Any, width: Any) -> None:
    """raw = base + tanh(source) · sigmoid(source + depth); the source is lost."""
    filters, gates, to = np.uint64(source), np.uint64(source + depth), np.uint64(raw)
    for k in range(np.uint64(width)):
        work[filters + k] = tanh(work[filters + k])
    for k in range(np.uint64(width)):
        work[gates + k] = sigmoid(work[gates + k])
    if base >= 0:
        start = np.uint64(base)
        for k in range(np.uint64(width)):
            work[to + k] = work[start + k] + work[filters + k] * work[gates + k]
    else:
        for k in range(np.uint64(width)):
            work[to + k] = work[filters + k] * work[gates + k]


@inner(FUSED)
def _cell(work: Any, source: Any, cells: Any, raw: Any, width: Any) -> None:
    """cells = forget · cells + keep · tanh(candidate), raw = show · tanh(cells); the source is
    lost."""
    keep, n, old, to = np.uint64(source), np.uint64(width), np.uint64(cells), np.uint64(raw)
    forget, show, candidate = keep + n, keep + n + n, keep + n + n + n
    for k in range(n + n + n):
        work[keep + k] = sigmoid(work[keep + k])
    for k in range(n):
        work[candidate + k] = tanh(work[candidate + k])
    for k in range(n):
        work[old + k] = work[forget + k] * work[old + k] + work[keep + k] * work[candidate + k]
    for k in range(n):
        work[to + k] = work[show + k] * tanh(work[old + k])
