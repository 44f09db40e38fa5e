"""exp, σ and tanh as tables of whole numbers, computed with whole numbers: equal everywhere.

Sums come in units of 2⁻³⁰, hidden units go out in units of 2⁻¹⁴. Every number is a float64 that
holds a whole number below 2⁵³, so that sums are exact in whatever order a machine adds them.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

__all__ = ["SUM_BITS", "UNIT_BITS", "exp_weights", "relu", "sigmoid", "tanh"]

SUM_BITS = 30
UNIT_BITS = 14
_STEP_BITS = 12  # tables have 2¹² entries per unit,
_REACH = 16  # up to 16: e⁻¹⁶ is 2 units of 2⁻²⁴
_ENTRIES = _REACH << _STEP_BITS
_GUARD_BITS = 128
_ONE = 1 << _GUARD_BITS
_TO_ENTRY = 0.5 ** (SUM_BITS - _STEP_BITS)
_WEIGHT_BITS = 30


@cache
def _exponentials() -> tuple[int, ...]:
    """() -> e^−(k + ½)/4096 for k = 0 … 65535, in units of 2⁻¹²⁸, by whole numbers alone."""

    def exp_minus(denominator: int) -> int:  # e^(−1/denominator) by its series
        total = term = _ONE
        for n in range(1, 40):
            term //= n * denominator
            total += -term if n % 2 else term
        return total

    factor = exp_minus(1 << _STEP_BITS)
    value = exp_minus(2 << _STEP_BITS)
    values = []
    for _ in range(_ENTRIES):
        values.append(value)
        value = value * factor >> _GUARD_BITS
    return tuple(values)


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


@cache
def _weights() -> Tensor:
    scaled = [_rounded(value, 1 << _GUARD_BITS - _WEIGHT_BITS) for value in _exponentials()]
    return torch.tensor(scaled, dtype=torch.int64)


@cache
def _sigmoids() -> Tensor:
    """σ of 0 … 16, in units of hidden units: 1 / (1 + e^−a)."""
    scaled = [_rounded(_ONE << UNIT_BITS, _ONE + value) for value in _exponentials()]
    return torch.tensor(scaled, dtype=torch.float64)


@cache
def _tanhs() -> Tensor:
    """tanh of 0 … 8: (1 − e^−2a) / (1 + e^−2a); the table of σ, read twice as far."""
    scaled = [_rounded((_ONE - value) << UNIT_BITS, _ONE + value) for value in _exponentials()]
    return torch.tensor(scaled, dtype=torch.float64)


def _entries(size: Tensor) -> Tensor:
    """Whole numbers ≥ 0 in units of 2⁻³⁰ -> places in a table."""
    return (size * _TO_ENTRY).clamp(max=_ENTRIES - 1).long()


def exp_weights(logits: Tensor) -> Tensor:
    """(…, K) in units of 2⁻³⁰ -> (…, K) int64 in proportion to e^logit, the largest near 2³⁰."""
    return _weights()[_entries(logits.amax(dim=-1, keepdim=True) - logits)]


def relu(sums: Tensor) -> Tensor:
    """(…) in units of 2⁻³⁰ -> (…) in units of 2⁻¹⁴: max(0, a), rounded down."""
    return (sums * 0.5 ** (SUM_BITS - UNIT_BITS)).floor().clamp(min=0)


def sigmoid(sums: Tensor) -> Tensor:
    """(…) in units of 2⁻³⁰ -> (…) in units of 2⁻¹⁴: σ(a)."""
    above = _sigmoids()[_entries(sums.abs())]
    return torch.where(sums < 0, 2.0**UNIT_BITS - above, above)


def tanh(sums: Tensor) -> Tensor:
    """(…) in units of 2⁻³⁰ -> (…) in units of 2⁻¹⁴: tanh(a)."""
    size = _tanhs()[_entries(2 * sums.abs())]
    return torch.where(sums < 0, -size, size)
