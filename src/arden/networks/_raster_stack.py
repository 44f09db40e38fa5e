"""What PixelCNN and the PixelRNNs have in common: mask A first, a stack of layers, two 1×1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, cast

from torch import Tensor, nn

from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.masked_conv import MaskedConv, group_slice
from arden.layers.pixel_head import PixelHead
from arden.networks._raster import Pixel, RasterNetwork

__all__ = ["RasterLayer", "RasterStack", "check_kernel", "check_lstm"]


class RasterLayer(nn.Module, ABC):
    """(B, W, H, W) maps -> as many maps, each channel's from those up to it: mask B.

    A layer is also given the image's own planes, which it may read where every pixel that hears of
    it comes later.
    """

    @abstractmethod
    def forward(self, x: Tensor, planes: Tensor) -> Tensor:
        """(B, M, H, W), (B, C·(F + 1), H, W) -> (B, M, H, W)."""

    @abstractmethod
    def start(self, batch_size: int, height: int, width: int) -> State:
        """B, H, W -> what the layer remembers, before the first pixel."""

    def begin_row(self, planes: Tensor, memory: State, row: int) -> State:
        """(B, C·(F + 1), H, W), memory, y -> memory: what is known of row y before its pixels.

        Rows of planes from y on are not all known, and not to be read.
        """
        return memory

    @abstractmethod
    def at(self, x: Tensor, memory: State, pixel: Pixel, channel: int) -> Tensor:
        """(B, M_c), memory, (y, x), c -> (B, M_c); the memory is written in place."""


class RasterStack(RasterNetwork):
    """A convolution under mask A, layers under mask B, then ReLU and 1×1 twice; one pass.

    Every layer's maps are divided among the channels of a pixel, so that green sees red, and blue
    both. (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural networks", 2016.)
    """

    def __init__(
        self, spec: NetworkSpec, options: Any, maps: int, layers: Iterable[RasterLayer]
    ) -> None:
        super().__init__(spec, options)
        groups = self.channels
        self.margin = options.kernel // 2
        self.num_maps = maps
        self.first = MaskedConv(
            self.num_planes, maps, options.kernel, sees_itself=False, groups=groups
        )
        self.blocks = nn.ModuleList(layers)
        self.head = PixelHead(maps, spec.num_params, groups)
        self.context = nn.Linear(spec.context_size, maps, bias=False) if spec.context_size else None

    def maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, C·P, H, W)."""
        return self.head.output(self.hidden_maps(planes, context))

    def hidden_maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, W, H, W)."""
        x = self.first(planes)
        if self.context is not None:
            x = x + self.context(context)[:, :, None, None]
        for layer in self.layers():
            x = layer(x, planes)
        return self.head.units(x)

    def start_maps(self, batch_size: int, context: Tensor | None) -> State:
        """B, (B, C) -> (the context's share, a memory for every layer, that of the head)."""
        shift = None if self.context is None else self.context(context)
        size = (batch_size, self.height, self.width)
        memories = tuple(layer.start(*size) for layer in self.layers())
        return shift, memories, self.head.start(batch_size)

    def begin_row(self, planes: Tensor, carried: State, row: int) -> State:
        """planes with their margin, what is carried, y -> what is carried, row y begun."""
        shift, memories, of_head = carried
        inside = planes[..., self.margin :, self.margin : self.margin + self.width]
        begun = (
            layer.begin_row(inside, memory, row)
            for layer, memory in zip(self.layers(), memories, strict=True)
        )
        return shift, tuple(begun), of_head

    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        """planes, what is carried, (y, x), c -> (B, P) of that scalar; memories are written."""
        shift, memories, of_head = carried
        own = group_slice(self.num_maps, self.channels, channel)
        # Cut out, since a kernel of one pixel knows no other.
        tall, wide = self.margin + 1, 2 * self.margin + 1
        around = planes[..., pixel[0] : pixel[0] + tall, pixel[1] : pixel[1] + wide]
        x = self.first.at(around, (0, 0), channel)
        if shift is not None:
            x = x + shift[:, own]
        for layer, memory in zip(self.layers(), memories, strict=True):
            x = layer.at(x, memory, pixel, channel)
        return self.head.at(x, of_head, channel), carried

    def layers(self) -> list[RasterLayer]:
        """() -> the layers between the first convolution and the last two."""
        return cast(list[RasterLayer], list(self.blocks))


def check_kernel(kernel: int, least: int) -> None:
    """Raises InputError unless the first convolution's width is odd and at least that."""
    if kernel < least or kernel % 2 == 0:
        wide = f" of at least {least}" if least > 1 else ""
        raise InputError(f"kernel: expected an odd width{wide}, got {kernel}")


def check_lstm(hidden: int, layers: int, channels: int) -> None:
    """Raises InputError unless every channel of a pixel has an LSTM unit, in at least one layer."""
    if hidden < channels or layers < 1:
        raise InputError(
            f"hidden, layers: expected at least {channels} (one for each channel of a pixel) and "
            f"1, got {hidden} and {layers}"
        )
