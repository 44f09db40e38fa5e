"""Probabilities as whole numbers: what an entropy coder divides its range by."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.errors import InputError

__all__ = ["PRECISION", "SHARED", "frequencies_of_mass", "frequencies_of_weights", "most_likely"]

PRECISION = 24
"""Frequencies of one scalar sum to 2²⁴."""
SHARED = 2**PRECISION - 2
"""What the symbols share: one unit at either end belongs to a guard that is never coded."""
_MOST_SYMBOLS = 2**20


def frequencies_of_mass(log_pmf: Tensor) -> Tensor:
    """(B, K) float64, nats -> (B, K) int64 ≥ 1 that sum to `SHARED`: p(k) in units of 2⁻²⁴.

    A symbol of no mass keeps one unit, so that nothing is ever impossible to code.

    Raises:
        InputError: masses that are no probabilities, more symbols than there are units.

    >>> frequencies_of_mass(torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64).log()).tolist()
    [[8388606, 4194304, 4194304]]
    """
    below = log_pmf.exp().cumsum(dim=1)
    total = below[:, -1]
    if not bool(((total - 1).abs() < 1e-6).all()):  # NaN fails as well
        worst = total[(total - 1).abs().nan_to_num(torch.inf).argmax()].item()
        raise InputError(
            f"model: expected probabilities that sum to 1, got a sum of {worst:g}; "
            "its weights cannot be coded with"
        )
    free = SHARED - _check_count(log_pmf.shape[1])
    return _widths((below * free).long(), free)


def frequencies_of_weights(weights: Tensor) -> Tensor:
    """(B, K) int64 in 0 … 2³⁸, not all 0 in a row -> (B, K) int64 ≥ 1 that sum to `SHARED`.

    The same proportions, by whole numbers alone: equal on every machine.

    >>> frequencies_of_weights(torch.tensor([[2, 1, 1]])).tolist()
    [[8388606, 4194304, 4194304]]
    """
    free = SHARED - _check_count(weights.shape[1])
    below = weights.cumsum(dim=1)
    return _widths(below * free // below[:, -1:], free)


def _widths(edges: Tensor, free: int) -> Tensor:
    """(B, K) where each symbol's share of the free units ends -> (B, K): that share and one unit.

    Edges are rounded, not shares: these so sum to what there is.
    """
    edges = edges.clamp(max=free)  # a sum of masses may exceed 1 in its last digit
    edges[:, -1] = free
    return edges.diff(dim=1, prepend=torch.zeros_like(edges[:, :1])) + 1


def most_likely(frequencies: Tensor) -> Tensor:
    """(B, K) -> (B,) int64: the first of the largest; argmax may return any of them."""
    symbols = torch.arange(frequencies.shape[1], device=frequencies.device)
    largest = frequencies.amax(dim=1, keepdim=True)
    return torch.where(frequencies == largest, symbols, len(symbols)).amin(dim=1)


def _check_count(num_symbols: int) -> int:
    if num_symbols > _MOST_SYMBOLS:
        raise InputError(
            f"model: expected at most {_MOST_SYMBOLS:,} symbols to code, got {num_symbols:,}"
        )
    return num_symbols
