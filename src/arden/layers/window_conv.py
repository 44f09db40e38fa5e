"""A convolution over a window of rows and columns that lies where it is told: nothing is masked."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear, pad

from arden.layers.reach import window

__all__ = ["Span", "WindowConv"]

Span = tuple[int, int]
"""First and last offset, both included, seen from the output's own pixel."""


class WindowConv(nn.Module):
    """(B, I, H, W) -> (B, O, H, W): a dense kernel over rows y + first … y + last, and columns.

    Beyond the image there are zeros. A causal window is one that is shifted, so that no weight is
    masked and none is multiplied in vain; no row may lie below the output's own.
    (Salimans, Karpathy, Chen, Kingma, "PixelCNN++", 2017.)

    A row or a pixel at a time: `start` makes an empty memory of the inputs with ``margin`` zeros to
    every side but below, `put_row` and `put` write what is known of them, and `row` and `at` read
    the outputs, equal to `forward` there.
    """

    bias: nn.Parameter | None

    def __init__(
        self, inputs: int, outputs: int, rows: Span, columns: Span, *, bias: bool = True
    ) -> None:
        super().__init__()
        assert rows[0] <= rows[1] <= 0
        assert columns[0] <= columns[1]
        self.rows, self.columns = rows, columns
        self.margin = max(-rows[0], -columns[0], columns[1])
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

    def start(self, batch_size: int, height: int, width: int) -> Tensor:
        """B, H, W -> a memory of the inputs, (B, I, H + margin, W + 2 margin), all zeros."""
        size = (height + self.margin, width + 2 * self.margin)
        return self.weight.new_zeros(batch_size, self.weight.shape[1], *size)

    def put_row(self, memory: Tensor, x: Tensor, row: int) -> None:
        """memory, (B, I, W), y -> (): a row of inputs, written in place."""
        memory[:, :, row + self.margin, self.margin : self.margin + x.shape[2]] = x

    def put(
        self, memory: Tensor, x: Tensor, pixel: tuple[int, int], maps: slice = slice(None)
    ) -> None:
        """memory, (B, I_maps), (y, x), which maps -> (): those of one pixel, written in place."""
        memory[:, maps, pixel[0] + self.margin, pixel[1] + self.margin] = x

    def row(self, memory: Tensor, row: int) -> Tensor:
        """memory, y -> (B, O, W): the outputs of a whole row."""
        columns = slice(
            self.margin + self.columns[0], memory.shape[3] - self.margin + self.columns[1]
        )
        return conv2d(memory[:, :, self._rows(row), columns], self.weight, self.bias)[:, :, 0]

    def at(self, memory: Tensor, pixel: tuple[int, int], maps: slice = slice(None)) -> Tensor:
        """memory, (y, x), which maps -> (B, O_maps): the outputs of one pixel."""
        first = pixel[1] + self.margin + self.columns[0]
        columns = slice(first, first + self.weight.shape[3])
        patch = memory[:, :, self._rows(pixel[0]), columns]
        bias = None if self.bias is None else self.bias[maps]
        return linear(patch.flatten(1), self.weight[maps].flatten(1), bias)

    def looks(self, height: int, width: int) -> Tensor:
        """H, W -> (H·W, H·W) bool over pixels in raster order: output [to] reads input [from]."""
        return window(height, width, self.rows, self.columns)

    def _rows(self, row: int) -> slice:
        first = row + self.margin + self.rows[0]
        return slice(first, first + self.weight.shape[2])
