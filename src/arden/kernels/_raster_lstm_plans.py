"""What Row LSTM and Diagonal BiLSTM do, as lists of works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from torch import Tensor

from arden.kernels._raster_works import BACKWARDS, OF_CHANNEL, OF_ROW, Place, Works, numbers
from arden.layers.masked_conv import group_slice
from arden.layers.masked_window import MaskedWindow
from arden.networks._raster_stack import RasterLayer, RasterStack
from arden.networks.diagonal_bilstm import DiagonalBiLSTM, _DiagonalLayer
from arden.networks.row_lstm import RowLSTM, _RowLayer

__all__ = ["diagonal_bilstm", "row_lstm"]


def row_lstm(network: RowLSTM, works: Works, planes: Place, context: Tensor | None) -> Place:
    """A Row LSTM, the image's planes, (B, C) -> where the logits are."""

    def layer_plan(layer: Any, x: Place, raw: Place | None, relu: Place | None) -> None:
        _row_layer(cast(_RowLayer, layer), works, x, raw, relu)

    margin = cast(_RowLayer, network.layers()[0]).reach
    return _stack(network, works, planes, context, margin, layer_plan)


def diagonal_bilstm(
    network: DiagonalBiLSTM, works: Works, planes: Place, context: Tensor | None
) -> Place:
    """A Diagonal BiLSTM, the image's planes, (B, C) -> where the logits are."""

    def layer_plan(layer: Any, x: Place, raw: Place | None, relu: Place | None) -> None:
        _diagonal_layer(cast(_DiagonalLayer, layer), works, planes, x, raw, relu)

    return _stack(network, works, planes, context, 0, layer_plan)


def _stack(
    network: RasterStack,
    works: Works,
    planes: Place,
    context: Tensor | None,
    margin: int,
    layer_plan: Callable[[RasterLayer, Place, Place | None, Place | None], None],
) -> Place:
    """Layers that read a row of maps with a margin to the left, between what all stacks have."""
    maps, layers = network.num_maps, network.layers()
    base = None if network.context is None else works.shift(network.context(context))
    x, positive = works.maps(maps, left=margin), works.pixel(maps)
    works.conv(network.first, planes, base=base, raw=x)
    for layer in layers[:-1]:
        after = works.maps(maps, left=margin)
        layer_plan(layer, x, after, None)
        x = after
    layer_plan(layers[-1], x, None, positive)
    return works.head(network.head, positive)


class _Gates:
    """The four lists of gates, ordered so that those of a channel's units stand side by side."""

    def __init__(self, window: MaskedWindow) -> None:
        hidden, channels = window.outputs, range(window.groups)
        self.own = [group_slice(hidden, window.groups, channel) for channel in channels]
        lists = np.arange(4 * hidden).reshape(4, hidden)
        self._rows = [lists[:, maps].ravel() for maps in self.own]
        self.order = np.concatenate(self._rows)
        self.bias = numbers(window.linear.bias)[self.order]
        self._weight, self._groups, self._reach = window.linear.weight, window.groups, window.reach

    def seen(self, channel: int) -> np.ndarray:
        """c -> (4 H_c, K): the weights of a channel's gates from what it sees."""
        inputs = self._weight.shape[1] // (self._reach + 1)
        last = group_slice(inputs, self._groups, channel).stop
        return numbers(self._weight)[self._rows[channel], : self._reach * inputs + last]


def _row_layer(
    layer: _RowLayer, works: Works, x: Place, raw: Place | None, relu: Place | None
) -> None:
    hidden, reach, gates = layer.hidden, layer.reach, _Gates(layer.gates)
    units, cells = works.maps(hidden, left=reach, right=reach), works.maps(hidden)
    above, opened = works.maps(4 * hidden), works.pixel(4 * hidden)
    share = numbers(layer.units.share.weight)[gates.order]
    works.product(OF_ROW, units.at(x=-reach), share, gates.bias, raw=above)
    for channel, own in enumerate(gates.own):
        _units(works, channel, gates, x.at(x=-reach), above, opened, cells, units)
        _widen(layer.widen, works, channel, own.stop, [units], x, raw, relu)


def _diagonal_layer(
    layer: _DiagonalLayer,
    works: Works,
    planes: Place,
    x: Place,
    raw: Place | None,
    relu: Place | None,
) -> None:
    hidden, gates = layer.hidden, _Gates(layer.left.gates)
    right = _from_the_right(layer, works, planes, x)
    units, cells = works.maps(hidden, left=1), works.pixel(hidden)
    share, opened = works.pixel(4 * hidden), works.pixel(4 * hidden)
    works.copy(works.pixel(hidden), hidden, cells)  # zeros
    # What stands at the pixel still belongs to the one above; the weights begin with that one.
    weight = np.roll(numbers(layer.left.units.share.weight)[gates.order], hidden, axis=1)
    works.product(OF_CHANNEL, units.at(x=-1), weight, gates.bias, raw=share)
    for channel, own in enumerate(gates.own):
        _units(works, channel, gates, x, share, opened, cells, units)
        _widen(layer.widen, works, channel, own.stop, [units, right], x, raw, relu)


def _from_the_right(layer: _DiagonalLayer, works: Works, planes: Place, x: Place) -> Place:
    """The right LSTM goes through the row above when a row begins -> its units."""
    hidden, window = layer.hidden, layer.right.gates.linear
    units, cells = works.maps(hidden, right=1), works.pixel(hidden)
    gates, opened = works.maps(4 * hidden), works.pixel(4 * hidden)
    works.copy(works.pixel(hidden), hidden, cells)  # zeros
    works.product(OF_ROW, x, numbers(window.weight), numbers(window.bias), raw=gates)
    works.product(OF_ROW, planes.at(y=-1), numbers(layer.known.weight), base=gates, raw=gates)
    share = numbers(layer.right.units.share.weight)
    works.product(BACKWARDS, units, share, base=gates, raw=opened)
    works.cell(BACKWARDS, opened, hidden, cells, units)
    return units


def _units(
    works: Works,
    channel: int,
    gates: _Gates,
    x: Place,
    base: Place,
    opened: Place,
    cells: Place,
    units: Place,
) -> None:
    """One channel's hidden units: ``base`` and what the layer below gives open the gates."""
    phase, own = OF_CHANNEL + channel, gates.own[channel]
    first = 4 * own.start
    works.product(phase, x, gates.seen(channel), base=base.at(first), raw=opened.at(first))
    count = own.stop - own.start
    works.cell(phase, opened.at(first), count, cells.at(own.start), units.at(own.start))


def _widen(
    widen: MaskedWindow,
    works: Works,
    channel: int,
    seen: int,
    units: list[Place],
    x: Place,
    raw: Place | None,
    relu: Place | None,
) -> None:
    """One channel's maps: those of the layer below, and what the first ``seen`` units give."""
    own = group_slice(widen.outputs, widen.groups, channel)
    weight, base = numbers(widen.linear.weight)[own, :seen], x.at(own.start)
    biases: np.ndarray | None = numbers(widen.linear.bias)[own]
    for source in units[:-1]:
        sums = works.pixel(own.stop - own.start)
        works.product(OF_CHANNEL + channel, source, weight, biases, base=base, raw=sums)
        base, biases = sums, None
    raw, relu = (None if place is None else place.at(own.start) for place in (raw, relu))
    works.product(OF_CHANNEL + channel, units[-1], weight, biases, base=base, raw=raw, relu=relu)
