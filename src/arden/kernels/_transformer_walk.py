"""The compiled walk through a causal Transformer, a layer at a time for all rows of a piece.

Keys and values are kept in spans of steps, (W, SPAN) each: what attention adds up over the numbers
of a head (keys) and over the steps (values) are then loops of vector instructions, and a step reads
all that was kept in the order of memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from arden.kernels._compile import FUSED, REORDERED, inner, outer
from arden.kernels._gelu import exponential, gelu
from arden.kernels._loops import add_products, add_rows, dot, four_dots
from arden.kernels._scratch import LANES
from arden.kernels._symbols import draw_value

__all__ = ["SPAN", "walk"]

SPAN = 64
"""Steps whose keys and values lie together; a multiple of LANES."""

_LEFT = np.uint64(0)


@outer
def walk(
    ends: Any,
    blocks: Any,
    epsilon: Any,
    order: Any,
    noises: Any,
    rows: Any,
    work: Any,
    caches: Any,
    masses: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1.

    ``ends``: tokens (K, W) of every symbol, first tokens (B, W), positions (T, W), and of the last
    norm and the output: scale and shift (1, W) each, weight (W, P), bias (1, P). ``blocks``: by
    layer, norms (L, 4, W) (scale and shift before attention and before the perceptron), then
    weights (L, I, O) and biases (L, 1, O) of its four maps in turn. ``work``: (R, W) the residual
    stream, (R, W) what a map reads, (R, 3W), (R, 4W), (R, P), and the scores, see `_attend`.
    ``caches`` are the keys and values, (L, R, N, W, SPAN) each.
    """
    tokens, first, positions, norms, output, output_bias = ends
    stream, read, _, _, logits, _, _ = work
    noise, known, given = noises
    keys, values = caches
    num_symbols, num_rows = tokens.shape[0], rows[1] - rows[0]
    for step in range(order.shape[0]):
        for row in range(num_rows):
            if step == 0:
                _sum(stream, row, first, rows[0] + row, positions, step)
            else:
                symbol = drawn[rows[0] + row, order[step - 1]]
                _sum(stream, row, tokens, symbol, positions, step)
        for layer in range(keys.shape[0]):
            _block(layer, step, blocks, epsilon, work, keys, values)
        _normalise(stream, norms, 0, epsilon, read)
        _fill(logits, output_bias)
        add_products(logits, read, output)
        place = order[step]
        for row in range(num_rows):
            batch_row = rows[0] + row
            if known.shape[0] > 0 and known[batch_row, place]:
                drawn[batch_row, place] = given[batch_row, place]
            else:
                for k in range(masses.shape[0]):
                    masses[k] = logits[row, k]
                drawn[batch_row, place] = draw_value(masses, num_symbols, noise[batch_row, place])


@inner(FUSED)
def _block(
    layer: Any,
    step: Any,
    blocks: Any,
    epsilon: Any,
    work: Any,
    keys: Any,
    values: Any,
) -> None:
    """As `TransformerBlock.step`, for all rows: the residual stream goes on by one layer."""
    norms, into, into_bias, out, out_bias, up, up_bias, down, down_bias = blocks
    stream, read, together, hidden, _, scores, weights = work
    num_rows, width = stream.shape
    span, place = step // SPAN, step % SPAN
    _normalise(stream, norms[layer], 0, epsilon, read)
    _fill(together, into_bias[layer])
    add_products(together, read, into[layer])
    for row in range(num_rows):
        for k in range(width):
            if place == 0:  # what no step has filled yet is multiplied by zero
                keys[layer, row, span, k] = 0
                values[layer, row, span, k] = 0
            keys[layer, row, span, k, place] = together[row, width + k]
            values[layer, row, span, k, place] = together[row, 2 * width + k]
        _attend(together, row, keys[layer, row], values[layer, row], step, scores, weights, read)
    _add_bias(stream, out_bias[layer])
    add_products(stream, read, out[layer])
    _normalise(stream, norms[layer], 2, epsilon, read)
    _fill(hidden, up_bias[layer])
    add_products(hidden, read, up[layer])
    for row in range(num_rows):
        for k in range(hidden.shape[1]):
            hidden[row, k] = gelu(hidden[row, k])
    _add_bias(stream, down_bias[layer])
    add_products(stream, hidden, down[layer])


