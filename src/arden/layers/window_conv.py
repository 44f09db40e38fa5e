"""A convolution over a window of rows and columns that lies where it is told, above and left."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear, pad

__all__ = ["WindowConv"]

Span = tuple[int, int]
"""First and last offset, both included, seen from the output's own pixel."""


class WindowConv(nn.Module):
    """(B, I, H, W) -> (B, O, H, W): a dense kernel over rows y + first … y + last, and columns.

    Beyond the image there are zeros. Padding and cropping put the window in its place, so that no
    weight is masked and none is multiplied in vain. No row may lie below the output's own.
    """

    bias: nn.Parameter | None

    def __init__(
        self, inputs: int, outputs: int, rows: Span, columns: Span, *, bias: bool = True
    ) -> None:
        super().__init__()
        assert rows[0] <= rows[1] <= 0
        assert columns[0] <= columns[1]
        self.rows, self.columns = rows, columns
        tall, wide = rows[1] - rows[0] + 1, columns[1] - columns[0] + 1
        scale = (inputs * tall * wide) ** -0.5
        weight = torch.empty(outputs, inputs, tall, wide).uniform_(-scale, scale)
        self.weight = nn.Parameter(weight)
        self.register_parameter("bias", nn.Parameter(torch.zeros(outputs)) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) -> (B, O, H, W)."""
        # Negative padding crops: a window that ends left of its pixel never sees the last column.
        padded = pad(x, (-self.columns[0], self.columns[1], -self.rows[0], self.rows[1]))
        return conv2d(padded, self.weight, self.bias)

    def row(self, strip: Tensor) -> Tensor:
        """(B, I, rows of the window, W) -> (B, O, 1, W): the outputs of one row."""
        return conv2d(pad(strip, (-self.columns[0], self.columns[1])), self.weight, self.bias)

    def at(self, memory: Tensor, place: tuple[int, int], outputs: slice = slice(None)) -> Tensor:
        """(B, I, …, …), own (y, x) there, which outputs -> (B, O'): one pixel's.

        The memory holds the inputs with as wide a margin of zeros as the window reaches.
        """
        (top, bottom), (left, right) = self.rows, self.columns
        y, x = place
        patch = memory[:, :, y + top : y + bottom + 1, x + left : x + right + 1]
        bias = None if self.bias is None else self.bias[outputs]
        return linear(patch.flatten(1), self.weight[outputs].flatten(1), bias)

    def looks(self, height: int, width: int) -> Tensor:
        """H, W -> (H·W, H·W) bool over pixels in raster order: output [to] reads input [from]."""
        y, x = (
            axis.flatten()
            for axis in torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        )
        down, right = y[None] - y[:, None], x[None] - x[:, None]
        in_rows = (down >= self.rows[0]) & (down <= self.rows[1])
        return in_rows & (right >= self.columns[0]) & (right <= self.columns[1])
