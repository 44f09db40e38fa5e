"""What networks over the raster of an image have in common: planes in, scalars out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from arden.core.network import HiddenNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.reach import read_through

__all__ = ["Pixel", "RasterNetwork", "composed"]

Pixel = tuple[int, int]
"""(y, x) of a pixel."""


class RasterNetwork(HiddenNetwork):
    """Features (B, T, F) become planes (B, C·(F + 1), H, W), and maps (B, C·P, H, W) parameters.

    Planes and maps of channel 0 come first, then those of channel 1, … The last plane of every
    channel is one inside the image: beyond the border it is zero, so that the outside is not
    mistaken for black pixels.

    One step is one scalar. `start` and `step` write the features into planes with a margin of
    zeros (``margin`` to every side, none below) and ask the network for one channel of one pixel;
    at the start of every row it may first do what is known of the whole row.
    """

    margin = 0
    """How far a network looks into the planes that `at` and `begin_row` are given."""

    def __init__(self, spec: NetworkSpec, options: Any) -> None:
        super().__init__(spec, options)
        if spec.grid is None:
            raise InputError(
                f"ordering: {type(self).__name__} needs the raster of an image, flipped or not"
            )
        self.height, self.width, self.channels = spec.grid
        self.num_planes = self.channels * (spec.num_features + 1)

    @abstractmethod
    def maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, C·P, H, W): all pixels at once."""

    @abstractmethod
    def hidden_maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, C·(F + 1), H, W), (B, C) -> (B, W, H, W): what the last layer makes `maps` of."""

    @abstractmethod
    def start_maps(self, batch_size: int, context: Tensor | None) -> State:
        """B, (B, C) -> what is carried from pixel to pixel; the context's part computed once."""

    @abstractmethod
    def begin_row(self, planes: Tensor, carried: State, row: int) -> State:
        """planes with their margin, what is carried, y -> what is carried, row y begun.

        Rows above y are known; it may be written in place.
        """

    @abstractmethod
    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        """planes, what is carried, (y, x), c -> (B, P) of that scalar, what is carried."""

    def planes(self, features: Tensor) -> Tensor:
        """(B, T, F) -> (B, C·(F + 1), H, W)."""
        marked = torch.cat([features, torch.ones_like(features[..., :1])], dim=-1)
        image = marked.reshape(len(features), self.height, self.width, self.num_planes)
        return image.permute(0, 3, 1, 2)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        maps = self.maps(self.planes(features), context)
        return maps.permute(0, 2, 3, 1).reshape(*features.shape[:2], self.spec.num_params)

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, H·W, W): the last maps of every pixel."""
        return self.hidden_maps(self.planes(features), context).flatten(2).mT

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (planes, what the network carries, t)."""
        margin, like = self.margin, next(self.parameters())
        planes = like.new_zeros(
            batch_size, self.num_planes, self.height + margin, self.width + 2 * margin
        )
        every = self.spec.num_features + 1
        planes[:, every - 1 :: every, margin:, margin : margin + self.width] = 1
        return self._params(planes, self.start_maps(batch_size, context), 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        planes, carried, position = state
        pixel, channel = divmod(position, self.channels)
        y, x = divmod(pixel, self.width)
        first = channel * (self.spec.num_features + 1)
        own = slice(first, first + self.spec.num_features)
        planes[:, own, y + self.margin, x + self.margin] = feature.to(planes.dtype)
        return self._params(planes, carried, position + 1)

    def _params(self, planes: Tensor, carried: State, position: int) -> tuple[Tensor, State]:
        pixel, channel = divmod(position, self.channels)
        y, x = divmod(pixel, self.width)
        if channel == 0 and x == 0:
            carried = self.begin_row(planes, carried, y)
        params, carried = self.at(planes, carried, (y, x), channel)
        return params, (planes, carried, position)


def composed(layers: Iterable[Tensor]) -> Tensor:
    """(T, T) bool of what each layer reads, first to last -> (T, T): what the last one sees."""
    first, *others = layers
    seen = first
    for layer in others:
        seen = read_through(layer, seen)
    return seen
