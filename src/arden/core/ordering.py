"""The rule by which the scalars of one event are laid out as a sequence of steps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

__all__ = ["Ordering"]


class Ordering(ABC):
    """A bijection from steps to the scalars of an event: ``order()[t]`` is visited at step t.

    The chain rule p(x) = ∏ p(x_i | x_<i) holds for every ordering, so an ordering is a free choice
    of the modeller. It is a small frozen dataclass: printable, hashable, stored as JSON, without
    weights. An event is laid out with its channels last, so the scalars of one pixel are
    neighbours.

    Subclasses are frozen dataclasses with a field ``event_shape``; they implement `order`. Those
    whose events end at a symbol of their own (strings) also set ``end`` and leave ``event_shape``
    empty.
    """

    event_shape: tuple[int, ...]
    end: int | None = None
    """The symbol that ends an event, or None when every event has the same length."""

    @property
    def num_steps(self) -> int | None:
        """The number T of steps, or None when events end at a symbol of their own."""
        return None if self.end is not None else math.prod(self.event_shape)

    @abstractmethod
    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64: the flat event index visited at each step.

        ``length`` is asked for when events have no fixed length and ignored otherwise.
        """

    def step_grid(self) -> tuple[int, int, int] | None:
        """() -> (H, W, C) when the steps are the raster scan of a flipped or transposed event.

        Spatial networks read neighbourhoods off this grid. None says that the steps have no such
        form: those networks stay exact, but lose their locality.
        """
        return None

    def valid(self, values: Tensor) -> Tensor:
        """(B, D) -> (B, D) bool: which scalars belong to the event (all but what follows an end).

        The end symbol itself belongs to the event: a string is over only once it has been drawn.
        """
        if self.end is None:
            return torch.ones_like(values, dtype=torch.bool)
        ended = values == self.end
        ends_before = ended.cumsum(dim=1) - ended.long()
        return ends_before == 0
