"""A convolution that sees only pixels above, and to the left in its own row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from arden.layers.masked_linear import mask_gradient
from arden.layers.reach import window

__all__ = ["MaskedConv", "group_slice"]


def group_slice(maps: int, groups: int, group: int) -> slice:
    """W maps, C groups, c -> the maps of group c: as even a share as whole numbers allow.

    >>> [group_slice(8, 3, group) for group in range(3)]
    [slice(0, 3, None), slice(3, 6, None), slice(6, 8, None)]
    """
    return slice(-(-maps * group // groups), -(-maps * (group + 1) // groups))


class MaskedConv(nn.Module):
    """(B, I, H, W) -> (B, O, H, W), same size; ``sees_itself`` is mask B of the papers, else A.

    Of its own pixel an output sees nothing under mask A and everything under mask B. With
    ``groups``, maps are divided among the C channels of a pixel, R → G → B: an output of channel c
    then sees inputs of the channels before c in its own pixel (mask A), and those of c as well
    (mask B). (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural networks", 2016.)

    One pixel at a time: `start` makes an empty memory of the inputs, `put` writes what is known of
    them, and `at` reads the outputs of one channel, equal to `forward` there.
    """

    bias: nn.Parameter | None
    weight_mask: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        sees_itself: bool,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.sees_itself = sees_itself
        self.groups = groups
        self.reach = kernel // 2
        taps = torch.zeros(outputs, inputs, kernel, kernel, dtype=torch.bool)
        taps[:, :, : self.reach] = True
        taps[:, :, self.reach, : self.reach] = True
        for group in range(groups):
            seen = group + sees_itself
            rows = group_slice(outputs, groups, group)
            if seen:
                known = slice(0, group_slice(inputs, groups, seen - 1).stop)
                taps[rows, known, self.reach, self.reach] = True
        self.register_buffer("weight_mask", taps.float(), persistent=False)
        # Scaled by the connections that exist, about half of the kernel's.
        fan_in = taps.flatten(1).sum(dim=1).clamp(min=1)
        scale = fan_in.rsqrt()[:, None, None, None]
        self.weight = nn.Parameter(torch.empty(taps.shape).uniform_(-1, 1) * scale * taps)
        self.register_parameter("bias", nn.Parameter(torch.zeros(outputs)) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) -> (B, O, H, W)."""
        weight = mask_gradient(self.weight, self.weight_mask)
        # The taps below its own row are all masked: they are not multiplied.
        weight = weight[:, :, : self.reach + 1]
        padded = nn.functional.pad(x, (self.reach, self.reach, self.reach, 0))
        return conv2d(padded, weight, self.bias)

    def start(self, batch_size: int, height: int, width: int) -> Tensor:
        """B, H, W -> a memory of the inputs, (B, I, H + reach, W + 2 reach), all zeros."""
        inputs, reach = self.weight.shape[1], self.reach
        if not reach:
            height = width = 1  # only the pixel itself is read
        return self.weight.new_zeros(batch_size, inputs, height + reach, width + 2 * reach)

    def put(self, memory: Tensor, x: Tensor, pixel: tuple[int, int], maps: slice) -> None:
        """memory, (B, I_maps), (y, x), which maps -> (): written in place."""
        y, x_ = pixel if self.reach else (0, 0)
        memory[:, maps, y + self.reach, x_ + self.reach] = x

    def at(self, memory: Tensor, pixel: tuple[int, int], group: int = 0) -> Tensor:
        """memory, (y, x), c -> (B, O_c): the outputs of channel c there."""
        y, x = pixel if self.reach else (0, 0)
        rows = group_slice(self.weight.shape[0], self.groups, group)
        weight = self.weight[rows, :, : self.reach + 1]
        patch = memory[:, :, y : y + self.reach + 1, x : x + 2 * self.reach + 1]
        bias = None if self.bias is None else self.bias[rows]
        return nn.functional.linear(patch.flatten(1), weight.flatten(1), bias)

    def looks(self, height: int, width: int) -> Tensor:
        """H, W -> (T, T) bool over scalars in raster order: output [to] reads input [from]."""
        reach, pixels = self.reach, height * width
        above = window(height, width, (-reach, -1), (-reach, reach))
        before = above | window(height, width, (0, 0), (-reach, -1))
        own = torch.eye(pixels, dtype=torch.bool)
        within = torch.ones(self.groups, self.groups, dtype=torch.bool).tril(self.sees_itself - 1)
        # [to, its channel, from, its channel]
        reads = before[:, None, :, None] | (own[:, None, :, None] & within[:, None])
        return reads.expand(-1, self.groups, -1, self.groups).reshape(pixels * self.groups, -1)
