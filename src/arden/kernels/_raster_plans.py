"""What each network over an image does, as a list of works."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from torch import Tensor

from arden.core.network import CausalNetwork
from arden.kernels._raster_lstm_plans import diagonal_bilstm, row_lstm
from arden.kernels._raster_works import OF_CHANNEL, OF_ROW, Place, Works, numbers
from arden.layers.gated_stacks import GatedStacks
from arden.layers.masked_conv import group_slice
from arden.layers.window_conv import WindowConv
from arden.networks.diagonal_bilstm import DiagonalBiLSTM
from arden.networks.gated_pixelcnn import GatedPixelCNN
from arden.networks.pixelcnn import PixelCNN, _Block
from arden.networks.row_lstm import RowLSTM

__all__ = ["PLANS"]


def _pixelcnn(network: PixelCNN, works: Works, planes: Place, context: Tensor | None) -> Place:
    maps = network.num_maps
    x, positive = works.pixel(maps), works.pixel(maps)
    base = None if network.context is None else works.shift(network.context(context))
    works.conv(network.first, planes, base=base, raw=x, relu=positive)
    for block in cast(list[_Block], network.layers()):
        half = block.middle.weight.shape[1]
        inner, behind = works.maps(half, above=1, left=1, right=1), works.pixel(half)
        works.conv(block.narrow, positive, relu=inner)
        works.conv(block.middle, inner, relu=behind)
        # Later channels of the pixel read it again: every block has its own.
        positive = works.pixel(maps)
        works.conv(block.widen, behind, base=x, raw=x, relu=positive)
    return works.head(network.head, positive)


def _gated_pixelcnn(
    network: GatedPixelCNN, works: Works, planes: Place, context: Tensor | None
) -> Place:
    layers = cast(list[GatedStacks], list(network.layers))
    width = network.channels * network.maps_per_channel
    positive = works.pixel(width)
    v: Place | None = planes
    h = planes
    for depth, layer in enumerate(layers, start=1):
        last = depth == len(layers)
        gates = works.maps(2 * width)
        v = _down(layer, works, v or planes, gates, context, last)
        after = None if last else works.maps(width, left=layers[depth].left.margin)
        _aside(layer, works, h, gates, after, positive if last else None)
        h = after or h
    return works.head(network.head, positive)


def _down(
    layer: GatedStacks, works: Works, v: Place, gates: Place, context: Tensor | None, last: bool
) -> Place | None:
    """The vertical stack over a row, and what it gives to the gates of the horizontal one."""
    width = layer.widen.weight.shape[0]
    moved = works.maps(2 * width)
    base = across = None
    if layer.context is not None:
        down, aside = layer.context(context).chunk(2, dim=1)
        # The gates read what was moved without its shift, which is taken away again.
        aside = aside - down @ layer.across.weight[:, :, 0, 0].T
        base, across = works.shift(down), works.shift(aside)
    _window(layer.down, works, v, base, moved)
    weight, bias = numbers(layer.across.weight)[:, :, 0, 0], layer.across.bias
    assert bias is not None
    works.product(OF_ROW, moved, weight, numbers(bias), base=across, raw=gates)
    if last:  # nothing reads it
        return None
    after = works.maps(width, above=1, left=1, right=1)
    works.gated(OF_ROW, moved, width, after, None if layer.first else v)
    return after


def _window(conv: WindowConv, works: Works, source: Place, base: Place | None, raw: Place) -> None:
    weight, bias = numbers(conv.weight).transpose(0, 2, 3, 1), conv.bias
    assert bias is not None
    biases: np.ndarray | None = numbers(bias)
    for tap in range(weight.shape[1]):
        there = source.at(x=conv.columns[0], y=conv.rows[0] + tap)
        taps = weight[:, tap].reshape(len(weight), -1)
        works.product(OF_ROW, there, taps, biases, base=base, raw=raw)
        base, biases = raw, None


def _aside(
    layer: GatedStacks,
    works: Works,
    h: Place,
    row: Place,
    raw: Place | None,
    relu: Place | None,
) -> None:
    """The horizontal stack at a pixel, channel by channel."""
    width = layer.widen.weight.shape[0]
    gates, hidden = works.pixel(2 * width), works.pixel(width)
    weight = numbers(layer.left.weight)[:, :, 0].transpose(0, 2, 1)
    inputs, reach = weight.shape[2], weight.shape[1]
    weight = weight.reshape(len(weight), -1)
    if layer.here is not None:
        weight = np.concatenate([weight, numbers(layer.here.weight)[:, :, 0, 0]], axis=1)
    for channel in range(layer.groups):
        phase = OF_CHANNEL + channel
        own = group_slice(width, layer.groups, channel)
        doubled = group_slice(2 * width, layer.groups, channel)
        seen = channel + (not layer.first)
        before = group_slice(inputs, layer.groups, seen - 1).stop if seen else 0
        works.product(
            phase,
            h.at(x=-reach),
            weight[doubled, : reach * inputs + before],
            base=row.at(doubled.start),
            raw=gates.at(doubled.start),
        )
        count = own.stop - own.start
        works.gated(phase, gates.at(doubled.start), count, hidden.at(own.start))
    works.conv(layer.widen, hidden, base=None if layer.first else h, raw=raw, relu=relu)


PLANS: dict[type[CausalNetwork], Callable[..., Place]] = {
    DiagonalBiLSTM: diagonal_bilstm,
    GatedPixelCNN: _gated_pixelcnn,
    PixelCNN: _pixelcnn,
    RowLSTM: row_lstm,
}
"""Network class -> (network, works, the image's planes, context) -> where the logits are."""
