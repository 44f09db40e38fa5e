"""The list of works that a network over an image is turned into, and their weights in one array."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from arden.kernels._raster_walk import CELL, FIELDS, GATED, MOVE, PRODUCT
from arden.kernels._scratch import padded
from arden.kernels._tile import packed
from arden.layers.masked_conv import MaskedConv, group_slice
from arden.layers.pixel_head import PixelHead

__all__ = ["BACKWARDS", "OF_CHANNEL", "OF_ROW", "Place", "Works", "numbers"]

BEFORE_ROW, OF_ROW, BACKWARDS, OF_CHANNEL = range(4)
"""Phases: before a row, for all pixels of a row, for one after the other from the right, and from
here on for channels 0, 1, … of a pixel. The first and the third are left out in the first row."""


class Place(NamedTuple):
    """Where the numbers of a row's first pixel begin, how much further those of the next one do,
    and those of the same pixel one row below."""

    start: int
    step: int = 0
    row: int = 0

    def at(self, maps: int = 0, *, x: int = 0, y: int = 0) -> Place:
        """The place of later maps, another pixel, another row."""
        return Place(self.start + maps + x * self.step + y * self.row, self.step, self.row)


_NOWHERE = Place(-1)


class Works:
    """A network over an image as a list of works, being written.

    ``num_maps`` below are numbers per pixel; ``shifts`` collects what differs from row to row of a
    batch and is known before the walk: (B, N), added to what a product gives.
    """

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.height, self.width, self.channels = height, width, channels
        self.size = 0
        self.shifts: list[tuple[int, Tensor]] = []
        self._lists: list[list[tuple[int, ...]]] = [[] for _ in range(OF_CHANNEL + channels)]
        self._weights: list[np.ndarray] = []
        self._num_weights = 0

    def maps(self, count: int, above: int = 0, left: int = 0, right: int = 0) -> Place:
        """Numbers of every pixel of a row, of rows above it, with margins of zeros -> a place.

        Rows move up when the next one begins.
        """
        row = padded((left + self.width + right) * count)
        start = self._room(row * (above + 1))
        if above:
            self._add(BEFORE_ROW, MOVE, Place(start + row), above * row, raw=Place(start))
        return Place(start + above * row + left * count, count, row)

    def pixel(self, count: int) -> Place:
        """Numbers of one pixel, the next one's in their place -> a place."""
        return Place(self._room(count))

    def shift(self, values: Tensor) -> Place:
        """(B, N), what a row of a batch adds to all its pixels -> a place."""
        place = Place(self._room(values.shape[1]))
        self.shifts.append((place.start, values))
        return place

    def product(
        self,
        phase: int,
        source: Place,
        weight: np.ndarray,
        bias: np.ndarray | None = None,
        *,
        base: Place | None = None,
        raw: Place | None = None,
        relu: Place | None = None,
    ) -> None:
        """weight (N, K), bias (N,): raw = base + bias + weight · source; relu what is positive."""
        outputs, inputs = weight.shape
        self._add(phase, PRODUCT, source, outputs, inputs, base=base, raw=raw, relu=relu)
        self._weights.append(packed(weight, bias))
        self._num_weights += len(self._weights[-1])

    def gated(
        self, phase: int, source: Place, count: int, raw: Place, base: Place | None = None
    ) -> None:
        """N filters, N gates -> raw = base + tanh · σ."""
        self._add(phase, GATED, source, count, count, base=base, raw=raw)

    def cell(self, phase: int, source: Place, count: int, cells: Place, raw: Place) -> None:
        """Four times N gates and N cells, which are written -> N hidden units."""
        self._add(phase, CELL, source, count, base=cells, raw=raw)

    def conv(
        self,
        conv: MaskedConv,
        source: Place,
        *,
        base: Place | None = None,
        raw: Place | None = None,
        relu: Place | None = None,
    ) -> None:
        """A masked convolution of what stands at ``source``: the taps above for a whole row at
        once, then for each channel of a pixel those before it. ``base`` is added.

        Where there are rows above, ``base`` is a shift.
        """
        weight, bias = numbers(conv.weight).transpose(0, 2, 3, 1), conv.bias
        outputs, reach, inputs = weight.shape[0], conv.reach, weight.shape[3]
        biases = None if bias is None else numbers(bias)
        if reach:
            above = self.maps(outputs)
            for tap in range(reach):
                there = source.at(x=-reach, y=tap - reach)
                taps = weight[:, tap].reshape(outputs, -1)
                self.product(OF_ROW, there, taps, biases, base=base, raw=above)
                base, biases = above, None
        own = weight[:, reach, : reach + 1].reshape(outputs, -1)
        for channel in range(conv.groups):
            maps = group_slice(outputs, conv.groups, channel)
            seen = channel + conv.sees_itself
            before = group_slice(inputs, conv.groups, seen - 1).stop if seen else 0
            self.product(
                OF_CHANNEL + channel,
                source.at(x=-reach),
                own[maps, : reach * inputs + before],
                None if biases is None else biases[maps],
                base=_at(base, maps.start),
                raw=_at(raw, maps.start),
                relu=_at(relu, maps.start),
            )

    def head(self, head: PixelHead, positive: Place) -> Place:
        """The last two layers, of what is positive in the maps -> where the logits are."""
        layers = (head.hidden, head.output)
        hidden, logits = (self.pixel(layer.weight.shape[0]) for layer in layers)
        self.conv(head.hidden, positive, relu=hidden)
        self.conv(head.output, hidden, raw=logits)
        return logits

    def copy(self, source: Place, count: int, raw: Place) -> None:
        """N numbers, copied when a row begins."""
        self._add(OF_ROW, MOVE, source, count, raw=raw)

    def finished(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """() -> (N, fields) works, where each phase begins, all weights."""
        lengths = [len(works) for works in self._lists]
        works = np.array([one for works in self._lists for one in works], np.int64)
        phases: np.ndarray = np.cumsum([0, *lengths])
        return works.reshape(-1, len(FIELDS)), phases, np.concatenate(self._weights)

    def _room(self, count: int) -> int:
        start = self.size
        self.size += padded(count)
        return start

    def _add(
        self,
        phase: int,
        kind: int,
        source: Place,
        width: int,
        depth: int = 0,
        *,
        base: Place | None = None,
        raw: Place | None = None,
        relu: Place | None = None,
    ) -> None:
        places = [place or _NOWHERE for place in (base, raw, relu)]
        ends = [number for place in places for number in place[:2]]
        weights = self._num_weights
        self._lists[phase].append((kind, *source[:2], depth, weights, *ends, width))


def numbers(tensor: Tensor) -> np.ndarray:
    """A tensor -> an array that shares its memory."""
    return tensor.detach().numpy()


def _at(place: Place | None, maps: int) -> Place | None:
    return None if place is None else place.at(maps)
