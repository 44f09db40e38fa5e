"""Row by row, each from left to right."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Raster"]


@dataclass(frozen=True)
class Raster(Ordering):
    """The order in which the scalars are stored.

    >>> Raster((2, 2)).order()
    tensor([0, 1, 2, 3])
    """

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        height, width, _ = as_grid(self.event_shape)
        return scalars_of_pixels(torch.arange(height * width), self.event_shape)

    def step_grid(self) -> tuple[int, int, int] | None:
        """() -> (H, W, C)."""
        return as_grid(self.event_shape)
