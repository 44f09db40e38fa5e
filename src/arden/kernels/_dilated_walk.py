"""The compiled walk through WaveNet's gated convolutions, a position of every block at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import sigmoid, tanh
from arden.kernels._compile import EXACT, FUSED, inner, outer
from arden.kernels._panels import add_product
from arden.kernels._row_draws import any_asked, copy_rows, draw_rows, repeat_row

__all__ = ["walk"]


@outer
def walk(
    weights: Any,
    biases: Any,
    reach: Any,
    order: Any,
    noises: Any,
    rows: Any,
    end: Any,
    rings: Any,
    work: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1.

    ``weights`` are `panels`, of all blocks one after another: from what a block is given to its
    filters and gates (W′ ≥ W columns each), from what it was given ``reach[block, 0]`` steps before
    to the same, and from what passes the gates to what is added (W′ columns) and what is skipped;
    then those of the hidden layer and of the logits. ``biases`` are what the first block is given
    at the first step (1, W) and after each symbol (K, W); those of filters and gates (B or 1,
    blocks, 2 W′), of what is added (blocks, W), of all that is skipped (1, S), of the hidden layer
    (1, S) and of the logits (1, P). ``rings`` (slots, R, W) hold zeros; those of a block begin at
    reach[block, 1]. ``work`` is room for what is given and skipped (R, ≥ W′ + S), for filters and
    gates, what passes (R, W′), what was skipped (R, S), the hidden layer and the logits.
    """
    now, back, onward, to_hidden, to_logits = weights
    of_first, of_symbols, of_gates, of_added, of_skipped, of_hidden, of_logits = biases
    stream, gates, passed, skipped, hidden, logits = work
    num_rows, num_steps, channels = rows[1] - rows[0], order.shape[0], of_added.shape[1]
    for array in work:
        array[:] = 0
    masses = np.empty(of_logits.shape[1], np.float64)
    active = np.ones(num_rows, np.bool_)
    for step in range(num_steps):
        for row in range(num_rows):
            if step == 0:
                _begin(of_first, 0, of_skipped, stream, row, passed.shape[1])
            else:
                symbol = drawn[rows[0] + row, order[step - 1]]
                _begin(of_symbols, symbol, of_skipped, stream, row, passed.shape[1])
        for block in range(now.shape[0]):
            dilation, slot = reach[block, 0], reach[block, 1] + step % reach[block, 0]
            for row in range(num_rows):
                source = rows[0] + row if of_gates.shape[0] > 1 else 0
                for k in range(of_gates.shape[2]):
                    gates[row, k] = of_gates[source, block, k]
            add_product(stream, num_rows, now[block], gates, 0)
            if step >= dilation:
                add_product(rings[slot], num_rows, back[block], gates, 0)
            if step + dilation < num_steps:
                copy_rows(stream, num_rows, rings[slot], channels)
            for row in range(num_rows):
                _pass(gates, row, passed)
                for k in range(channels):
                    stream[row, k] += of_added[block, k]
            add_product(passed, num_rows, onward[block], stream, 0)
        place = order[step]
        if any_asked(noises[1], rows, place, active):
            repeat_row(of_hidden, 0, num_rows, hidden)
            repeat_row(of_logits, 0, num_rows, logits)
            for row in range(num_rows):
                _relu(stream, row, passed.shape[1], skipped)
            add_product(skipped, num_rows, to_hidden, hidden, 0)
            for row in range(num_rows):
                _relu(hidden, row, 0, skipped)
            add_product(skipped, num_rows, to_logits, logits, 0)
        num_symbols = of_symbols.shape[0]
        if not draw_rows(logits, masses, num_symbols, noises, rows, place, end, active, drawn):
            return


@inner(EXACT)
def _begin(of_values: Any, value: Any, of_skipped: Any, stream: Any, row: Any, width: Any) -> None:
    """(·, W), which, (1, S) -> (): stream[row] is what the first block is given, and what is
    skipped before it."""
    for k in range(of_values.shape[1]):
        stream[row, k] = of_values[value, k]
    low = np.uint64(width)  # see `_loops`
    for k in range(np.uint64(of_skipped.shape[1])):
        stream[row, low + k] = of_skipped[0, k]


@inner(FUSED)
def _pass(gates: Any, row: Any, passed: Any) -> None:
    """(R, ≥ 2 W′), row -> (): passed[row] = tanh(filters) · σ(gates)."""
    width = np.uint64(passed.shape[1])
    for k in range(width):
        passed[row, k] = tanh(gates[row, k]) * sigmoid(gates[row, width + k])


@inner(EXACT)
def _relu(values: Any, row: Any, low: Any, target: Any) -> None:
    """(R, ≥ low + S), row -> (): target[row] = values[row, low : low + S], zero where negative."""
    low, zero = np.uint64(low), target.dtype.type(0)
    for k in range(np.uint64(target.shape[1])):
        value = values[row, low + k]
        target[row, k] = zero if value <= zero else value
