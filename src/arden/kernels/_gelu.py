"""Exponentials and GELU as loops that become vector instructions, as in `_activation`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from arden.kernels._activation import power_and_rest
from arden.kernels._compile import EXACT, FUSED, inner

__all__ = ["exponential", "gelu"]

_ZERO, _HALF = np.float32(0), np.float32(0.5)
# −ln erfc(y / √2) = y · (C0 + C1 y + … + C7 y⁷) up to y = 6, fitted so that y/2 times its
# exponential is off by 1.2e-8 at most; beyond, the polynomial goes on rising.
_C0, _C1 = np.float32(0.79788655), np.float32(0.31828558)
_C2, _C3 = np.float32(0.036433443), np.float32(-4.9679815e-3)
_C4, _C5 = np.float32(1.5330722e-4), np.float32(1.0381817e-4)
_C6, _C7 = np.float32(-2.1805070e-5), np.float32(1.4944392e-6)


@inner(FUSED)
def _exponential32(x: Any) -> Any:
    power, rest = power_and_rest(x)
    return power + power * rest


@inner(FUSED)
def _gelu32(x: Any) -> Any:
    """x·Φ(x) as max(x, 0) − ½|x| erfc(|x| / √2), in which nothing cancels for negative x."""
    y = x if x > _ZERO else -x
    log = ((((((_C7 * y + _C6) * y + _C5) * y + _C4) * y + _C3) * y + _C2) * y + _C1) * y + _C0
    beside = _HALF * y * _exponential32(-(log * y))
    return x - beside if x > _ZERO else -beside


@inner(EXACT)
def _exponential64(x: Any) -> Any:
    return math.exp(x)


@inner(EXACT)
def _gelu64(x: Any) -> Any:
    return x * 0.5 * (1.0 + math.erf(x * math.sqrt(0.5)))


def exponential(x: Any) -> Any:
    """float -> float of the same width: eˣ (inside compiled code only)."""
    raise NotImplementedError


def gelu(x: Any) -> Any:
    """float -> float of the same width: x Φ(x) (inside compiled code only)."""
    raise NotImplementedError


@overload(exponential)
def _exponential_of_width(x):  # type: ignore[no-untyped-def]  # Numba compares signatures, lambdas have none
    if x == types.float32:
        return lambda x: _exponential32(x)
    return lambda x: _exponential64(x)


@overload(gelu)
def _gelu_of_width(x):  # type: ignore[no-untyped-def]  # Numba compares signatures, lambdas have none
    if x == types.float32:
        return lambda x: _gelu32(x)
    return lambda x: _gelu64(x)
