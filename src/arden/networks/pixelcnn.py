"""PixelCNN: masked convolutions over the pixels before, channels masked R → G → B."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.masked_conv import MaskedConv, group_slice
from arden.networks._raster import Pixel, RasterNetwork, composed
from arden.networks.options.images import PixelCNNOptions

__all__ = ["PixelCNN", "PixelCNNOptions"]


class PixelCNN(RasterNetwork):
    """A convolution under mask A, residual blocks under mask B, two 1×1 layers, one pass.

    Every layer's maps are divided among the channels of a pixel, so that green sees red, and blue
    both. Stacked 3×3 kernels never reach a wedge above and to the right: the blind spot, which
    `promised` leaves out. (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural
    networks", 2016.)
    """

    def __init__(self, spec: NetworkSpec, options: PixelCNNOptions) -> None:
        super().__init__(spec, options)
        if options.kernel < 1 or options.kernel % 2 == 0:
            raise InputError(f"kernel: expected an odd width, got {options.kernel}")
        if options.channels < 2 * self.channels or options.blocks < 0:
            raise InputError(
                f"channels, blocks: expected at least {2 * self.channels} (two for each channel of "
                f"a pixel) and 0, got {options.channels} and {options.blocks}"
            )
        groups, width = self.channels, options.channels
        self.margin = options.kernel // 2
        self.first = MaskedConv(
            self.num_planes, width, options.kernel, sees_itself=False, groups=groups
        )
        self.blocks = nn.ModuleList(_Block(width, groups) for _ in range(options.blocks))
        self.hidden = MaskedConv(width, width, 1, sees_itself=True, groups=groups)
        self.output = MaskedConv(
            width, groups * spec.num_params, 1, sees_itself=True, groups=groups
        )
        self.context = (
            nn.Linear(spec.context_size, width, bias=False) if spec.context_size else None
        )

    def maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, C·P, H, W)."""
        x = self.first(planes)
        if self.context is not None:
            x = x + self.context(context)[:, :, None, None]
        for block in self._blocks():
            x = block(x)
        return self.output(torch.relu(self.hidden(torch.relu(x))))

    def start_maps(self, batch_size: int, context: Tensor | None) -> State:
        """B, (B, C) -> (the context's share, a memory for every layer after the first)."""
        shift = None if self.context is None else self.context(context)
        layers: list[_Block | MaskedConv] = [*self._blocks(), self.hidden, self.output]
        size = (batch_size, self.height, self.width)
        return shift, tuple(layer.start(*size) for layer in layers)

    def begin_row(self, planes: Tensor, carried: State, row: int) -> State:
        """planes, what is carried, y -> what is carried: nothing is done row by row."""
        return carried

    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        """planes, what is carried, (y, x), c -> (B, P) of that scalar; memories are written."""
        shift, memories = carried
        own = group_slice(self.options.channels, self.channels, channel)
        x = self.first.at(planes, pixel, channel)
        if shift is not None:
            x = x + shift[:, own]
        for block, memory in zip(self._blocks(), memories, strict=False):
            x = block.at(x, memory, pixel, channel)
        for layer, memory in zip((self.hidden, self.output), memories[-2:], strict=True):
            layer.put(memory, torch.relu(x), pixel, own)
            x = layer.at(memory, pixel, channel)
        return x, carried

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the stacked kernels reach inside the image."""
        looks = [layer.looks(self.height, self.width) for layer in (self.first, *self._looking())]
        return composed(looks)

    def _blocks(self) -> list[_Block]:
        return cast(list[_Block], list(self.blocks))

    def _looking(self) -> list[MaskedConv]:
        return [*(block.middle for block in self._blocks()), self.output]


class _Block(nn.Module):
    """x + 1×1, then 3×3 on half the maps, then 1×1, each behind a ReLU and under mask B."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        half = width // 2
        self.groups = groups
        self.narrow = MaskedConv(width, half, 1, sees_itself=True, groups=groups)
        self.middle = MaskedConv(half, half, 3, sees_itself=True, groups=groups)
        self.widen = MaskedConv(half, width, 1, sees_itself=True, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """(B, W, H, W) -> (B, W, H, W)."""
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
