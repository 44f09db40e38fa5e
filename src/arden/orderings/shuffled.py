"""A random order, the same for every event, named by its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Shuffled"]


@dataclass(frozen=True)
class Shuffled(Ordering):
    """A permutation of the pixels drawn from a generator of its own.

    >>> Shuffled((2, 2), seed=3).order()
    tensor([0, 2, 1, 3])
    >>> Shuffled((2, 2, 2), seed=1).order()
    tensor([0, 1, 6, 7, 4, 5, 2, 3])
    """

    event_shape: tuple[int, ...]
    seed: int = 0

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        # Python promises that random() gives the same sequence in every version; torch does not.
        generator = random.Random(self.seed)
        height, width, _ = as_grid(self.event_shape)
        keys = [generator.random() for _ in range(height * width)]
        pixels = torch.tensor(sorted(range(len(keys)), key=keys.__getitem__))
        return scalars_of_pixels(pixels, self.event_shape)
