"""Strings: from the first symbol on, until an end symbol is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.errors import InputError

__all__ = ["UntilEnd"]


@dataclass(frozen=True)
class UntilEnd(Ordering):
    """Events of any length over one alphabet in which the symbol ``end`` ends an event.

    A batch is (B, L), padded with the end symbol; whatever follows the first one is not part of the
    event. A row without one is an unfinished string, and its log_prob is that of the prefix.

    >>> import torch
    >>> UntilEnd(end=0).valid(torch.tensor([[2, 1, 0, 0], [0, 0, 0, 0]]))
    tensor([[ True,  True,  True, False],
            [ True, False, False, False]])
    """

    end: int
    event_shape: tuple[int, ...] = ()

    def order(self, length: int | None = None) -> Tensor:
        """L -> (L,) int64: 0 … L − 1."""
        if length is None:
            raise InputError("length: expected a number, because strings have no fixed length")
        return torch.arange(length)
