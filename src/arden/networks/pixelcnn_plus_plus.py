"""PixelCNN++: gated blocks of shifted convolutions, and one mixture of logistics a pixel."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.network import NetworkSpec, State
from arden.errors import InputError
from arden.layers.shifted_block import ShiftedBlock, Shifts, concatenated_elu
from arden.layers.window_conv import WindowConv
from arden.networks._logistic_chain import LogisticChain
from arden.networks._raster import Pixel, RasterNetwork
from arden.networks.options.images import PixelCNNPlusPlusOptions

__all__ = ["PixelCNNPlusPlus", "PixelCNNPlusPlusOptions"]

_NOT_BELOW: Shifts = ((-1, 0), (-1, 1))
_NOT_BELOW_NOR_RIGHT: Shifts = ((-1, 0), (-1, 0))


class PixelCNNPlusPlus(RasterNetwork):
    """Two streams of whole pixels before, and a chain of scalars through each pixel's channels.

    The first stream sees the rows above, to both sides; the second also the pixels to the left, and
    reads the first in every block. No weight is masked and no spot is blind. Blocks are gated, with
    concatenated ELUs, dropout and the class in each. Left out of the paper: down- and upsampling
    with its shortcuts, which needs sides that halve (the stack here is plain, and takes images of
    any size), and normalised weights. (Salimans, Karpathy, Chen, Kingma, "PixelCNN++: improving the
    PixelCNN with discretized logistic mixture likelihood and other modifications", 2017.)
    """

    def __init__(self, spec: NetworkSpec, options: PixelCNNPlusPlusOptions) -> None:
        super().__init__(spec, options)
        if spec.num_symbols is None or spec.num_params % 3 or spec.num_features != 1:
            raise InputError("conditional: a PixelCNN++ needs a mixture of logistics")
        if options.kernel < 3 or options.kernel % 2 == 0:
            raise InputError(f"kernel: expected an odd width of 3 or more, got {options.kernel}")
        if options.channels < 1 or options.blocks < 1:
            raise InputError(
                "channels, blocks: expected at least 1 of each, "
                f"got {options.channels} and {options.blocks}"
            )
        if not 0 <= options.dropout < 1:
            raise InputError(f"dropout: expected a share ≥ 0 and below 1, got {options.dropout}")
        family = LogisticMixture(spec.num_symbols, spec.num_params // 3)
        self.chain = LogisticChain(family, self.channels)
        width, reach = options.channels, options.kernel // 2
        self.margin = reach
        self.first_above = WindowConv(self.num_planes, width, (-reach, -1), (-reach, reach))
        self.first_left = WindowConv(self.num_planes, width, (-reach, 0), (-reach, -1))
        settings = (spec.context_size, options.dropout)
        self.above = nn.ModuleList(
            ShiftedBlock(width, _NOT_BELOW, *settings) for _ in range(options.blocks)
        )
        self.left = nn.ModuleList(
            ShiftedBlock(width, _NOT_BELOW_NOR_RIGHT, *settings, reads_another=True)
            for _ in range(options.blocks)
        )
        self.output = nn.Linear(2 * width, self.chain.num_maps)
        with torch.no_grad():
            self.output.weight.mul_(0.1)  # so that the first mixtures are those of the bias
            self.output.bias.copy_(self.chain.first_bias())

    def maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, 2C, H, W), (B, context) -> (B, C·3M, H, W)."""
        units = self.hidden_maps(planes, context).permute(0, 2, 3, 1)
        pixels = planes[:, ::2].permute(0, 2, 3, 1)
        head = self.output(units).to(pixels.dtype)
        return self.chain.forward(head, pixels).permute(0, 3, 4, 1, 2).flatten(1, 2)

    def hidden_maps(self, planes: Tensor, context: Tensor | None) -> Tensor:
        """(B, 2C, H, W), (B, context) -> (B, 2W, H, W): the second stream, at its end."""
        above, left = self.first_above(planes), self.first_left(planes)
        for above_block, left_block in self._blocks():
            above = above_block(above, above_block.shift(context))
            left = left_block(left, left_block.shift(context), above)
        return concatenated_elu(left, 1)

    def start_maps(self, batch_size: int, context: Tensor | None) -> State:
        """B, (B, C) -> (per block the contexts' shares and both memories, the row, head, params).

        ``row`` is the first stream through the row begun, after every block; ``head`` of the pixel
        begun and ``params`` of its channel before are empty until a pixel is.
        """
        size = (batch_size, self.height, self.width)
        blocks = tuple(
            (block.shift(context), block.start(*size)) for pair in self._blocks() for block in pair
        )
        nothing = self.output.weight.new_zeros(batch_size, 0)
        return blocks, (), nothing, nothing

    def begin_row(self, planes: Tensor, carried: State, row: int) -> State:
        """planes with their margin, what is carried, y -> the first stream through row y."""
        blocks, _, head, params = carried
        x, rows = self.first_above.row(planes, row), []
        for block, (shift, memories) in zip(self._of(self.above), blocks[::2], strict=True):
            x = block.row(x, memories, row, shift)
            rows.append(x)
        return blocks, tuple(rows), head, params

    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        """planes, what is carried, (y, x), c -> (B, 3M) of that scalar; memories are written."""
        blocks, rows, head, params = carried
        y, x = pixel
        if channel == 0:
            left = self.first_left.at(planes, pixel)
            own = zip(self._of(self.left), blocks[1::2], rows, strict=True)
            for block, (shift, memories), above in own:
                left = block.at(left, memories, pixel, shift, above[:, :, x])
            head = self.output(concatenated_elu(left, -1))
            params = self.chain.first(head)
        else:
            before = planes[:, : 2 * channel : 2, y + self.margin, x + self.margin]
            params = self.chain.following(head, params, before)
        return params, (blocks, rows, head, params)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: whole pixels in reach of the shifted windows, channels before."""
        size = (self.height, self.width)
        above, left = self.first_above.looks(*size), self.first_left.looks(*size)
        for above_block, left_block in self._blocks():
            above = above_block.reached(above, *size)
            left = left_block.reached(left, *size, above)
        channels = self.channels
        scalars = left.repeat_interleave(channels, 0).repeat_interleave(channels, 1)
        pixel = torch.arange(num_steps) // channels
        own = pixel[:, None] == pixel[None]
        return scalars | (own & torch.ones_like(own).tril(-1))

    def _blocks(self) -> list[tuple[ShiftedBlock, ShiftedBlock]]:
        return list(zip(self._of(self.above), self._of(self.left), strict=True))

    def _of(self, blocks: nn.ModuleList) -> list[ShiftedBlock]:
        return cast(list[ShiftedBlock], list(blocks))
