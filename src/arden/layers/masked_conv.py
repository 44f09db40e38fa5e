"""A convolution that sees only pixels above, and to the left in its own row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from arden.layers.masked_linear import mask_gradient

__all__ = ["MaskedConv"]


class MaskedConv(nn.Module):
    """(B, I, H, W) -> (B, O, H, W), same size; ``sees_itself`` is mask B of the papers, else A."""

    weight_mask: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, *, sees_itself: bool) -> None:
        super().__init__()
        self.sees_itself = sees_itself
        centre = kernel // 2
        self.padding = centre
        convolution = nn.Conv2d(inputs, outputs, kernel)
        self.weight, self.bias = convolution.weight, convolution.bias
        taps = torch.zeros(kernel, kernel, dtype=torch.bool)
        taps[:centre] = True
        taps[centre, : centre + sees_itself] = True
        self.register_buffer("weight_mask", taps.expand_as(self.weight).clone(), persistent=False)
        with torch.no_grad():
            self.weight.mul_(self.weight_mask)

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) -> (B, O, H, W)."""
        weight = mask_gradient(self.weight, self.weight_mask)
        return conv2d(x, weight, self.bias, padding=self.padding)
