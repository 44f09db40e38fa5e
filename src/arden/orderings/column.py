"""Column by column, each from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Column"]


@dataclass(frozen=True)
class Column(Ordering):
    """The raster of the transposed image.

    >>> Column((2, 3)).order()
    tensor([0, 3, 1, 4, 2, 5])
    """

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        height, width, _ = as_grid(self.event_shape)
        pixels = torch.arange(height * width).reshape(height, width)
        return scalars_of_pixels(pixels.T.flatten(), self.event_shape)

    def step_grid(self) -> tuple[int, int, int] | None:
        """() -> (W, H, C): the steps are the raster of the transpose."""
        height, width, channels = as_grid(self.event_shape)
        return width, height, channels
