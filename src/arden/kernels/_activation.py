"""The nonlinearities of hidden units as loops that become vector instructions.

Numba's `math.exp` is a call for every number, unless Intel's library is installed. In float32 the
exponential here is a polynomial, four times faster; float64 is the precision of proofs and keeps
`math.exp`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from arden.kernels._compile import EXACT, FUSED, inner
from arden.kernels._vectors import VECTOR, Vectors, array, row_of

__all__ = ["ACTIVATIONS", "activate", "activate_one", "power_and_rest", "slope_times"]

ACTIVATIONS = {"sigmoid": 0, "tanh": 1, "relu": 2}
"""The names of `arden.layers.activation`, as the numbers that compiled loops take."""

_SIGMOID, _TANH = np.int64(0), np.int64(1)
_LEAST, _MOST = -87.0, 88.0  # 2ⁿ stays a normal number
_LOG2_E, _LN_2_HIGH, _LN_2_LOW = 1.4426950408889634, 0.693359375, -2.12194440e-4
_ROUNDS = 1.5 * 2**23  # added and subtracted, leaves the nearest integer
_FROM_SECOND = (0.5, 1.6666665e-1, 4.1665796e-2, 8.3334519e-3, 1.3981999e-3, 1.98756915e-4)
_INTEGER = ir.IntType(32)
_TOGETHER = VECTOR
"""Numbers that go side by side: four registers of them, so that none waits for a result."""


def _power_and_rest(v: Vectors, x: Any, sign: float) -> tuple[Any, Any]:
    """x -> 2ⁿ, e^r − 1 with ±x = n ln 2 + r and |r| ≤ ½ ln 2 (polynomial of Cephes' expf); a NaN
    stays one. ``t`` is ±r."""
    b = v.builder
    low, high = (v.constant(edge) for edge in sorted((sign * _LEAST, sign * _MOST)))
    x = b.select(b.fcmp_ordered(">", low, x), low, x)
    x = b.select(b.fcmp_ordered("<", high, x), high, x)
    rounds = v.constant(_ROUNDS)
    shifted = v.add_times(x, v.constant(sign * _LOG2_E), rounds)
    count = b.fsub(shifted, rounds)
    t = v.add_times(count, v.constant(-sign * _LN_2_HIGH), x)
    t = v.add_times(count, v.constant(-sign * _LN_2_LOW), t)
    factors = [f * sign**power for power, f in enumerate(_FROM_SECOND)]
    rest = v.constant(factors[-1])
    for factor in reversed(factors[:-1]):
        rest = v.add_times(rest, t, v.constant(factor))
    rest = v.add_times(b.fmul(rest, t), t, t if sign > 0 else b.fneg(t))
    # The low bits of the shifted number are n; moved into the exponent they make 2ⁿ.
    bits = b.shl(b.bitcast(shifted, v.of(_INTEGER)), v.constant(23, _INTEGER))
    return b.bitcast(b.add(bits, v.constant(127 << 23, _INTEGER)), v.kind), rest


def _sigmoid(v: Vectors, x: Any) -> Any:
    power, rest = _power_and_rest(v, x, -1.0)
    one = v.constant(1.0)
    return v.builder.fdiv(one, v.builder.fadd(v.add_times(power, rest, power), one))


def _tanh(v: Vectors, x: Any) -> Any:
    b, zero = v.builder, v.nothing
    positive = b.fcmp_ordered(">", x, zero)
    size = b.select(positive, x, b.fneg(x))
    power, rest = _power_and_rest(v, b.fadd(size, size), -1.0)
    # e^(−2|x|) − 1, without cancelling near 0
    below_one = v.add_times(power, rest, b.fsub(power, v.constant(1.0)))
    result = b.fdiv(b.fneg(below_one), b.fadd(below_one, v.constant(2.0)))
    return b.select(positive, result, b.fneg(result))


@intrinsic
def _power_and_rest_of_one(context, x):  # type: ignore[no-untyped-def]
    """float32 x -> 2ⁿ, e^r − 1 with x = n ln 2 + r and |r| ≤ ½ ln 2; a NaN stays one."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        found = _power_and_rest(Vectors(builder, ir.FloatType(), 1), arguments[0], 1.0)
        return context.make_tuple(builder, signature.return_type, found)

    return types.UniTuple(types.float32, 2)(types.float32), generate


power_and_rest: Any = _power_and_rest_of_one


def _of_one(function: Callable[[Vectors, Any], Any]) -> Any:
    """A formula -> it as a function of one float32, for compiled code."""

    @intrinsic
    def of_one(context, x):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return function(Vectors(builder, ir.FloatType(), 1), arguments[0])

        return types.float32(types.float32), generate

    return of_one


def _of_many(function: Callable[[Vectors, Any], Any]) -> Any:
    """A formula -> (sums, row, units, place, k) -> (): _TOGETHER numbers from k on, in float32."""

    @intrinsic
    def of_many(context, sums, row, units, place, k):  # type: ignore[no-untyped-def]
        one = types.intp

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            v = Vectors(builder, ir.FloatType(), _TOGETHER)
            source = array(context, builder, signature, arguments, 0)
            target = array(context, builder, signature, arguments, 2)
            left, to = (
                row_of(builder, source, arguments[1]),
                row_of(builder, target, arguments[3]),
            )
            value = v.load(builder.gep(left, [arguments[4]]))
            v.store(function(v, value), builder.gep(to, [arguments[4]]))
            return context.get_dummy_value()

        return types.void(sums, one, units, one, one), generate

    return of_many


_sigmoid32, _tanh32 = _of_one(_sigmoid), _of_one(_tanh)
_sigmoids32, _tanhs32 = _of_many(_sigmoid), _of_many(_tanh)


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


def _sigmoids(sums: Any, row: Any, units: Any, place: Any) -> None:
    """units[place] = σ(sums[row]) (inside compiled code only)."""
    raise NotImplementedError


def _tanhs(sums: Any, row: Any, units: Any, place: Any) -> None:
    """units[place] = tanh(sums[row]) (inside compiled code only)."""
    raise NotImplementedError


@overload(_sigmoids)
def _sigmoids_of_width(sums, row, units, place):  # type: ignore[no-untyped-def]
    return _side_by_side(_sigmoids32, sigmoid) if sums.dtype == types.float32 else _each(sigmoid)


@overload(_tanhs)
def _tanhs_of_width(sums, row, units, place):  # type: ignore[no-untyped-def]
    return _side_by_side(_tanhs32, tanh) if sums.dtype == types.float32 else _each(tanh)


def _side_by_side(many: Any, one: Any) -> Any:
    def function(sums, row, units, place):  # type: ignore[no-untyped-def]
        width = sums.shape[1]
        whole = width - width % _TOGETHER
        for k in range(0, whole, _TOGETHER):
            many(sums, row, units, place, k)
        for k in range(whole, width):
            units[place, k] = one(sums[row, k])

    return function


def _each(one: Any) -> Any:
    def function(sums, row, units, place):  # type: ignore[no-untyped-def]
        for k in range(sums.shape[1]):
            units[place, k] = one(sums[row, k])

    return function


@inner(FUSED)
def activate(kind: Any, sums: Any, row: Any, units: Any, place: Any) -> None:
    """number of ACTIVATIONS, (R, H), row, (R', H), place -> (): units[place] = act(sums[row])."""
    zero = sums.dtype.type(0)
    if kind == _SIGMOID:
        _sigmoids(sums, row, units, place)
    elif kind == _TANH:
        _tanhs(sums, row, units, place)
    else:
        for k in range(sums.shape[1]):
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
