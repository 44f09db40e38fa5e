"""What layers over the raster of an image read, and what stacks of them see."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["read_through", "window"]


def read_through(layer: Tensor, seen: Tensor) -> Tensor:
    """(to, from) bool that a layer reads, (from, T) bool that those saw -> (to, T): what it sees.

    A layer over an image reads few of many pixels: products with zeros would take minutes.

    >>> one_back = torch.ones(3, 3, dtype=torch.bool).tril(-1).triu(-1)
    >>> read_through(one_back, one_back).nonzero().tolist()
    [[2, 0]]
    """
    return torch.sparse.mm(layer.float().to_sparse(), seen.float()) > 0


def window(height: int, width: int, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """H, W, first and last row and column -> (H·W, H·W) bool: pixel [to] has pixel [from] in it.

    >>> window(1, 3, rows=(0, 0), columns=(-2, -1)).nonzero().tolist()
    [[1, 0], [2, 0], [2, 1]]
    """
    y, x = torch.arange(height), torch.arange(width)
    down, right = y[None] - y[:, None], x[None] - x[:, None]
    in_rows = (down >= rows[0]) & (down <= rows[1])
    in_columns = (right >= columns[0]) & (right <= columns[1])
    inside = in_rows[:, None, :, None] & in_columns[None, :, None]
    return inside.reshape(height * width, height * width)
