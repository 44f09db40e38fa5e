"""An order written down by its user."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.errors import InputError

__all__ = ["Given"]


@dataclass(frozen=True)
class Given(Ordering):
    """The scalars in the order listed; the lecture's example is x₂, x₃, x₁.

    >>> Given((3,), (1, 2, 0)).order()
    tensor([1, 2, 0])
    """

    event_shape: tuple[int, ...]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        size = math.prod(self.event_shape)
        if sorted(self.steps) != list(range(size)):
            raise InputError(
                f"steps: expected every number from 0 to {size - 1} once, got {self.steps}"
            )

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        return torch.tensor(self.steps, dtype=torch.int64)
