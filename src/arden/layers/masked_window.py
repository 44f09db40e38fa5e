"""A linear map over the pixels of a row that sees its own pixel and those to its left."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.layers.masked_conv import group_slice
from arden.layers.masked_linear import MaskedLinear

__all__ = ["MaskedWindow"]


class MaskedWindow(nn.Module):
    """(…, W, B, I) -> (…, W, B, S·O): the convolution over a row, mask B, of PixelRNNs.

    What is right of the centre of a ``window`` is masked, and so is not stored. With ``groups``,
    maps are divided among the channels of a pixel, and an output of channel c sees inputs of the
    channels up to c in its own pixel. The outputs are ``parts`` lists of O maps, each divided so.
    Batch and maps last: a recurrence over lines of pixels finds each line in one piece.
    (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural networks", 2016.)
    """

    def __init__(
        self, inputs: int, outputs: int, window: int = 1, groups: int = 1, parts: int = 1
    ) -> None:
        super().__init__()
        self.reach, self.groups, self.parts, self.outputs = window // 2, groups, parts, outputs
        mask = torch.ones(outputs, self.reach + 1, inputs, dtype=torch.bool)
        for group in range(groups):
            later = group_slice(inputs, groups, group).stop
            mask[group_slice(outputs, groups, group), -1, later:] = False
        self.linear = MaskedLinear(mask.flatten(1).repeat(parts, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """(…, W, B, I) -> (…, W, B, S·O)."""
        if self.reach:
            padded = nn.functional.pad(pixels, (0, 0, 0, 0, self.reach, 0))
            width = pixels.shape[-3]
            taps = [padded[..., tap : tap + width, :, :] for tap in range(self.reach + 1)]
            pixels = torch.cat(taps, dim=-1)
        return self.linear(pixels)

    def at(self, window: Tensor, group: int) -> Tensor:
        """(B, (reach + 1)·I), c -> (B, S, O_c): the outputs of channel c at the last pixel."""
        own = group_slice(self.outputs, self.groups, group)
        weight = self.linear.rows(slice(None)).unflatten(0, (self.parts, -1))[:, own]
        bias = self.linear.bias.unflatten(0, (self.parts, -1))[:, own]
        outputs = nn.functional.linear(window, weight.flatten(0, 1), bias.flatten())
        return outputs.unflatten(1, (self.parts, -1))
