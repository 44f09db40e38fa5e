"""From maps to parameters inside a pixel: two layers, channels in their order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import State
from arden.layers.masked_conv import MaskedConv, group_slice

__all__ = ["PixelHead"]


class PixelHead(nn.Module):
    """(B, W, H, W) -> (B, C·P, H, W): two 1×1 layers under mask B, each behind a ReLU.

    One pixel at a time: `start` makes a memory of what is known of that pixel, and `at` reads the
    parameters of one channel, equal to `forward` there.
    """

    def __init__(self, width: int, params: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.hidden = MaskedConv(width, width, 1, sees_itself=True, groups=groups)
        self.output = MaskedConv(width, groups * params, 1, sees_itself=True, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """(B, W, H, W) -> (B, C·P, H, W)."""
        return self.output(self.units(x))

    def units(self, x: Tensor) -> Tensor:
        """(B, W, H, W) -> (B, W, H, W): what the second layer reads."""
        return torch.relu(self.hidden(torch.relu(x)))

    def start(self, batch_size: int) -> State:
        """B -> a memory for each layer."""
        return tuple(layer.start(batch_size, 1, 1) for layer in (self.hidden, self.output))

    def at(self, x: Tensor, memories: State, channel: int) -> Tensor:
        """(B, W_c), memories, c -> (B, P): the parameters of one channel; memories are written."""
        for layer, memory in zip((self.hidden, self.output), memories, strict=True):
            own = group_slice(layer.weight.shape[1], self.groups, channel)
            layer.put(memory, torch.relu(x), (0, 0), own)
            x = layer.at(memory, (0, 0), channel)
        return x
