"""Room for what is remembered of every step, when nobody knows how many steps will come."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["FIRST_LENGTH", "with_room"]

FIRST_LENGTH = 64
"""Steps that the memory of an event of unknown length begins with; it doubles when full."""


def with_room(memory: Tensor, position: int, dim: int) -> Tensor:
    """A memory, t, its axis of steps -> itself, or twice as long where step t has no place in it.

    >>> import torch
    >>> with_room(torch.zeros(2, 4, 3), 4, dim=1).shape
    torch.Size([2, 8, 3])
    """
    if position < memory.shape[dim]:
        return memory
    return torch.cat([memory, torch.zeros_like(memory)], dim=dim)
