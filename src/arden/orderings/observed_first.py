"""What is known comes first, so that the rest can be drawn given it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.observed import known_first
from arden.core.ordering import Ordering
from arden.errors import InputError

__all__ = ["ObservedFirst", "observed_first"]


def observed_first(observed: Tensor, order: Tensor | None = None) -> Tensor:
    """(B, *event) bool, (T,) or (B, T) -> (B, T) int64: one order per row, the observed first.

    Within the observed and within the rest the given order is kept (default 0 … T − 1).

    >>> import torch
    >>> observed_first(torch.tensor([[False, True, False], [True, False, True]]))
    tensor([[1, 0, 2],
            [0, 2, 1]])
    """
    known = observed.flatten(1)
    if order is None:
        order = torch.arange(known.shape[1], device=known.device)
    return known_first(known, order)


@dataclass(frozen=True)
class ObservedFirst(Ordering):
    """The order of `observed_first` for one mask shared by all events.

    >>> ObservedFirst((3,), (False, True, False)).order()
    tensor([1, 0, 2])
    """

    event_shape: tuple[int, ...]
    observed: tuple[bool, ...]

    def __post_init__(self) -> None:
        size = math.prod(self.event_shape)
        if len(self.observed) != size:
            raise InputError(f"observed: expected {size} entries, got {len(self.observed)}")

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        return observed_first(torch.tensor([self.observed], dtype=torch.bool))[0]
