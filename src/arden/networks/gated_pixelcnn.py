"""Gated PixelCNN: a vertical and a horizontal stack, which together leave no blind spot."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.gated_stacks import GatedStacks
from arden.layers.pixel_head import PixelHead
from arden.networks._raster import Pixel, RasterNetwork, composed
from arden.networks.options.images import GatedPixelCNNOptions

__all__ = ["GatedPixelCNN", "GatedPixelCNNOptions"]


class GatedPixelCNN(RasterNetwork):
    """Layers of gated stacks, the first of which takes the image; two 1×1 layers; one pass.

    The vertical stack sees all rows above to both sides, one pixel further with every layer; the
    horizontal stack sees it, the row to the left, and the channels before in its own pixel. Deep
    enough for the image, every scalar before is seen: `promised` says what is reached. The context
    shifts every gate. (van den Oord et al., "Conditional image generation with PixelCNN decoders",
    2016.)
    """

    def __init__(self, spec: NetworkSpec, options: GatedPixelCNNOptions) -> None:
        super().__init__(spec, options)
        if options.kernel < 3 or options.kernel % 2 == 0:
            raise InputError(f"kernel: expected an odd width of at least 3, got {options.kernel}")
        if options.channels < 1 or options.layers < 1:
            raise InputError(
                "channels, layers: expected at least 1, "
                f"got {options.channels} and {options.layers}"
            )
        groups = self.channels
        self.maps_per_channel = -(-options.channels // groups)
        width = groups * self.maps_per_channel
        self.margin = options.kernel // 2
        self.layers = nn.ModuleList(
            GatedStacks(
                width if layer else self.num_planes,
                width,
                3 if layer else options.kernel,
                groups,
                spec.context_size,
                first=not layer,
            )
            for layer in range(options.layers)
        )
        self.head = PixelHead(width, spec.num_params, groups)

    def maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, C·P, H, W)."""
        return self.head.output(self.hidden_maps(planes, context))

    def hidden_maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, W, H, W)."""
        v = h = planes
        for layer in self.layers:
            v, h = layer(v, h, context)
        return self.head.units(h)

    def start_maps(self, batch_size: int, context: Tensor | None) -> State:
        """B, (B, C) -> (what every layer carries, the head's memory)."""
        layers = tuple(layer.start(batch_size, self.width, context) for layer in self._layers())
        return layers, self.head.start(batch_size)

    def begin_row(self, planes: Tensor, carried: State, row: int) -> State:
        """planes, what is carried, y -> what is carried: the vertical stack moved down a row."""
        layers, of_head = carried
        v, begun = planes, []
        for layer, own in zip(self._layers(), layers, strict=True):
            v, own = layer.begin_row(v, own, row)
            begun.append(own)
        return tuple(begun), of_head

    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        """planes, what is carried, (y, x), c -> (B, P) of that scalar; memories are written."""
        layers, of_head = carried
        h = planes
        for layer, own in zip(self._layers(), layers, strict=True):
            h = layer.at(h, own, pixel, channel)
        return self.head.at(h, of_head, channel), carried

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the two stacks reach inside the image."""
        above = aside = torch.eye(0)
        for depth, layer in enumerate(self._layers()):
            down, left = layer.looks(self.height, self.width)
            above = composed([above, down]) if depth else down
            whole = above.repeat_interleave(self.channels, 0).repeat_interleave(self.channels, 1)
            aside = (composed([aside, left]) if depth else left) | whole
        return composed([aside, self.head.output.looks(self.height, self.width)])

    def _layers(self) -> list[GatedStacks]:
        return cast(list[GatedStacks], list(self.layers))
