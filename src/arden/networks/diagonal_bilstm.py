"""Diagonal BiLSTM: along the diagonals, from both sides, over everything before each pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec, State
from arden.layers.line_lstm import LineLSTM
from arden.layers.masked_conv import group_slice
from arden.layers.masked_window import MaskedWindow
from arden.networks._raster import Pixel
from arden.networks._raster_stack import RasterLayer, RasterStack, check_kernel, check_lstm
from arden.networks.options.images import DiagonalBiLSTMOptions

__all__ = ["DiagonalBiLSTM", "DiagonalBiLSTMOptions"]


class DiagonalBiLSTM(RasterStack):
    """A convolution under mask A, two LSTMs a layer that meet at the pixel, two 1×1 layers.

    The left LSTM reads the units of the pixel to the left and of the pixel above; the right one
    those to the right and above, and what it finds counts one row further down, so that it never
    tells of the future. (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural
    networks", 2016.)

    One departure from the paper: the gates of the right LSTM also read the image at their own
    pixel, which is known by then. Behind mask A alone the last pixel of a row would be hidden from
    the row below it, up to where the first convolution reaches it.
    """

    def __init__(self, spec: NetworkSpec, options: DiagonalBiLSTMOptions) -> None:
        grid = spec.grid or (1, 1, 1)
        check_lstm(options.hidden, options.layers, grid[2])
        check_kernel(options.kernel, 3)
        layers = (
            _DiagonalLayer(options.hidden, spec.num_features, grid) for _ in range(options.layers)
        )
        super().__init__(spec, options, 2 * options.hidden, layers)


class _DiagonalLayer(RasterLayer):
    """x + 1×1 of H units, the sum of what comes from the left and, a row above, from the right."""

    def __init__(self, hidden: int, features: int, grid: tuple[int, int, int]) -> None:
        super().__init__()
        height, width, groups = grid
        self.hidden, self.groups = hidden, groups
        self.left = _Direction(hidden, height, width, groups, mirrored=False)
        self.right = _Direction(hidden, height, width, groups, mirrored=True)
        self.known = nn.Linear(groups * (features + 1), 4 * hidden, bias=False)
        self.widen = MaskedWindow(hidden, 2 * hidden, groups=groups)

    def forward(self, x: Tensor, planes: Tensor) -> Tensor:
        """(B, 2H, H, W), the image -> (B, 2H, H, W)."""
        pixels = x.permute(2, 3, 0, 1).contiguous()
        left = self.left(pixels, None)
        right = self.right(pixels, self.known(planes.permute(2, 3, 0, 1)))
        return (pixels + self.widen(left + a_row_down(right))).permute(2, 3, 0, 1)

    def start(self, batch_size: int, height: int, width: int) -> State:
        """B, H, W -> inputs of a row; gates, units, cell from the left; units from the right."""
        like, hidden = self.widen.linear.weight, self.hidden
        return (
            like.new_zeros(batch_size, width, 2 * hidden),
            like.new_zeros(batch_size, 4, hidden),
            like.new_zeros(batch_size, width + 1, hidden),
            like.new_zeros(batch_size, hidden),
            like.new_zeros(batch_size, width + 1, hidden),
        )

    def begin_row(self, planes: Tensor, memory: State, row: int) -> State:
        """the image, memory, y -> memory: the right LSTM goes through the row above, known now."""
        inputs, share, left, cell, right = memory
        if row:
            gates = self.right.gates(inputs) + self.known(planes[:, :, row - 1].permute(0, 2, 1))
            gates = gates.unflatten(-1, (4, -1))
            right_cell = torch.zeros_like(cell)
            for here in reversed(range(inputs.shape[1])):
                window = torch.cat([right[:, here], right[:, here + 1]], dim=1)
                taken = self.right.units.share(window).unflatten(1, (4, -1))
                right[:, here], right_cell = self.right.units.cell(
                    gates[:, here] + taken, right_cell
                )
        return inputs, share, left, torch.zeros_like(cell), right

    def at(self, x: Tensor, memory: State, pixel: Pixel, channel: int) -> Tensor:
        """(B, M_c), memory, (y, x), c -> (B, M_c); the memory is written in place."""
        inputs, share, left, cell, right = memory
        here = pixel[1]
        inputs[:, here, group_slice(2 * self.hidden, self.groups, channel)] = x
        own = group_slice(self.hidden, self.groups, channel)
        if channel == 0:  # units[x + 1] are still those above, until this pixel's are written
            window = torch.cat([left[:, here + 1], left[:, here]], dim=1)
            share.copy_(self.left.units.share(window).unflatten(1, (4, -1)))
        gates = self.left.gates.at(inputs[:, here], channel) + share[:, :, own]
        left[:, here + 1, own], cell[:, own] = self.left.units.cell(gates, cell[:, own])
        return x + self.widen.at(left[:, here + 1] + right[:, here], channel)[:, 0]


def a_row_down(units: Tensor) -> Tensor:
    """(H, W, B, H) -> (H, W, B, H): row y holds what was in row y − 1, the first row zeros."""
    return torch.cat([torch.zeros_like(units[:1]), units[:-1]])


class _Direction(nn.Module):
    """One LSTM over all diagonals: the pixels (y, x) of one x + y at once, or of y − x."""

    order: Tensor
    back: Tensor

    def __init__(
        self, hidden: int, height: int, width: int, groups: int, *, mirrored: bool
    ) -> None:
        super().__init__()
        self.gates = MaskedWindow(2 * hidden, hidden, groups=groups, parts=4)
        # The line before holds, in row y − 1, the pixel above, and in row y the one beside.
        self.units = LineLSTM(hidden, range(-1, 1))
        self.units.remember(self.gates.linear.bias)
        self.lines = [
            range(max(0, line - width + 1), min(line, height - 1) + 1)
            for line in range(height + width - 1)
        ]
        pixels = [
            y * width + (width - 1 - line + y if mirrored else line - y)
            for line, rows in enumerate(self.lines)
            for y in rows
        ]
        self.register_buffer("order", torch.tensor(pixels), persistent=False)
        self.register_buffer("back", torch.tensor(pixels).argsort(), persistent=False)

    def forward(self, pixels: Tensor, more: Tensor | None) -> Tensor:
        """(H, W, B, 2H), (H, W, B, 4H) added to the gates -> (H, W, B, H)."""
        size = pixels.shape[:2]
        gates = self.gates(pixels)
        if more is not None:
            gates = gates + more
        skewed = gates.flatten(0, 1).index_select(0, self.order)
        units = self.units(skewed, self.lines)
        return units.index_select(0, self.back).unflatten(0, size)
