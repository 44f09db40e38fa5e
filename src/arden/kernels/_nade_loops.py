"""The compiled walks behind `arden.kernels.nade`: forward over rows, backward over hidden units.

The output layer is a list of O = T·P outputs. The features of a step are columns step·F … of a list
of T·F, and act on the units behind the outputs from (step + 1)·P on: those units *begin* there.

In the arguments ``seen`` is what `changes` returns, ``sizes`` is (F, P), ``weights`` is inputs
(S, H), hidden biases (B, H) and outputs (O, H).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import activate, slope_times
from arden.kernels._compile import FUSED, inner, outer
from arden.kernels._dots import add_gradients, dots
from arden.kernels._loops import add_row

__all__ = ["backward", "forward"]

_LEFT, _FIRST = np.uint64(0), np.int64(0)


@outer
def forward(
    seen: Any, sizes: Any, weights: Any, kind: Any, rows: Any, scratch: Any, result: Any
) -> None:
    """Fills rows[0] … rows[1] − 1 of result (B, O). Scratch: sums and units, (R, H') each, and a
    tile of output weights (O', H'), with H' ≥ H.

    All rows use a tile while it is in the cache, then go on to the next.
    """
    start, column, value = seen
    num_features, num_params = sizes
    inputs, hidden_bias, outputs = weights
    sums, units, tile = scratch
    hidden, num_outputs = np.uint64(outputs.shape[1]), outputs.shape[0]
    width = units.shape[1]
    following = start[rows[0] : rows[1]].copy()  # the next change of every row
    sums[:, hidden:] = 0
    tile[:, hidden:] = 0  # what the units beyond H are worth
    for row in range(rows[1] - rows[0]):
        for k in range(hidden):
            sums[row, k] = hidden_bias[rows[0] + row, k]
        activate(kind, sums, row, units, row)
    for low in range(0, num_outputs, tile.shape[0]):
        high = min(low + tile.shape[0], num_outputs)
        for output in range(low, high):
            for k in range(hidden):
                tile[output - low, k] = outputs[output, k]
        for row in range(rows[1] - rows[0]):
            batch_row = rows[0] + row
            change, end = following[row], start[batch_row + 1]
            output = low
            while output < high:
                changed = False
                stop = high
                while change < end:
                    begins = (column[change] // num_features + 1) * num_params
                    if begins > output:
                        stop = min(begins, high)
                        break
                    add_row(sums, row, value[change], inputs, column[change], _LEFT, hidden)
                    changed = True
                    change += 1
                if changed:
                    activate(kind, sums, row, units, row)
                dots(
                    units, row, tile, output - low, width, result[batch_row], output, stop - output
                )
                output = stop
            following[row] = change


@outer
def backward(
    seen: Any,
    sizes: Any,
    weights: Any,
    kind: Any,
    columns: Any,
    scratch: Any,
    grad: Any,
    results: Any,
) -> None:
    """grad (B, O) -> fills the gradients of the weights in columns[0] … columns[1] − 1, adding to
    that of the inputs. Scratch: sums (1, H'), units (G, H'), their gradients and those of the sums
    (R, H') each, output weights and their gradients (O, H') each, with H' ≥ the columns.

    Every task has its own hidden units, so no sum is shared or merged. A few rows at a time go
    forward, keeping the units of every change, and then back through the outputs: the gradient of a
    change is the sum over all outputs behind it.
    """
    start, column, value = seen
    num_features, num_params = sizes
    inputs, hidden_bias, outputs = weights
    sums, units, grad_units, grad_sums, own_outputs, grad_own_outputs = scratch
    grad_inputs, grad_bias, grad_outputs = results
    left, hidden = np.uint64(columns[0]), np.uint64(columns[1] - columns[0])
    batch_size, num_outputs = grad.shape
    most_kept = num_outputs // num_params  # units of one row: at the start and after each step
    following = np.empty(grad_units.shape[0], np.int64)  # the next change of a row, going back
    places = np.empty(grad_units.shape[0], np.int64)  # where its units are
    sums[:, hidden:] = 0
    own_outputs[:, hidden:] = 0
    grad_own_outputs[:] = 0
    for output in range(num_outputs):
        for k in range(hidden):
            own_outputs[output, k] = outputs[output, left + k]
    first_row = 0
    while first_row < batch_size:
        rows, kept = 0, 0
        while rows < following.size and first_row + rows < batch_size:
            batch_row = first_row + rows
            change, end = start[batch_row], start[batch_row + 1]
            if kept + min(end - change + 1, most_kept) > units.shape[0]:
                break
            for k in range(hidden):
                sums[0, k] = hidden_bias[batch_row, left + k]
            activate(kind, sums, _FIRST, units, kept)
            while change < end:
                step = column[change] // num_features
                while change < end and column[change] // num_features == step:
                    add_row(sums, _FIRST, value[change], inputs, column[change], left, hidden)
                    change += 1
                kept += 1
                activate(kind, sums, _FIRST, units, kept)
            following[rows], places[rows] = end - 1, kept
            kept += 1
            rows += 1
        grad_units[:rows] = 0
        grad_sums[:rows] = 0
        for high in range(num_outputs, 0, -_TILE):
            low = max(high - _TILE, 0)
            for row in range(rows):
                batch_row = first_row + row
                change, place, stop = following[row], places[row], high
                while stop > low:
                    begins = 0
                    if change >= start[batch_row]:
                        begins = (column[change] // num_features + 1) * num_params
                    output = max(begins, low)
                    add_gradients(
                        grad[batch_row],
                        output,
                        stop - output,
                        units,
                        place,
                        own_outputs,
                        output,
                        grad_units,
                        row,
                        grad_own_outputs,
                    )
                    stop = output
                    if begins < low or begins == 0:
                        break  # more of their outputs are in the tile below, or none is left
                    slope_times(kind, units, place, grad_units, grad_sums, row)
                    place -= 1
                    step = column[change] // num_features
                    while change >= start[batch_row] and column[change] // num_features == step:
                        _add_to_row(
                            grad_inputs, column[change], left, value[change], grad_sums, row, hidden
                        )
                        change -= 1
                following[row], places[row] = change, place
        for row in range(rows):
            slope_times(kind, units, places[row], grad_units, grad_sums, row)
            for k in range(hidden):
                grad_bias[first_row + row, left + k] = grad_sums[row, k]
        first_row += rows
    for output in range(num_outputs):
        for k in range(hidden):
            grad_outputs[output, left + k] = grad_own_outputs[output, k]


_TILE = 64
"""Outputs through which all kept rows go back before the next ones are brought into the cache."""


@inner(FUSED)
def _add_to_row(
    total: Any, target: Any, low: Any, factor: Any, grad: Any, row: Any, n: Any
) -> None:
    """total[target, low : low + n] += factor · grad[row, :n]; ``low`` and ``n`` unsigned."""
    for k in range(n):
        total[target, low + k] += factor * grad[row, k]
