"""The nonlinearities of hidden units as loops that become vector instructions.

Numba's `math.exp` is a call for every number, unless Intel's library is installed. In float32 the
exponential here is a polynomial, four times faster; float64 is the precision of proofs and keeps
`math.exp`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from arden.kernels._compile import EXACT, FUSED, inner

__all__ = ["ACTIVATIONS", "activate", "activate_one", "power_and_rest", "slope_times"]

ACTIVATIONS = {"sigmoid": 0, "tanh": 1, "relu": 2}
"""The names of `arden.layers.activation`, as the numbers that compiled loops take."""

_SIGMOID, _TANH = np.int64(0), np.int64(1)
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_LEAST, _MOST = np.float32(-87), np.float32(88)  # 2ⁿ stays a normal number
_LOG2_E = np.float32(1.4426950408889634)
_LN_2_HIGH, _LN_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_ROUNDS = np.float32(1.5 * 2**23)  # added and subtracted, leaves the nearest integer
_C2, _C3, _C4 = np.float32(0.5), np.float32(1.6666665e-1), np.float32(4.1665796e-2)
_C5, _C6, _C7 = np.float32(8.3334519e-3), np.float32(1.3981999e-3), np.float32(1.98756915e-4)


@inner(FUSED)
def power_and_rest(x: Any) -> Any:
    """x -> 2ⁿ, e^r − 1 with x = n ln 2 + r and |r| ≤ ½ ln 2 (polynomial of Cephes' expf); a NaN
    stays one."""
    x = _LEAST if x < _LEAST else x
    x = _MOST if x > _MOST else x
    shifted = np.float32(x * _LOG2_E + _ROUNDS)
    count = shifted - _ROUNDS
    r = x - count * _LN_2_HIGH
    r = r - count * _LN_2_LOW
    rest = ((((_C7 * r + _C6) * r + _C5) * r + _C4) * r + _C3) * r + _C2
    rest = rest * r * r + r
    # The low bits of the shifted number are n; moved into the exponent they make 2ⁿ.
    power = np.int32((shifted.view(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32)
    return power, rest


@inner(FUSED)
def _sigmoid32(x: Any) -> Any:
    power, rest = power_and_rest(-x)
    return _ONE / (_ONE + (power + power * rest))


@inner(FUSED)
def _tanh32(x: Any) -> Any:
    power, rest = power_and_rest(-_TWO * (x if x > _ZERO else -x))
    below_one = (power - _ONE) + power * rest  # e^(−2|x|) − 1, without cancelling near 0
    size = -below_one / (_TWO + below_one)
    return size if x > _ZERO else -size


@inner(EXACT)
def _sigmoid64(x: Any) -> Any:
    return 1.0 / (1.0 + math.exp(-x))


@inner(EXACT)
def _tanh64(x: Any) -> Any:
    return math.tanh(x)


def sigmoid(x: Any) -> Any:
    """float -> float of the same width (inside compiled code only)."""
    raise NotImplementedError


def tanh(x: Any) -> Any:
    """float -> float of the same width (inside compiled code only)."""
    raise NotImplementedError


@overload(sigmoid)
def _sigmoid_of_width(x):  # type: ignore[no-untyped-def]  # Numba compares signatures, lambdas have none
    if x == types.float32:
        return lambda x: _sigmoid32(x)
    return lambda x: _sigmoid64(x)


@overload(tanh)
def _tanh_of_width(x):  # type: ignore[no-untyped-def]  # Numba compares signatures, lambdas have none
    if x == types.float32:
        return lambda x: _tanh32(x)
    return lambda x: _tanh64(x)


@inner(FUSED)
def activate(kind: Any, sums: Any, row: Any, units: Any, place: Any) -> None:
    """number of ACTIVATIONS, (R, H), row, (R', H), place -> (): units[place] = act(sums[row])."""
    zero = sums.dtype.type(0)
    width = sums.shape[1]
    if kind == _SIGMOID:
        for k in range(width):
            units[place, k] = sigmoid(sums[row, k])
    elif kind == _TANH:
        for k in range(width):
            units[place, k] = tanh(sums[row, k])
    else:
        for k in range(width):
            units[place, k] = zero if sums[row, k] <= zero else sums[row, k]


@inner(FUSED)
def activate_one(kind: Any, total: Any) -> Any:
    """number of ACTIVATIONS, float -> float."""
    if kind == _SIGMOID:
        return sigmoid(total)
    if kind == _TANH:
        return tanh(total)
    return total * 0 if total <= 0 else total


@inner(FUSED)
def slope_times(kind: Any, units: Any, place: Any, grad: Any, total: Any, row: Any) -> None:
    """total[row] += grad[row] · act′, from the units' values at ``place``; empties grad[row]."""
    zero, one = units.dtype.type(0), units.dtype.type(1)
    width = units.shape[1]
    if kind == _SIGMOID:
        for k in range(width):
            unit = units[place, k]
            total[row, k] += grad[row, k] * (unit * (one - unit))
            grad[row, k] = zero
    elif kind == _TANH:
        for k in range(width):
            unit = units[place, k]
            total[row, k] += grad[row, k] * (one - unit * unit)
            grad[row, k] = zero
    else:
        for k in range(width):
            total[row, k] += zero if units[place, k] <= zero else grad[row, k]
            grad[row, k] = zero
