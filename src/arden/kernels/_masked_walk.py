"""The compiled walk through masked layers: MADE of any depth, and FVSBN, which has none.

A unit of degree d sees the inputs and the units below up to degree d, and is computed once, when
input d arrives; the outputs of step t see what has degree t at most. What is not there yet is zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import activate_one
from arden.kernels._compile import FUSED, inner, outer
from arden.kernels._dots import dot_of_four_rows, dot_of_row
from arden.kernels._scalars import draw_scalar, show_scalar

__all__ = ["ROWS_TOGETHER", "walk"]

ROWS_TOGETHER = 4
"""Rows for which a weight is loaded once; fewer go one by one, and add in the same order."""
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
    family: Any,
    rows: Any,
    values: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1.

    ``layers`` are the weights (O, I) of every layer, the output layer last, ``direct`` (T·P, T·F)
    those from inputs to outputs, or (0, 0). A row of ``values`` holds the inputs, then the units of
    layer after layer; a row of ``bias`` those of the units, then of the outputs. ``units`` is
    (begin, by_degree, seen): in layer l the units of degree d are by_degree[l, begin[l, d]] up to,
    without it, by_degree[l, begin[l, d + 1]], and see the first seen[l, d] values of the layer
    below; the outputs of step t see seen[−1, t] of them. ``family`` is that of `draw_scalar`.
    """
    begin, by_degree, seen = units
    noise, known, given = noises
    second = noise.shape[2] - 1  # a real's normal value
    num_layers, num_steps = len(layers) - 1, order.shape[0]
    num_rows, has_direct = rows[1] - rows[0], direct.shape[0] > 0
    last = layers[num_layers]  # not taken from the tuple step by step: counting references costs
    num_params = last.shape[0] // num_steps
    num_features = layers[0].shape[1] // num_steps
    num_inputs = num_steps * num_features
    sums = np.empty((ROWS_TOGETHER, num_params), values.dtype)
    masses = np.empty(num_params, np.float64)
    values[:] = 0
    for low in range(0, num_steps, _TILE):
        for row in range(0, num_rows, ROWS_TOGETHER):
            together = min(ROWS_TOGETHER, num_rows - row)
            first = rows[0] + row
            for step in range(low, min(low + _TILE, num_steps)):
                below, here = 0, num_inputs
                for layer in range(num_layers):
                    weights, reach = layers[layer], seen[layer, step]
                    for index in range(begin[layer, step], begin[layer, step + 1]):
                        unit = by_degree[layer, index]
                        _dots(values, row, together, below, weights, unit, reach, sums, 0)
                        for k in range(together):
                            total = bias[first + k, here - num_inputs + unit] + sums[k, 0]
                            values[row + k, here + unit] = activate_one(kind, total)
                    below, here = here, here + weights.shape[0]
                reach = seen[num_layers, step]
                for p in range(num_params):
                    output = step * num_params + p
                    _dots(values, row, together, below, last, output, reach, sums, p)
                    for k in range(together):
                        sums[k, p] += bias[first + k, here - num_inputs + output]
                if has_direct:
                    ahead = step * num_features
                    for p in range(num_params):
                        output = step * num_params + p
                        _add_dots(values, row, together, direct, output, ahead, sums, p)
                for k in range(together):
                    for p in range(num_params):
                        masses[p] = sums[k, p]
                    batch_row, place = first + k, order[step]
                    if known.shape[0] > 0 and known[batch_row, place]:
                        value = given[batch_row, place]
                    else:
                        uniform, normal = (
                            noise[batch_row, place, 0],
                            noise[batch_row, place, second],
                        )
                        value = draw_scalar(family, masses, uniform, normal, step)
                    drawn[batch_row, place] = value
                    show_scalar(family, value, values, row + k, step)


@inner(FUSED)
def _dots(
    values: Any,
    row: Any,
    together: Any,
    left: Any,
    weights: Any,
    output: Any,
    n: Any,
    sums: Any,
    p: Any,
) -> None:
    """sums[k, p] = values[row + k, left : left + n] · weights[output, :n] of as many rows."""
    if together == ROWS_TOGETHER:
        a, b, c, d = dot_of_four_rows(values, row, left, weights, output, n)
        sums[0, p], sums[1, p], sums[2, p], sums[3, p] = a, b, c, d
    else:
        for k in range(together):
            sums[k, p] = dot_of_row(values, row + k, left, weights, output, n)


@inner(FUSED)
def _add_dots(
    values: Any, row: Any, together: Any, weights: Any, output: Any, n: Any, sums: Any, p: Any
) -> None:
    """sums[k, p] += values[row + k, :n] · weights[output, :n] of as many rows."""
    if together == ROWS_TOGETHER:
        a, b, c, d = dot_of_four_rows(values, row, 0, weights, output, n)
        sums[0, p] += a
        sums[1, p] += b
        sums[2, p] += c
        sums[3, p] += d
    else:
        for k in range(together):
            sums[k, p] += dot_of_row(values, row + k, 0, weights, output, n)
