"""Row LSTM: row by row from the top, over the triangle above each pixel."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.line_lstm import LineLSTM
from arden.layers.masked_conv import group_slice, raster
from arden.layers.masked_window import MaskedWindow
from arden.networks._raster import Pixel, composed
from arden.networks._raster_stack import RasterLayer, RasterStack, check_kernel, check_lstm
from arden.networks.options.images import RowLSTMOptions

__all__ = ["RowLSTM", "RowLSTMOptions"]


class RowLSTM(RasterStack):
    """A convolution under mask A, LSTM layers that go down row by row, two 1×1 layers.

    A gate reads the layer below in its own row, up to itself, and the layer's own units in the row
    above, half a ``window`` to either side: a triangle upwards, which is what `promised` says.
    (van den Oord, Kalchbrenner, Kavukcuoglu, "Pixel recurrent neural networks", 2016.)
    """

    def __init__(self, spec: NetworkSpec, options: RowLSTMOptions) -> None:
        channels = spec.grid[2] if spec.grid else 1
        check_lstm(options.hidden, options.layers, channels)
        check_kernel(options.kernel, 3)
        if options.window < 1 or options.window % 2 == 0:
            raise InputError(f"window: expected an odd width, got {options.window}")
        layers = (
            _RowLayer(options.hidden, options.window, channels) for _ in range(options.layers)
        )
        super().__init__(spec, options, 2 * options.hidden, layers)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: the triangle, widened by the first convolution and by every layer."""
        size = (self.height, self.width)
        layers = [layer.looks(*size) for layer in self.blocks if isinstance(layer, _RowLayer)]
        return composed([self.first.looks(*size), *layers, self.output.looks(*size)])


class _RowLayer(RasterLayer):
    """x + 1×1 of H units; every row of units from its gates and the row of units above."""

    def __init__(self, hidden: int, window: int, groups: int) -> None:
        super().__init__()
        self.hidden, self.groups, self.reach = hidden, groups, window // 2
        self.gates = MaskedWindow(2 * hidden, hidden, window, groups, parts=4)
        self.units = LineLSTM(hidden, range(-self.reach, self.reach + 1))
        self.widen = MaskedWindow(hidden, 2 * hidden, groups=groups)
        self.units.remember(self.gates.linear.bias)

    def forward(self, x: Tensor, planes: Tensor) -> Tensor:
        """(B, 2H, H, W), the image, which is not read -> (B, 2H, H, W)."""
        pixels = x.permute(2, 3, 0, 1).contiguous()
        height, width = pixels.shape[:2]
        hidden = self.units(self.gates(pixels).flatten(0, 1), [range(width)] * height)
        return (pixels + self.widen(hidden.unflatten(0, (height, width)))).permute(2, 3, 0, 1)

    def start(self, batch_size: int, height: int, width: int) -> State:
        """B, H, W -> the row of inputs, what gates take from the row above, units, cells."""
        like, hidden, margin = self.widen.linear.weight, self.hidden, 2 * self.reach
        return (
            like.new_zeros(batch_size, width + self.reach, 2 * hidden),
            like.new_zeros(batch_size, width, 4, hidden),
            like.new_zeros(batch_size, width + margin, hidden),
            like.new_zeros(batch_size, width, hidden),
        )

    def begin_row(self, planes: Tensor, memory: State, row: int) -> State:
        """the image, memory, y -> memory: what every pixel's gates take from the row above."""
        inputs, above, units, cells = memory
        width = cells.shape[1]
        taps = [units[:, tap : tap + width] for tap in range(2 * self.reach + 1)]
        above = self.units.share(torch.cat(taps, dim=-1)).unflatten(-1, (4, -1))
        return inputs, above, units, cells

    def at(self, x: Tensor, memory: State, pixel: Pixel, channel: int) -> Tensor:
        """(B, M_c), memory, (y, x), c -> (B, M_c); the memory is written in place."""
        inputs, above, units, cells = memory
        here, reach = pixel[1], self.reach
        inputs[:, here + reach, group_slice(2 * self.hidden, self.groups, channel)] = x
        own = group_slice(self.hidden, self.groups, channel)
        gates = self.gates.at(inputs[:, here : here + reach + 1].flatten(1), channel)
        # Cells above are read by their own units alone: each is overwritten once it was read.
        units[:, here + reach, own], cells[:, here, own] = self.units.cell(
            gates + above[:, here, :, own], cells[:, here, own]
        )
        return x + self.widen.at(units[:, here + reach], channel)[:, 0]

    def looks(self, height: int, width: int) -> Tensor:
        """H, W -> (T, T) bool over scalars in raster order: output [to] reads input [from]."""
        y, x, channel = raster(height, width, self.groups)
        up, right = y[:, None] - y[None], x[None] - x[:, None]
        before = (right >= -self.reach) & (right < 0)
        itself = (right == 0) & (channel[None] <= channel[:, None])
        # From the units `up` rows above, and from there again to the left.
        triangle = (right >= -self.reach * (up + 1)) & (right <= self.reach * up)
        return torch.where(up == 0, before | itself, (up > 0) & triangle)
