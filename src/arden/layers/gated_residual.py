"""A gated residual layer over a window of an image that ends at its own pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from arden.core.network import State
from arden.layers.window_conv import WindowConv

__all__ = ["GatedResidual", "gated_sum"]


def gated_sum(x: Tensor, gates: Tensor, shift: Tensor | None) -> Tensor:
    """x (B, W, …), a and b (B, 2W, …), what is added to both (B, 2W) -> (B, W, …): x + a · σ(b)."""
    if shift is not None:
        gates = gates + shift.reshape(*shift.shape, *[1] * (gates.dim() - 2))
    value, gate = gates.chunk(2, dim=1)
    return x + value * torch.sigmoid(gate)


class GatedResidual(nn.Module):
    """x (B, W, H, W), beside (B, A, H, W) -> (B, W, H, W): x + a · σ(b).

    a and b come from two convolutions, ``reach`` pixels up and to the left, each behind an ELU;
    what stands beside joins between them through a 1×1 layer, the context shifts a and b.

    One pixel at a time: `start` makes memories of the inputs of both convolutions, `at` writes its
    own there and equals `forward`.

    PixelCNN++ has a block of its own, `ShiftedBlock`: there the layers have other names and shapes,
    by which models are stored, and other first weights; convolution and gate are the same.
    """

    def __init__(self, width: int, reach: int, beside: int = 0, context_size: int = 0) -> None:
        super().__init__()
        window = (-reach, 0)
        self.inner = WindowConv(width, width, window, window)
        self.beside = nn.Conv2d(beside, width, 1, bias=False) if beside else None
        self.gates = WindowConv(width, 2 * width, window, window)
        self.context = nn.Linear(context_size, 2 * width, bias=False) if context_size else None

    def forward(self, x: Tensor, shift: Tensor | None, beside: Tensor | None = None) -> Tensor:
        """(B, W, H, W), (B, 2W), (B, A, H, W) -> (B, W, H, W)."""
        inner = self.inner(elu(x))
        if self.beside is not None:
            inner = inner + self.beside(beside)
        return gated_sum(x, self.gates(elu(inner)), shift)

    def shift(self, context: Tensor | None) -> Tensor | None:
        """(B, C) -> (B, 2W): what the context adds everywhere."""
        return None if self.context is None else self.context(context)

    def start(self, batch_size: int, height: int, width: int) -> State:
        """B, H, W -> a memory for each of the two convolutions."""
        size = (batch_size, height, width)
        return self.inner.start(*size), self.gates.start(*size)

    def at(
        self,
        x: Tensor,
        memories: State,
        pixel: tuple[int, int],
        shift: Tensor | None,
        beside: Tensor | None = None,
    ) -> Tensor:
        """(B, W), memories, (y, x), (B, 2W), (B, A) -> (B, W): one pixel."""
        of_inner, of_gates = memories
        self.inner.put(of_inner, elu(x), pixel)
        inner = self.inner.at(of_inner, pixel)
        if self.beside is not None and beside is not None:
            inner = inner + self.beside(beside[:, :, None, None])[:, :, 0, 0]
        self.gates.put(of_gates, elu(inner), pixel)
        return gated_sum(x, self.gates.at(of_gates, pixel), shift)
