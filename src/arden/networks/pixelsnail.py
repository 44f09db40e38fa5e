"""PixelSNAIL: gated convolutions near by, attention to every pixel before."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.channel_chain import ChannelChain
from arden.layers.gated_residual import GatedResidual
from arden.layers.pixel_attention import PixelAttention
from arden.layers.window_conv import WindowConv
from arden.networks._raster import Pixel, RasterNetwork
from arden.networks.options.images import PixelSNAILOptions

__all__ = ["PixelSNAIL", "PixelSNAILOptions"]


class PixelSNAIL(RasterNetwork):
    """Blocks of gated residual convolutions and of attention; a chain through a pixel's channels.

    The blocks see whole pixels before their own: the first convolution reads the two rows above
    and two pixels to the left, those after it their own place, up and to the left, and attention
    reads every pixel before, whole and told where it stands. The channels of a pixel are chained on
    top, exactly. (Chen, Mishra, Rohaninejad, Abbeel, "PixelSNAIL: an improved autoregressive
    generative model", 2018.)
    """

    places: Tensor
    margin = 2

    def __init__(self, spec: NetworkSpec, options: PixelSNAILOptions) -> None:
        super().__init__(spec, options)
        if options.channels < 1 or options.blocks < 1 or options.residuals < 0:
            raise InputError(
                "channels, blocks, residuals: expected at least 1, 1 and 0, "
                f"got {options.channels}, {options.blocks} and {options.residuals}"
            )
        if options.heads < 1 or options.attention < 1 or options.attention % options.heads:
            raise InputError(
                "heads: expected a divisor of the numbers of attention, "
                f"got {options.heads} heads for {options.attention}"
            )
        width, reach = options.channels, self.margin
        self.above = WindowConv(self.num_planes, width, (-reach, -1), (-reach, reach))
        self.left = WindowConv(self.num_planes, width, (0, 0), (-reach, -1), bias=False)
        self.blocks = nn.ModuleList(
            _Block(options, self.num_planes, spec.context_size) for _ in range(options.blocks)
        )
        self.chain = ChannelChain(width, spec.num_features, spec.num_params, self.channels, width)
        down, right = (torch.arange(size) / max(size - 1, 1) for size in (self.height, self.width))
        places = torch.stack(torch.meshgrid(down - 0.5, right - 0.5, indexing="ij"), dim=2)
        self.register_buffer("places", places.flatten(0, 1), persistent=False)

    def maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, C·P, H, W)."""
        body = self.hidden_maps(planes, context).permute(0, 2, 3, 1)
        whole = planes.permute(0, 2, 3, 1)
        return self.chain(body, self._features(whole)).permute(0, 3, 1, 2)

    def hidden_maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, W, H, W): what the chain of channels reads."""
        x = self.above(planes) + self.left(planes)
        for block in self.blocks:
            x = block(x, planes, self.places, context)
        return elu(x)

    def start_maps(self, batch_size: int, context: Tensor | None) -> State:
        """B, (B, C) -> (what every block carries, what the blocks made of the pixel)."""
        size = (batch_size, self.height, self.width)
        return tuple(block.start(*size, context) for block in self._blocks()), None

    def begin_row(self, planes: Tensor, carried: State, row: int) -> State:
        """planes, what is carried, y -> what is carried: nothing is done row by row."""
        return carried

    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        """planes, what is carried, (y, x), c -> (B, P) of that scalar; memories are written."""
        y, x = (place + self.margin for place in pixel)
        if channel == 0:
            carried = self._new_pixel(planes, carried[0], pixel)
        before = self._features(planes[:, :, y, x])[:, : channel * self.spec.num_features]
        return self.chain.at(carried[1], before, channel), carried

    def _new_pixel(self, planes: Tensor, states: State, pixel: Pixel) -> State:
        number = pixel[0] * self.width + pixel[1]
        y, x = divmod(max(number - 1, 0), self.width)
        known = planes[:, :, y + self.margin, x + self.margin]
        body = self.above.at(planes, pixel) + self.left.at(planes, pixel)
        begun = []
        for block, state in zip(self._blocks(), states, strict=True):
            body, state = block.at(body, state, known, self.places, pixel, number)
            begun.append(state)
        return tuple(begun), elu(body)

    def _features(self, planes: Tensor) -> Tensor:
        """(…, C·(F + 1)) -> (…, C·F): without what marks the inside."""
        return planes.unflatten(-1, (self.channels, -1))[..., :-1].flatten(-2)

    def _blocks(self) -> list[_Block]:
        return cast(list[_Block], list(self.blocks))


class _Block(nn.Module):
    """Gated residual layers, attention from what they make, and one more that takes it in."""

    def __init__(self, options: PixelSNAILOptions, planes: int, context_size: int) -> None:
        super().__init__()
        width = options.channels
        self.near = nn.ModuleList(
            GatedResidual(width, 1, 0, context_size) for _ in range(options.residuals)
        )
        self.attention = PixelAttention(width, planes, 2, options.attention, options.heads)
        self.far = GatedResidual(width, 0, options.attention, context_size)

    def forward(self, x: Tensor, planes: Tensor, places: Tensor, context: Tensor | None) -> Tensor:
        """(B, W, H, W), (B, S, H, W), (H·W, 2), (B, C) -> (B, W, H, W)."""
        for layer in self._near():
            x = layer(x, layer.shift(context))
        maps, shown = (each.flatten(2).transpose(1, 2) for each in (x, planes))
        attended = self.attention(maps, shown, places).transpose(1, 2).unflatten(2, x.shape[2:])
        return self.far(x, self.far.shift(context), attended)

    def start(self, batch_size: int, height: int, width: int, context: Tensor | None) -> State:
        """B, H, W, (B, C) -> memories and shifts of the layers, caches, the maps asked last."""
        near = tuple(
            (layer.start(batch_size, height, width), layer.shift(context)) for layer in self._near()
        )
        # The last layer reads its own pixel alone: its memory is one pixel large.
        far = self.far.start(batch_size, 1, 1), self.far.shift(context)
        return (*near, far), self.attention.start(batch_size, height * width), None

    def at(
        self, x: Tensor, state: State, known: Tensor, places: Tensor, pixel: Pixel, number: int
    ) -> tuple[Tensor, State]:
        """(B, W), state, (B, S) the pixel before, (H·W, 2), (y, x), n -> (B, W), state."""
        layers, caches, last = state
        for layer, (memories, shift) in zip(self._near(), layers[:-1], strict=True):
            x = layer.at(x, memories, pixel, shift)
        if number:
            self.attention.put(caches, last, known, places[number - 1], number - 1)
        attended = self.attention.at(caches, x, places[number], number)
        memories, shift = layers[-1]
        return self.far.at(x, memories, (0, 0), shift, attended), (layers, caches, x)

    def _near(self) -> list[GatedResidual]:
        return cast(list[GatedResidual], list(self.near))
