"""A convolution whose window lies wholly above, or above and to the left: no weight is masked."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear, pad

from arden.layers.reach import window

__all__ = ["ShiftedConv"]


class ShiftedConv(nn.Module):
    """(B, I, H, W) -> (B, O, H, W), same size: output (y, x) reads a window of rows and columns.

    ``rows`` (−1, 0) are the row above and its own, ``columns`` (−1, 1) the three around x; outside
    of the image there are zeros. A causal window is one that is shifted, so every weight counts.
    (Salimans, Karpathy, Chen, Kingma, "PixelCNN++", 2017.)

    A row or a pixel at a time: `start` makes an empty memory of the inputs with ``margin`` zeros to
    every side but below, `put` writes what is known of them, and `row` and `at` read the outputs,
    equal to `forward` there.
    """

    def __init__(
        self, inputs: int, outputs: int, rows: tuple[int, int], columns: tuple[int, int]
    ) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns
        self.margin = max(-rows[0], -columns[0], columns[1])
        kernel = (rows[1] - rows[0] + 1, columns[1] - columns[0] + 1)
        scale = (inputs * kernel[0] * kernel[1]) ** -0.5
        self.weight = nn.Parameter(torch.empty(outputs, inputs, *kernel).uniform_(-1, 1) * scale)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) -> (B, O, H, W)."""
        # Where the window ends before the pixel's own row or column, the image is cut off there.
        sides = (-self.columns[0], self.columns[1], -self.rows[0], self.rows[1])
        return conv2d(pad(x, sides), self.weight, self.bias)

    def start(self, batch_size: int, height: int, width: int) -> Tensor:
        """B, H, W -> a memory of the inputs, (B, I, H + margin, W + 2 margin), all zeros."""
        size = (height + self.margin, width + 2 * self.margin)
        return self.weight.new_zeros(batch_size, self.weight.shape[1], *size)

    def put_row(self, memory: Tensor, x: Tensor, row: int) -> None:
        """memory, (B, I, W), y -> (): a row of inputs, written in place."""
        memory[:, :, row + self.margin, self.margin : self.margin + x.shape[2]] = x

    def put(self, memory: Tensor, x: Tensor, pixel: tuple[int, int]) -> None:
        """memory, (B, I), (y, x) -> (): the inputs of one pixel, written in place."""
        memory[:, :, pixel[0] + self.margin, pixel[1] + self.margin] = x

    def row(self, memory: Tensor, row: int) -> Tensor:
        """memory, y -> (B, O, W): the outputs of a whole row."""
        first = self.margin + self.columns[0]
        last = memory.shape[3] - self.margin + self.columns[1]
        return conv2d(memory[:, :, self._rows(row), first:last], self.weight, self.bias)[:, :, 0]

    def at(self, memory: Tensor, pixel: tuple[int, int]) -> Tensor:
        """memory, (y, x) -> (B, O): the outputs there."""
        first = pixel[1] + self.margin + self.columns[0]
        columns = slice(first, first + self.weight.shape[3])
        patch = memory[:, :, self._rows(pixel[0]), columns]
        return linear(patch.flatten(1), self.weight.flatten(1), self.bias)

    def looks(self, height: int, width: int) -> Tensor:
        """H, W -> (H·W, H·W) bool over pixels in raster order: output [to] reads input [from]."""
        return window(height, width, self.rows, self.columns)

    def _rows(self, row: int) -> slice:
        first = row + self.margin + self.rows[0]
        return slice(first, first + self.weight.shape[2])
