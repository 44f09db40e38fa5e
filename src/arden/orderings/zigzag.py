"""Row by row, every other row from right to left (boustrophedon)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Zigzag"]


@dataclass(frozen=True)
class Zigzag(Ordering):
    """Neighbouring steps are always neighbouring pixels.

    >>> Zigzag((2, 3)).order()
    tensor([0, 1, 2, 5, 4, 3])
    """

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        height, width, _ = as_grid(self.event_shape)
        pixels = torch.arange(height * width).reshape(height, width)
        pixels[1::2] = pixels[1::2].flip(1)
        return scalars_of_pixels(pixels.flatten(), self.event_shape)
