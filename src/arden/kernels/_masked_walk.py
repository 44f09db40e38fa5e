"""The compiled walk through masked layers over bits: MADE of any depth, and FVSBN, which has none.

A unit of degree d sees the inputs and the units below up to degree d, and is computed once, when
input d arrives; the output of step t sees what has degree t at most. What is not there yet is zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import activate_one
from arden.kernels._compile import REORDERED, inner, outer
from arden.kernels._symbols import draw_bit

__all__ = ["ROWS_TOGETHER", "walk"]

ROWS_TOGETHER = 4
"""Rows for which a weight is loaded once. A lone row takes the same way, and three empty ones with
it: another would add in another order, and draws would depend on the batch."""
_TILE = 16
"""Steps whose weights are brought into the cache together, for all rows."""


@outer
def walk(
    layers: Any,
    direct: Any,
    bias: Any,
    units: Any,
    kind: Any,
    order: Any,
    noises: Any,
    rows: Any,
    values: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1.

    ``layers`` are the weights (O, I) of every layer, the output layer last, ``direct`` (T, T) those
    from inputs to outputs, or (0, 0). A row of ``values`` holds the inputs, then the units of layer
    after layer; a row of ``bias`` those of the units, then of the outputs. ``units`` is (begin,
    by_degree, seen): in layer l the units of degree d are by_degree[l, begin[l, d]] up to, without
    it, by_degree[l, begin[l, d + 1]], and see the first seen[l, d] values of the layer below; the
    output of step t sees seen[−1, t] of them.
    """
    noise, known, given = noises
    begin, by_degree, seen = units
    num_layers, num_steps = len(layers) - 1, order.shape[0]
    num_rows, has_direct = rows[1] - rows[0], direct.shape[0] > 0
    values[:] = 0
    for low in range(0, num_steps, _TILE):
        for row in range(0, num_rows, ROWS_TOGETHER):
            together = min(ROWS_TOGETHER, num_rows - row)
            for step in range(low, min(low + _TILE, num_steps)):
                below, here = 0, num_steps
                for layer in range(num_layers):
                    weights, reach = layers[layer], seen[layer, step]
                    for index in range(begin[layer, step], begin[layer, step + 1]):
                        unit = by_degree[layer, index]
                        sums = _four_rows(values, row, below, weights, unit, reach)
                        for k in range(together):
                            total = bias[rows[0] + row + k, here - num_steps + unit] + sums[k]
                            values[row + k, here + unit] = activate_one(kind, total)
                    below, here = here, here + weights.shape[0]
                reach = seen[num_layers, step]
                sums = _four_rows(values, row, below, layers[num_layers], step, reach)
                direct_sums = sums
                if has_direct:
                    direct_sums = _four_rows(values, row, 0, direct, step, step)
                place = order[step]
                for k in range(together):
                    batch_row = rows[0] + row + k
                    if known.shape[0] > 0 and known[batch_row, place]:
                        bit = given[batch_row, place]
                    else:
                        logit = bias[batch_row, here - num_steps + step] + sums[k]
                        if has_direct:
                            logit += direct_sums[k]
                        bit = draw_bit(logit, noise[batch_row, place])
                    drawn[batch_row, place] = bit
                    values[row + k, step] = bit


@inner(REORDERED)
def _four_rows(values: Any, row: Any, left: Any, weights: Any, unit: Any, n: Any) -> Any:
    """(R, I′), row, (O, I), unit -> values[row, left : left + n] · weights[unit, :n], of 4 rows."""
    a = b = c = d = values.dtype.type(0)
    left = np.uint64(left)  # see `_loops`
    for k in range(np.uint64(n)):
        weight = weights[unit, k]
        a += weight * values[row, left + k]
        b += weight * values[row + 1, left + k]
        c += weight * values[row + 2, left + k]
        d += weight * values[row + 3, left + k]
    return a, b, c, d
