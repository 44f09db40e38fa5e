"""PixelCNN: masked convolutions over the pixels before, channels masked R → G → B."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.masked_conv import MaskedConv, group_slice
from arden.networks._raster import Pixel, composed
from arden.networks._raster_stack import RasterLayer, RasterStack, check_kernel
from arden.networks.options.images import PixelCNNOptions

__all__ = ["PixelCNN", "PixelCNNOptions"]


class PixelCNN(RasterStack):
    """A convolution under mask A, residual blocks under mask B, two 1×1 layers, one pass.

    Stacked 3×3 kernels never reach a wedge above and to the right: the blind spot, which
    `promised` leaves out. (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural
    networks", 2016.)
    """

    def __init__(self, spec: NetworkSpec, options: PixelCNNOptions) -> None:
        channels = spec.grid[2] if spec.grid else 1
        check_kernel(options.kernel, 1)
        if options.channels < 2 * channels or options.blocks < 0:
            raise InputError(
                f"channels, blocks: expected at least {2 * channels} (two for each channel of "
                f"a pixel) and 0, got {options.channels} and {options.blocks}"
            )
        blocks = (_Block(options.channels, channels) for _ in range(options.blocks))
        super().__init__(spec, options, options.channels, blocks)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the stacked kernels reach inside the image."""
        looks = [layer.looks(self.height, self.width) for layer in (self.first, *self._looking())]
        return composed(looks)

    def _looking(self) -> list[MaskedConv]:
        middles = [block.middle for block in self.blocks if isinstance(block, _Block)]
        return [*middles, self.output]


class _Block(RasterLayer):
    """x + 1×1, then 3×3 on half the maps, then 1×1, each behind a ReLU and under mask B."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        half = width // 2
        self.groups = groups
        self.narrow = MaskedConv(width, half, 1, sees_itself=True, groups=groups)
        self.middle = MaskedConv(half, half, 3, sees_itself=True, groups=groups)
        self.widen = MaskedConv(half, width, 1, sees_itself=True, groups=groups)

    def forward(self, x: Tensor, planes: Tensor) -> Tensor:
        """(B, W, H, W), the image, which is not read -> (B, W, H, W)."""
        inner = self.middle(torch.relu(self.narrow(torch.relu(x))))
        return x + self.widen(torch.relu(inner))

    def start(self, batch_size: int, height: int, width: int) -> State:
        """B, H, W -> a memory for each of the three layers."""
        layers = (self.narrow, self.middle, self.widen)
        return tuple(layer.start(batch_size, height, width) for layer in layers)

    def at(self, x: Tensor, memories: State, pixel: Pixel, channel: int) -> Tensor:
        """(B, W_c), memories, (y, x), c -> (B, W_c): one channel's maps of one pixel."""
        inner = x
        layers = (self.narrow, self.middle, self.widen)
        for layer, memory in zip(layers, memories, strict=True):
            own = group_slice(layer.weight.shape[1], self.groups, channel)
            layer.put(memory, torch.relu(inner), pixel, own)
            inner = layer.at(memory, pixel, channel)
        return x + inner
