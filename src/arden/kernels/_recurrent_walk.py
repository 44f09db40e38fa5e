"""The compiled walk through stacked recurrent layers of any of three cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._activation import sigmoid, tanh
from arden.kernels._compile import FUSED, inner, outer
from arden.kernels._panels import add_product
from arden.kernels._row_draws import any_asked, draw_rows, repeat_row

__all__ = ["GRU_CELL", "LSTM_CELL", "TANH_CELL", "walk"]

TANH_CELL, LSTM_CELL, GRU_CELL = 0, 1, 2


@outer
def walk(
    cell: Any,
    weights: Any,
    biases: Any,
    first: Any,
    order: Any,
    noises: Any,
    rows: Any,
    end: Any,
    work: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1.

    A layer's sums are blocks of H′ ≥ H columns: one for the tanh cell, i f g o for the LSTM, and
    for the GRU n r z n, of which the first n is what the input adds, the last what the hidden units
    do. ``weights`` are `panels`: from the layer below (L − 1, …), from the layer itself (L, …) and,
    of the top one, to the logits. ``biases`` are those of the first layer with what each symbol
    adds (K, columns), of the layers (L, columns) and of the logits (1, P); ``first`` (parts, B, L,
    H) is the first state. ``work`` is room for hidden units and cells (L, R, H′), sums (R, ≥
    columns) and logits (R, ≥ P).
    """
    from_below, from_itself, to_logits = weights
    of_symbols, of_layers, of_logits = biases
    hidden, cells, sums, logits = work
    num_rows, num_steps, num_layers = rows[1] - rows[0], order.shape[0], hidden.shape[0]
    low = hidden.shape[2] if cell == GRU_CELL else 0  # where the hidden units' columns begin
    hidden[:] = 0
    cells[:] = 0
    sums[:] = 0
    logits[:] = 0
    for layer in range(num_layers):
        for row in range(num_rows):
            for k in range(first.shape[3]):
                hidden[layer, row, k] = first[0, rows[0] + row, layer, k]
                if cell == LSTM_CELL:
                    cells[layer, row, k] = first[1, rows[0] + row, layer, k]
    masses = np.empty(of_logits.shape[1], np.float64)
    active = np.ones(num_rows, np.bool_)
    for step in range(num_steps):
        for layer in range(num_layers if step > 0 else 0):
            if layer == 0:
                for row in range(num_rows):
                    symbol = drawn[rows[0] + row, order[step - 1]]
                    for k in range(of_symbols.shape[1]):
                        sums[row, k] = of_symbols[symbol, k]
            else:
                repeat_row(of_layers, layer, num_rows, sums)
                add_product(hidden[layer - 1], num_rows, from_below[layer - 1], sums, 0)
            add_product(hidden[layer], num_rows, from_itself[layer], sums, low)
            for row in range(num_rows):
                if cell == LSTM_CELL:
                    _lstm(sums, row, cells[layer], hidden[layer])
                elif cell == GRU_CELL:
                    _gru(sums, row, hidden[layer])
                else:
                    _tanh(sums, row, hidden[layer])
        place = order[step]
        if any_asked(noises[1], rows, place, active):
            repeat_row(of_logits, 0, num_rows, logits)
            add_product(hidden[num_layers - 1], num_rows, to_logits, logits, 0)
        num_symbols = of_symbols.shape[0]
        if not draw_rows(logits, masses, num_symbols, noises, rows, place, end, active, drawn):
            return


@inner(FUSED)
def _tanh(sums: Any, row: Any, hidden: Any) -> None:
    for k in range(hidden.shape[1]):
        hidden[row, k] = tanh(sums[row, k])


@inner(FUSED)
def _lstm(sums: Any, row: Any, cells: Any, hidden: Any) -> None:
    width = np.uint64(hidden.shape[1])  # see `_loops`
    second, third, fourth = width, width + width, width + width + width
    for k in range(width):
        kept = sigmoid(sums[row, second + k]) * cells[row, k]
        cell = sigmoid(sums[row, k]) * tanh(sums[row, third + k]) + kept
        cells[row, k] = cell
        hidden[row, k] = sigmoid(sums[row, fourth + k]) * tanh(cell)


@inner(FUSED)
def _gru(sums: Any, row: Any, hidden: Any) -> None:
    width = np.uint64(hidden.shape[1])
    second, third, fourth = width, width + width, width + width + width
    for k in range(width):
        reset = sigmoid(sums[row, second + k])
        new = tanh(sums[row, k] + reset * sums[row, fourth + k])
        hidden[row, k] = new + sigmoid(sums[row, third + k]) * (hidden[row, k] - new)
