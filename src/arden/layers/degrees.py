"""Degrees of hidden units: how many steps each of them may see (MADE)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["even_degrees", "reached"]


def even_degrees(width: int, num_steps: int) -> Tensor:
    """H, T -> (H,) int64: degrees 1 … T − 1, spread evenly over the units, never falling.

    >>> even_degrees(6, 4)
    tensor([1, 1, 2, 2, 3, 3])
    """
    return torch.arange(width) * max(num_steps - 1, 1) // width + 1


def reached(degrees: Sequence[Tensor], num_steps: int) -> Tensor:
    """One (H,) of degrees for every layer, T -> (T, T) bool: which step's outputs see which step.

    An output sees what some chain of units, one per layer, carries to it: units of degree d see
    steps and units of degree ≤ d, the output of step t (from 0) units of degree ≤ t.
    """
    carried = torch.zeros(num_steps + 1, num_steps + 1, dtype=torch.bool)  # [degree, input]
    for degree in degrees[0].tolist():
        carried[degree, 1 : degree + 1] = True
    for layer in degrees[1:]:
        below = carried.cumsum(0) > 0
        carried = torch.zeros_like(carried)
        for degree in layer.tolist():
            carried[degree] = below[degree]
    return (carried.cumsum(0) > 0)[:num_steps, 1:]
