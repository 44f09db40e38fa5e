"""From the top left corner clockwise along the border, and so inwards."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Spiral"]


@dataclass(frozen=True)
class Spiral(Ordering):
    """The border first, the middle last; neighbouring steps are always neighbouring pixels.

    >>> Spiral((3, 3)).order()
    tensor([0, 1, 2, 5, 8, 7, 6, 3, 4])
    """

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        height, width, _ = as_grid(self.event_shape)
        left = torch.arange(height * width).reshape(height, width)
        sides = []
        while left.numel():
            sides.append(left[0])
            # What remains, turned to the left: its right side is on top now.
            left = left[1:].rot90()
        return scalars_of_pixels(torch.cat(sides), self.event_shape)
