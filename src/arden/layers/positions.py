"""Where a variable lies, as numbers that a network can begin with."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["grid_waves"]


def grid_waves(grid: tuple[int, ...], width: int) -> Tensor:
    """The sides of a grid, W -> (positions, W): sines and cosines along every axis, mean square 1.

    Neighbours have nearly the same row, so what is learned of one pair of positions holds for pairs
    that lie likewise. The waves of an axis reach from half a turn over its whole length to half a
    turn from one position to the next; an odd number left over is zero. (Vaswani et al., "Attention
    is all you need", 2017, of a line; here of a grid.)

    >>> grid_waves((8, 8, 1), 32).shape
    torch.Size([64, 32])
    """
    axes = [axis for axis, length in enumerate(grid) if length > 1] or [0]
    places = torch.cartesian_prod(*(torch.arange(float(length)) for length in grid))
    places = places.reshape(-1, len(grid))
    waves = width // (2 * len(axes))
    angles = []
    for axis in axes:
        turns = torch.logspace(0, math.log2(grid[axis]), waves, base=2.0) / 2
        angles.append(places[:, axis, None] * turns * (2 * math.pi / grid[axis]))
    both = torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=1)
    found = both.new_zeros(len(both), width)
    found[:, : both.shape[1]] = both * math.sqrt(2)
    return found
