"""Diagonal by diagonal, from the top left corner to the bottom right one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Diagonal"]


@dataclass(frozen=True)
class Diagonal(Ordering):
    """Pixels by row + column; those of one diagonal from top to bottom, that is right to left.

    A diagonal holds the pixels that are equally many steps away from the corner, and every pixel
    comes after its upper and its left neighbour. The Diagonal BiLSTM updates its states along
    these diagonals (van den Oord, Kalchbrenner, Kavukcuoglu, Pixel recurrent neural networks,
    2016); here they are the order of generation.

    >>> Diagonal((2, 3)).order()
    tensor([0, 1, 3, 2, 4, 5])
    """

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        height, width, _ = as_grid(self.event_shape)
        diagonal = torch.arange(height)[:, None] + torch.arange(width)
        # Stable: the pixels of one diagonal keep the order of their rows.
        return scalars_of_pixels(diagonal.flatten().argsort(stable=True), self.event_shape)
