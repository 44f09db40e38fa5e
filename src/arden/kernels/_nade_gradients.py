"""The compiled pass behind `arden.kernels.nade_likelihood`: NADE over bits, forward and backward.

An output's gradient needs its own logit alone, so that nothing is kept and nothing computed twice.
With a the sums of the hidden units and P their gradient from all outputs so far, a bit that is one
at step j gets T − P_j, where T is the P at the end: −P_j is added on the way, T in a second round.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import activate, sigmoid, slope_times
from arden.kernels._compile import FUSED, inner, outer
from arden.kernels._dots import add_gradients, dots
from arden.kernels._loops import add_row

__all__ = ["gradients"]

_LEFT = np.uint64(0)
_MOST_OUTPUTS = 4


@outer
def gradients(
    seen: Any,
    weights: Any,
    kind: Any,
    each: Any,
    rows: Any,
    scratch: Any,
    logits: Any,
    results: Any,
) -> None:
    """Rows rows[0] … rows[1] − 1 -> logits (B, T), and gradients of Σ each[b] · ln p(x_b).

    ``seen`` are the first two of `changes` of all T bits, ``weights`` inputs (T − 1, H), hidden
    biases (B, H), outputs (T, H) and output biases (B, T). ``results`` are the gradients of these:
    those of inputs and outputs, (T, H), are added to. Scratch: sums, units and
    gradients of both, (R, H′) each, and output weights and their gradients, (O, H′) each.
    """
    start, ones = seen
    inputs, hidden_bias, outputs, output_bias = weights
    sums, units, of_units, of_sums, own, of_own = scratch
    to_inputs, to_hidden_bias, to_outputs, to_output_bias = results
    hidden, num_steps = np.uint64(outputs.shape[1]), outputs.shape[0]
    num_rows, width = rows[1] - rows[0], units.shape[1]
    following = start[rows[0] : rows[1]].copy()  # the next one of every row
    grads = np.empty(own.shape[0], own.dtype)
    sums[:, hidden:] = 0
    own[:, hidden:] = 0  # what the units beyond H are worth
    of_own[:, hidden:] = 0
    of_units[:num_rows] = 0
    of_sums[:num_rows] = 0
    for row in range(num_rows):
        for k in range(hidden):
            sums[row, k] = hidden_bias[rows[0] + row, k]
        activate(kind, sums, row, units, row)
    for low in range(0, num_steps, own.shape[0]):
        high = min(low + own.shape[0], num_steps)
        for step in range(low, high):
            for k in range(hidden):
                own[step - low, k] = outputs[step, k]
        for step in range(low, high):
            for k in range(hidden):
                of_own[step - low, k] = to_outputs[step, k]
        for row in range(num_rows):
            batch_row = rows[0] + row
            one, end, weight = following[row], start[batch_row + 1], each[batch_row]
            step = low
            while step < high:
                if one < end and ones[one] < step:
                    slope_times(kind, units, row, of_units, of_sums, row)
                    _take_away(to_inputs, ones[one], of_sums, row, hidden)
                    add_row(sums, row, sums.dtype.type(1), inputs, ones[one], _LEFT, hidden)
                    activate(kind, sums, row, units, row)
                    one += 1
                stop = min(ones[one] + 1, high) if one < end else high
                count = min(stop - step, _MOST_OUTPUTS)
                dots(units, row, own, step - low, width, logits[batch_row], step, count)
                for o in range(count):
                    logit = logits[batch_row, step + o] + output_bias[batch_row, step + o]
                    logits[batch_row, step + o] = logit
                    grads[o] = weight * ((one < end and ones[one] == step + o) - sigmoid(logit))
                    to_output_bias[batch_row, step + o] = grads[o]
                add_gradients(grads, 0, count, units, row, own, step - low, of_units, row, of_own)
                step += count
            following[row] = one
        for step in range(low, high):
            for k in range(hidden):
                to_outputs[step, k] = of_own[step - low, k]
    for row in range(num_rows):
        slope_times(kind, units, row, of_units, of_sums, row)
        for k in range(hidden):
            to_hidden_bias[rows[0] + row, k] = of_sums[row, k]
        following[row] = start[rows[0] + row]
    for low in range(0, num_steps - 1, own.shape[0]):
        high = min(low + own.shape[0], num_steps - 1)
        for row in range(num_rows):
            one, end = following[row], start[rows[0] + row + 1]
            while one < end and ones[one] < high:
                add_row(to_inputs, ones[one], sums.dtype.type(1), of_sums, row, _LEFT, hidden)
                one += 1
            following[row] = one


@inner(FUSED)
def _take_away(total: Any, row: Any, values: Any, at: Any, n: Any) -> None:
    """total[row, :n] −= values[at, :n]; ``n`` unsigned."""
    for k in range(n):
        total[row, k] -= values[at, k]
