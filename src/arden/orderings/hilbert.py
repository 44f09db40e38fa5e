"""Hilbert's curve, for images of any size: what is near along the path is near in the image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from arden.core.ordering import Ordering
from arden.orderings._pixels import as_grid, scalars_of_pixels

__all__ = ["Hilbert"]


@dataclass(frozen=True)
class Hilbert(Ordering):
    """A curve that fills one part of the image before it goes to the next, parts within parts.

    Neighbouring steps are neighbouring pixels for every height and width. Squares of a power of
    two get Hilbert's own curve (Hilbert, Über die stetige Abbildung einer Linie auf ein
    Flächenstück, 1891), which fills each quadrant, and each quadrant of a quadrant, in one go.
    Other sizes are cut into parts as even as they can be.

    >>> Hilbert((2, 3)).order()
    tensor([0, 1, 2, 5, 4, 3])
    >>> Hilbert((4, 4)).order()
    tensor([ 0,  1,  5,  4,  8, 12, 13,  9, 10, 14, 15, 11,  7,  6,  2,  3])
    """

    event_shape: tuple[int, ...]

    def order(self, length: int | None = None) -> Tensor:
        """() -> (T,) int64."""
        height, width, _ = as_grid(self.event_shape)
        if width >= height:
            column, row = _path(width, height).T
        else:
            row, column = _path(height, width).T
        return scalars_of_pixels(row * width + column, self.event_shape)


def _path(along: int, across: int) -> Tensor:
    """Two sides -> (along·across, 2) int64: the cells from (0, 0) on, each a neighbour of the last.

    It ends wherever it must. A bridge ends in the corner (along − 1, 0), and steps to neighbours
    cannot do that where ``along`` is odd and ``across`` even: with cells black and white as on a
    chessboard, every step changes the colour, so that an even number of cells needs ends of two
    colours, and these corners have one. There a part of even length is bridged, and the rest is
    bridged the other way.
    """
    if along == 1 or along % 2 == 0 or across % 2 == 1:
        return _bridge(along, across)
    if not _is_long(along, across):
        return _bridge(across, along).flip(1)
    half = _even_half(along)
    return torch.cat([_bridge(half, across), _path(along - half, across) + torch.tensor([half, 0])])


@lru_cache(maxsize=64)  # the parts of one curve have few different sizes
def _bridge(along: int, across: int) -> Tensor:
    """Two sides -> (along·across, 2) int64: the cells from (0, 0) to (along − 1, 0).

    A long rectangle is two bridges, one behind the other. Any other is three: out along the left
    part of its near half, over the far half, and back along the right part of the near half. Parts
    get even sides where they can, which keeps the ends that are joined neighbours.
    """
    if along == 1 or across == 1:
        line = torch.arange(along * across)
        still = torch.zeros_like(line)
        return torch.stack([still, line] if along == 1 else [line, still], dim=1)
    if _is_long(along, across):
        half = _even_half(along)
        ahead = torch.tensor([half, 0])
        return torch.cat([_bridge(half, across), _bridge(along - half, across) + ahead])
    near, left = _even_half(across), along // 2
    out = _bridge(near, left).flip(1)
    over = _bridge(along, across - near) + torch.tensor([0, near])
    back = torch.tensor([along - 1, near - 1]) - _bridge(near, along - left).flip(1)
    return torch.cat([out, over, back])


def _is_long(along: int, across: int) -> bool:
    return 2 * along > 3 * across


def _even_half(side: int) -> int:
    """A side of at least 2 -> about its half: even, but for a side of 2."""
    half = side // 2
    return half + 1 if half % 2 and side > 2 else half
