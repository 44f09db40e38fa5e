"""PixelCNN++'s block: two shifted convolutions, a gate, and what went in added to it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, elu

from arden.layers.gated_residual import gated_sum
from arden.layers.reach import read_through
from arden.layers.window_conv import Span, WindowConv

__all__ = ["ShiftedBlock", "Shifts", "concatenated_elu"]

Shifts = tuple[Span, Span]
"""The rows and the columns that a window reads."""


def concatenated_elu(x: Tensor, dim: int = 1) -> Tensor:
    """(…, W, …) -> (…, 2W, …): ELU(x) and ELU(−x), so that no unit is dead on both sides.

    >>> concatenated_elu(torch.tensor([[1.0, 2.0]])).shape
    torch.Size([1, 4])
    """
    return elu(torch.cat([x, -x], dim=dim))


class ShiftedBlock(nn.Module):
    """(B, W, H, W) -> the same: x + a · σ(b), where a and b are two convolutions away from x.

    Between the two come what ``another`` stream knows of the same pixels (``reads_another``) and
    dropout; the class is added to a and b. (Salimans, Karpathy, Chen, Kingma, "PixelCNN++", 2017.)

    `row` and `at` take a row or a pixel at a time against memories of both convolutions' inputs,
    and equal `forward` in evaluation.
    """

    def __init__(
        self,
        width: int,
        shifts: Shifts,
        context_size: int = 0,
        dropout: float = 0.0,
        reads_another: bool = False,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.first = WindowConv(2 * width, width, *shifts)
        self.second = WindowConv(2 * width, 2 * width, *shifts)
        self.another = nn.Linear(2 * width, width, bias=False) if reads_another else None
        self.context = nn.Linear(context_size, 2 * width, bias=False) if context_size else None
        with torch.no_grad():
            self.second.weight.mul_(0.1)  # a deep stack starts as hardly more than its first layer

    def forward(self, x: Tensor, shift: Tensor | None, another: Tensor | None = None) -> Tensor:
        """(B, W, H, W), (B, 2W), (B, W, H, W) -> (B, W, H, W)."""
        inner = self._joined(self.first(concatenated_elu(x)), another)
        gates = self.second(dropout(concatenated_elu(inner), self.dropout, self.training))
        return gated_sum(x, gates, shift)

    def shift(self, context: Tensor | None) -> Tensor | None:
        """(B, C) -> (B, 2W): what the context adds to a and b at every pixel."""
        return None if self.context is None else self.context(context)

    def start(self, batch_size: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """B, H, W -> a memory for each of the two convolutions."""
        size = (batch_size, height, width)
        return self.first.start(*size), self.second.start(*size)

    def row(
        self, x: Tensor, memories: tuple[Tensor, Tensor], row: int, shift: Tensor | None
    ) -> Tensor:
        """(B, W, columns), memories, y, (B, 2W) -> (B, W, columns): a whole row."""
        first, second = memories
        self.first.put_row(first, concatenated_elu(x), row)
        self.second.put_row(second, concatenated_elu(self.first.row(first, row)), row)
        return gated_sum(x, self.second.row(second, row), shift)

    def at(
        self,
        x: Tensor,
        memories: tuple[Tensor, Tensor],
        pixel: tuple[int, int],
        shift: Tensor | None,
        another: Tensor | None = None,
    ) -> Tensor:
        """(B, W), memories, (y, x), (B, 2W), (B, W) -> (B, W): one pixel."""
        first, second = memories
        self.first.put(first, concatenated_elu(x), pixel)
        inner = self._joined(self.first.at(first, pixel), another)
        self.second.put(second, concatenated_elu(inner), pixel)
        return gated_sum(x, self.second.at(second, pixel), shift)

    def reached(
        self,
        x: Tensor,
        height: int,
        width: int,
        another: Tensor | None = None,
    ) -> Tensor:
        """(H·W, H·W) bool of what x sees, H, W, and of what another does -> what comes out sees."""
        inner = read_through(self.first.looks(height, width), x)
        if another is not None:
            inner = inner | another
        return x | read_through(self.second.looks(height, width), inner)

    def _joined(self, inner: Tensor, another: Tensor | None) -> Tensor:
        if self.another is None or another is None:
            return inner
        weight = self.another.weight
        if inner.dim() == 4:  # the same weights at every pixel
            weight = weight[:, :, None, None]
            return inner + nn.functional.conv2d(concatenated_elu(another), weight)
        return inner + nn.functional.linear(concatenated_elu(another), weight)
