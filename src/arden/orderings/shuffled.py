"""A random order, the same for every event, named by its seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.ordering import Ordering

__all__ = ["Shuffled"]


@dataclass(frozen=True)
class Shuffled(Ordering):
    """A permutation of all scalars (not of pixels) drawn from a generator of its own.

    >>> sorted(Shuffled((2, 2), seed=3).order().tolist())
    [0, 1, 2, 3]
    """

    event_shape: tuple[int, ...]
    seed: int = 0

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        # Python promises that random() gives the same sequence in every version; torch does not.
        generator = random.Random(self.seed)
        keys = [generator.random() for _ in range(math.prod(self.event_shape))]
        return torch.tensor(sorted(range(len(keys)), key=keys.__getitem__))
