"""WaveNet's block: a gated convolution that reaches a fixed distance back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["GatedDilation"]


class GatedDilation(nn.Module):
    """(B, T, W) -> (B, T, W), (B, T, S): the residual sum and what is skipped to the output.

    z_t = tanh(f_t) · σ(g_t), where f_t and g_t are linear in x_t, x_{t−dilation} and the context;
    x_t + A z_t goes on to the next block and B z_t to the output. Before the first step there are
    zeros. `step` does one position against a ring of the last ``dilation`` inputs, and equals
    `forward`. Without ``looks_back`` no step has one that far before it, and without ``goes_on``
    no block follows: the weights that nothing could ever reach are then not made.
    """

    def __init__(
        self,
        width: int,
        skip: int,
        dilation: int,
        context_size: int = 0,
        looks_back: bool = True,
        goes_on: bool = True,
    ) -> None:
        super().__init__()
        self.dilation = dilation
        self.now = nn.Linear(width, 2 * width)
        self.back = nn.Linear(width, 2 * width, bias=False) if looks_back else None
        self.context = nn.Linear(context_size, 2 * width, bias=False) if context_size else None
        self.residual = nn.Linear(width, width) if goes_on else None
        self.skip = nn.Linear(width, skip)

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T, W), (B, C) -> (B, T, W), (B, T, S)."""
        gates = self.now(x)
        if self.back is not None:
            batch_size, length, width = gates.shape
            # No longer than the sequence itself, which may be shorter than the dilation.
            before = x.new_zeros(batch_size, min(self.dilation, length), width)
            reached = self.back(x[:, : max(length - self.dilation, 0)])
            gates = gates + torch.cat([before.to(reached.dtype), reached], dim=1)
        shift = self.shift(context)
        return self._finish(x, gates if shift is None else gates + shift[:, None])

    def shift(self, context: Tensor | None) -> Tensor | None:
        """(B, C) -> (B, 2W): what the context adds to both gates at every step."""
        return None if self.context is None else self.context(context)

    def start(self, batch_size: int) -> Tensor | None:
        """B -> the ring of inputs, (B, W, dilation), all zeros; None where none is read."""
        if self.back is None:
            return None
        weight = self.back.weight
        return weight.new_zeros(batch_size, weight.shape[1], self.dilation)

    def step(
        self, x: Tensor, ring: Tensor | None, shift: Tensor | None, position: int
    ) -> tuple[Tensor, Tensor]:
        """(B, W), ring, (B, 2W), t -> (B, W), (B, S); the ring is written in place."""
        gates = self.now(x)
        if self.back is not None and ring is not None:
            slot = position % self.dilation  # holds the input of step t − dilation
            gates = gates + self.back(ring[:, :, slot])
            ring[:, :, slot] = x
        return self._finish(x, gates if shift is None else gates + shift)

    def _finish(self, x: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
        filter_, gate = gates.chunk(2, dim=-1)
        gated = torch.tanh(filter_) * torch.sigmoid(gate)
        return (x if self.residual is None else x + self.residual(gated)), self.skip(gated)
