"""What the walks of this folder share: sparse features, and inner loops of vector instructions.

Arrays are addressed as array[row, k] with k counted from 0, or as array[row, low + k] with unsigned
numbers: for a signed sum Numba would test the sign of every index, and nothing would be vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._compile import FUSED, REORDERED, inner, outer

__all__ = ["add_products", "add_row", "add_rows", "changes", "dot", "four_dots"]


def changes(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(B, S) -> (B + 1,), (N,), (N,): the columns of row b that are not zero, and their values,
    stand at start[b] … start[b + 1] − 1, in order."""
    start = np.zeros(len(features) + 1, np.int64)
    np.cumsum(np.count_nonzero(features, axis=1), out=start[1:])
    # One more than needed: the loop writes before it knows whether to keep.
    column = np.empty(start[-1] + 1, np.int64)
    value = np.empty(start[-1] + 1, features.dtype)
    _gather(features, column, value)
    return start, column, value


@outer
def _gather(features: Any, column: Any, value: Any) -> None:
    found = 0
    for row in range(features.shape[0]):
        for k in range(features.shape[1]):
            column[found] = k
            value[found] = features[row, k]
            found += features[row, k] != 0


@inner(FUSED)
def add_row(total: Any, row: Any, factor: Any, weights: Any, source: Any, low: Any, n: Any) -> None:
    """total[row, :n] += factor · weights[source, low : low + n]; ``low`` and ``n`` unsigned."""
    for k in range(n):
        total[row, k] += factor * weights[source, low + k]


@inner(FUSED)
def add_rows(
    total: Any,
    row: Any,
    values: Any,
    at: Any,
    left: Any,
    weights: Any,
    first: Any,
    count: Any,
    n: Any,
) -> None:
    """total[row, :n] += values[at, left : left + count] @ weights[first : first + count, :n], in
    this order, a product after another; ``n`` unsigned."""
    whole = count // 4 * 4
    for source in range(0, whole, 4):
        a, b = values[at, left + source], values[at, left + source + 1]
        c, d = values[at, left + source + 2], values[at, left + source + 3]
        i = first + source
        for k in range(n):
            total[row, k] = (
                total[row, k]
                + a * weights[i, k]
                + b * weights[i + 1, k]
                + c * weights[i + 2, k]
                + d * weights[i + 3, k]
            )
    for source in range(whole, count):
        add_row(total, row, values[at, left + source], weights, first + source, np.uint64(0), n)


@inner(FUSED)
def add_products(total: Any, values: Any, weights: Any) -> None:
    """(R, O) += (R, I) @ (I, O), a weight once loaded serving four rows.

    A row's sums are those of `add_rows`, in the same order: they do not depend on the others.
    """
    rows, count, n = total.shape[0], weights.shape[0], np.uint64(weights.shape[1])
    whole = count // 4 * 4
    fours = rows // 4 * 4
    for row in range(0, fours, 4):
        for i in range(0, whole, 4):
            a, b, c, d = _four(values, row, i)
            e, f, g, h = _four(values, row + 1, i)
            p, q, r, s = _four(values, row + 2, i)
            u, v, w, x = _four(values, row + 3, i)
            for k in range(n):
                first, second = weights[i, k], weights[i + 1, k]
                third, fourth = weights[i + 2, k], weights[i + 3, k]
                total[row, k] = total[row, k] + a * first + b * second + c * third + d * fourth
                total[row + 1, k] = (
                    total[row + 1, k] + e * first + f * second + g * third + h * fourth
                )
                total[row + 2, k] = (
                    total[row + 2, k] + p * first + q * second + r * third + s * fourth
                )
                total[row + 3, k] = (
                    total[row + 3, k] + u * first + v * second + w * third + x * fourth
                )
        for here in range(row, row + 4):
            for i in range(whole, count):
                add_row(total, here, values[here, i], weights, i, np.uint64(0), n)
    for row in range(fours, rows):
        add_rows(total, row, values, row, 0, weights, 0, count, n)


@inner(FUSED)
def _four(values: Any, row: Any, left: Any) -> Any:
    """(R, I), row, left -> values[row, left : left + 4]."""
    return values[row, left], values[row, left + 1], values[row, left + 2], values[row, left + 3]


@inner(REORDERED)
def dot(values: Any, row: Any, left: Any, weights: Any, output: Any, n: Any) -> Any:
    """(R, I), row, (O, J), output -> values[row, left : left + n] · weights[output, :n]; ``left``
    and ``n`` unsigned."""
    total = values.dtype.type(0)
    for k in range(n):
        total += values[row, left + k] * weights[output, k]
    return total


@inner(REORDERED)
def four_dots(values: Any, row: Any, left: Any, weights: Any, output: Any, n: Any) -> Any:
    """As `dot`, for ``output`` and the three after it: a value is read once for all four."""
    a = b = c = d = values.dtype.type(0)
    for k in range(n):
        value = values[row, left + k]
        a += value * weights[output, k]
        b += value * weights[output + 1, k]
        c += value * weights[output + 2, k]
        d += value * weights[output + 3, k]
    return a, b, c, d
