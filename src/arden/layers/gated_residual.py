"""A gated residual layer over a window of an image that ends at its own pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from arden.core.network import State
from arden.layers.window_conv import WindowConv

__all__ = ["GatedResidual"]


class GatedResidual(nn.Module):
    """x (B, W, H, W), beside (B, A, H, W) -> (B, W, H, W): x + a · σ(b).

    a and b come from two convolutions, ``reach`` pixels up and to the left, each behind an ELU;
    what stands beside joins between them through a 1×1 layer, the context shifts a and b.

    One pixel at a time: `start` makes memories of the inputs of both convolutions, `at` writes its
    own there and equals `forward`.
    """

    def __init__(self, width: int, reach: int, beside: int = 0, context_size: int = 0) -> None:
        super().__init__()
        self.reach = reach
        window = (-reach, 0)
        self.inner = WindowConv(width, width, window, window)
        self.beside = nn.Conv2d(beside, width, 1, bias=False) if beside else None
        self.gates = WindowConv(width, 2 * width, window, window)
        self.context = nn.Linear(context_size, 2 * width, bias=False) if context_size else None

    def forward(
        self, x: Tensor, beside: Tensor | None = None, shift: Tensor | None = None
    ) -> Tensor:
        """(B, W, H, W), (B, A, H, W), (B, 2W, 1, 1) -> (B, W, H, W)."""
        inner = self.inner(elu(x))
        if self.beside is not None:
            inner = inner + self.beside(beside)
        return self._finish(x, self.gates(elu(inner)), shift)

    def shift(self, context: Tensor | None) -> Tensor | None:
        """(B, C) -> (B, 2W, 1, 1): what the context adds everywhere."""
        return None if self.context is None else self.context(context)[:, :, None, None]

    def start(self, batch_size: int, height: int, width: int) -> State:
        """B, H, W -> two memories, (B, W, H + reach, W + reach), all zeros."""
        reach = self.reach
        if not reach:
            height = width = 1  # only the pixel itself is read
        shape = (batch_size, self.inner.weight.shape[1], height + reach, width + reach)
        return self.inner.weight.new_zeros(shape), self.inner.weight.new_zeros(shape)

    def at(
        self,
        x: Tensor,
        memories: State,
        pixel: tuple[int, int],
        beside: Tensor | None = None,
        shift: Tensor | None = None,
    ) -> Tensor:
        """(B, W), memories, (y, x), (B, A), (B, 2W, 1, 1) -> (B, W): one pixel."""
        y, column = (place + self.reach if self.reach else 0 for place in pixel)
        of_inner, of_gates = memories
        of_inner[:, :, y, column] = elu(x)
        inner = self.inner.at(of_inner, (y, column))
        if self.beside is not None and beside is not None:
            inner = inner + self.beside(beside[:, :, None, None])[:, :, 0, 0]
        of_gates[:, :, y, column] = elu(inner)
        gates = self.gates.at(of_gates, (y, column))
        return self._finish(x, gates, None if shift is None else shift[:, :, 0, 0])

    def _finish(self, x: Tensor, gates: Tensor, shift: Tensor | None) -> Tensor:
        filters, gate = (gates if shift is None else gates + shift).chunk(2, dim=1)
        return x + filters * torch.sigmoid(gate)
