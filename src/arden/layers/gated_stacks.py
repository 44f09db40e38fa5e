"""A layer of Gated PixelCNN: a stack that sees all rows above, and one that sees its own row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import State
from arden.layers.masked_conv import MaskedConv, group_slice
from arden.layers.window_conv import WindowConv

__all__ = ["GatedStacks", "gated"]


def gated(x: Tensor, groups: int = 1) -> Tensor:
    """(B, 2W, …) -> (B, W, …): tanh · σ; every group has its filters first, then its gates."""
    filters, gates = x.unflatten(1, (groups, 2, -1)).unbind(2)
    return (torch.tanh(filters) * torch.sigmoid(gates)).flatten(1, 2)


class GatedStacks(nn.Module):
    """v (B, V, H, W), h (B, I, H, W) -> v' (B, W, H, W), h' (B, W, H, W).

    The vertical stack v sees the rows above, whole and to both sides; the horizontal stack h sees
    v, its own row to the left and, of its own pixel, the channels before (``first``) or up to its
    own. Both are gated, tanh · σ, with a shift by the context; after the first layer both add what
    they were given. A first layer takes the image itself, for v and for h.

    One pixel at a time: `begin_row` moves v down a whole row, `at` does one channel of one pixel.
    (van den Oord et al., "Conditional image generation with PixelCNN decoders", 2016.)
    """

    def __init__(
        self, inputs: int, width: int, kernel: int, groups: int, context_size: int, *, first: bool
    ) -> None:
        super().__init__()
        assert width % groups == 0
        self.first, self.groups, reach = first, groups, kernel // 2
        rows = (-reach, -1 if first else 0)
        self.down = WindowConv(inputs, 2 * width, rows, (-reach, reach))
        self.across = nn.Conv2d(2 * width, 2 * width, 1)
        self.left = WindowConv(inputs, 2 * width, (0, 0), (-reach, -1), bias=False)
        # Of a grey pixel nothing comes before itself: the first layer has no such weights.
        self.here = (
            None
            if first and groups == 1
            else MaskedConv(inputs, 2 * width, 1, sees_itself=not first, groups=groups, bias=False)
        )
        self.widen = MaskedConv(width, width, 1, sees_itself=True, groups=groups)
        self.context = nn.Linear(context_size, 4 * width, bias=False) if context_size else None

    def forward(self, v: Tensor, h: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, V, H, W), (B, I, H, W), (B, C) -> (B, W, H, W) twice."""
        moved, row = self._down(v, self.down(v), self._shifts(context))
        gates = row + self.left(h)
        if self.here is not None:
            gates = gates + self.here(h)
        widened = self.widen(gated(gates, self.groups))
        return moved, widened if self.first else h + widened

    def start(self, batch_size: int, width: int, context: Tensor | None) -> State:
        """B, W, (B, C) -> what is carried: shifts, rows above, the row's gates, h so far, here."""
        # A first layer reads the image, which is kept for it; others remember the row begun and
        # those above it that they read.
        above = None if self.first else self.down.start(batch_size, 1, width)
        so_far = None if self.first else self.left.start(batch_size, 1, width)
        return self._shifts(context), above, None, so_far, self.widen.start(batch_size, 1, 1)

    def begin_row(self, v: Tensor, carried: State, row: int) -> tuple[Tensor, State]:
        """(B, V, 1, W), what is carried, y -> (B, W, 1, W), what is carried: one row of v.

        A first layer is given the image with its margin.
        """
        shifts, above, _, so_far, here = carried
        if above is not None:
            above = above.roll(-1, dims=2)  # all rows move up by one, the topmost is overwritten
            self.down.put_row(above, v[:, :, 0], 0)
        memory, row = (v, row) if above is None else (above, 0)
        moved, gates = self._down(v, self.down.row(memory, row)[:, :, None], shifts)
        return moved, (shifts, above, gates, so_far, here)

    def at(self, h: Tensor, carried: State, pixel: tuple[int, int], channel: int) -> Tensor:
        """h, what is carried, (y, x), c -> (B, W_c): one channel of one pixel.

        h is (B, I_c); for a first layer it is the image with its margin. What is carried is written
        in place.
        """
        _, _, row, so_far, here = carried
        memory = h
        if so_far is not None:
            pixel, memory = (0, pixel[1]), so_far
            self.left.put(memory, h, pixel, group_slice(memory.shape[1], self.groups, channel))
        doubled, own = (
            group_slice(count, self.groups, channel) for count in (row.shape[1], row.shape[1] // 2)
        )
        gates = row[:, doubled, 0, pixel[1]] + self.left.at(memory, pixel, doubled)
        if self.here is not None:
            y, x = (place + self.left.margin for place in pixel)
            gates = gates + self.here.at(memory[:, :, y : y + 1, x : x + 1], (0, 0), channel)
        self.widen.put(here, gated(gates), (0, 0), own)
        widened = self.widen.at(here, (0, 0), channel)
        return widened if self.first else h + widened

    def looks(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """H, W -> (H·W, H·W) bool, of v on v; (T, T) bool, of h on h: [to] reads [from]."""
        aside = self.left.looks(height, width)
        scalars = aside.repeat_interleave(self.groups, 0).repeat_interleave(self.groups, 1)
        if self.here is not None:
            scalars = scalars | self.here.looks(height, width)
        return self.down.looks(height, width), scalars

    def _shifts(self, context: Tensor | None) -> State:
        if self.context is None:
            return None, None
        down, across = self.context(context)[:, :, None, None].chunk(2, dim=1)
        return down, across

    def _down(self, v: Tensor, moved: Tensor, shifts: State) -> tuple[Tensor, Tensor]:
        """v, its convolution, shifts -> the vertical stack's output, its share of h's gates."""
        row = self.across(moved)
        down, across = shifts
        if down is not None and across is not None:
            moved, row = moved + down, row + across
        out = gated(moved)
        return out if self.first else v + out, row
