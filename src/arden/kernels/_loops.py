"""What the walks of this folder share: sparse features, and inner loops of vector instructions.

Arrays are addressed as array[row, k] with k counted from 0, or as array[row, low + k] with unsigned
numbers: for a signed sum Numba would test the sign of every index, and nothing would be vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.kernels._compile import FUSED, REORDERED, inner, outer

__all__ = ["add_row", "changes", "dot", "four_dots"]


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