@inner(FUSED)
def _attend(
    query: Any, row: Any, keys: Any, values: Any, step: Any, scores: Any, weights: Any, mean: Any
) -> None:
    """(R, ≥ W), row, (N, W, SPAN) twice, t -> (): mean[row] = what each head finds in steps 0 … t.

    ``scores`` (heads · N, SPAN) and ``weights`` (heads, N · SPAN) are the same memory.
    """
    num_spans, width, _ = keys.shape
    heads = weights.shape[0]
    size, spans = width // heads, step // SPAN + 1
    for span in range(spans):
        for head in range(heads):
            place = head * num_spans + span
            for k in range(SPAN):
                scores[place, k] = 0
            low = head * size
            add_rows(scores, place, query, row, low, keys[span], low, size, np.uint64(SPAN))
    scale = weights.dtype.type(1.0 / math.sqrt(size))
    for head in range(heads):
        _weigh(weights, head, step + 1, scale)
    for k in range(width):
        mean[row, k] = 0
    for span in range(spans):
        for head in range(heads):
            place, low = head * num_spans + span, head * size
            whole = low + size // 4 * 4
            for k in range(low, whole, 4):
                a, b, c, d = four_dots(scores, place, _LEFT, values[span], k, np.uint64(SPAN))
                mean[row, k] += a
                mean[row, k + 1] += b
                mean[row, k + 2] += c
                mean[row, k + 3] += d
            for k in range(whole, low + size):
                mean[row, k] += dot(scores, place, _LEFT, values[span], k, np.uint64(SPAN))


@inner(REORDERED)
def _weigh(scores: Any, head: Any, count: Any, scale: Any) -> None:
    """(heads, N · SPAN), head, t, scale > 0 -> (): softmax of scale · scores[head, :t], then zeros
    to the end of the span.

    The greatest is sought lane by lane, or else it would be one comparison after another.
    """
    end = -(-count // SPAN) * SPAN
    for k in range(count, end):
        scores[head, k] = scores[head, 0]
    greatest = scores[head, 0]
    most = np.full(LANES, greatest, scores.dtype)
    for low in range(0, end, LANES):
        for lane in range(LANES):
            most[lane] = max(most[lane], scores[head, low + lane])
    for lane in range(LANES):
        greatest = max(greatest, most[lane])
    total = scores.dtype.type(0)
    for k in range(np.uint64(count)):
        weight = exponential(scale * (scores[head, k] - greatest))
        scores[head, k] = weight
        total += weight
    share = scores.dtype.type(1) / total
    for k in range(np.uint64(count)):
        scores[head, k] *= share
    for k in range(count, end):
        scores[head, k] = 0


@inner(REORDERED)
def _normalise(x: Any, norms: Any, which: Any, epsilon: Any, out: Any) -> None:
    """(R, W), (N, W) with scale and shift at ``which`` and the next -> (): out = the layer norm."""
    width = x.shape[1]
    for row in range(x.shape[0]):
        total = square = x.dtype.type(0)
        for k in range(width):
            total += x[row, k]
        mean = total / x.dtype.type(width)
        for k in range(width):
            square += (x[row, k] - mean) * (x[row, k] - mean)
        inverse = x.dtype.type(1) / np.sqrt(square / x.dtype.type(width) + epsilon)
        for k in range(width):
            out[row, k] = (x[row, k] - mean) * inverse * norms[which, k] + norms[which + 1, k]


@inner(FUSED)
def _sum(total: Any, row: Any, a: Any, a_row: Any, b: Any, b_row: Any) -> None:
    """total[row] = a[a_row] + b[b_row]."""
    for k in range(total.shape[1]):
        total[row, k] = a[a_row, k] + b[b_row, k]


@inner(FUSED)
def _fill(total: Any, bias: Any) -> None:
    """(R, O), (1, O) -> (): every row is the bias."""
    for row in range(total.shape[0]):
        for k in range(total.shape[1]):
            total[row, k] = bias[0, k]


@inner(FUSED)
def _add_bias(total: Any, bias: Any) -> None:
    """(R, O), (1, O) -> (): added to every row."""
    for row in range(total.shape[0]):
        for k in range(total.shape[1]):
            total[row, k] += bias[0, k]
