"""The options of networks that need the raster of an image."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "DiagonalBiLSTMOptions",
    "GatedPixelCNNOptions",
    "PixelCNNOptions",
    "PixelCNNPlusPlusOptions",
    "PixelSNAILOptions",
    "RowLSTMOptions",
]


@dataclass(frozen=True)
class PixelCNNOptions:
    """Masked convolutions over the pixels before, all pixels in one pass."""

    channels: int = 64
    """Feature maps, divided among the channels of a pixel."""
    blocks: int = 5
    """Residual blocks, each of which looks one pixel further."""
    kernel: int = 7
    """Width of the first convolution; those after it are 3 wide."""


@dataclass(frozen=True)
class PixelCNNPlusPlusOptions:
    """Gated blocks of shifted convolutions, one mixture of logistics a pixel."""

    channels: int = 32
    """Feature maps of each of the two streams."""
    blocks: int = 3
    """Gated blocks of each stream, each of which looks two pixels further."""
    kernel: int = 5
    """Width of the first convolutions; those after them reach one pixel."""
    dropout: float = 0.0
    """Share of a block's inner maps that are put to zero at each training step."""


@dataclass(frozen=True)
class RowLSTMOptions:
    """Long short-term memory row by row, over the triangle above each pixel."""

    hidden: int = 16
    """LSTM units of each layer; twice as many maps between the layers."""
    layers: int = 2
    """LSTM layers, each added to what it read."""
    kernel: int = 7
    """Width of the first convolution, at least 3."""
    window: int = 3
    """Pixels of a row that a gate reads, in its own row (up to itself) and in the row above."""


@dataclass(frozen=True)
class DiagonalBiLSTMOptions:
    """Long short-term memory along the diagonals, from both sides: all pixels before."""

    hidden: int = 16
    """LSTM units of each layer and direction; twice as many maps between the layers."""
    layers: int = 2
    """LSTM layers, each added to what it read."""
    kernel: int = 7
    """Width of the first convolution, at least 3."""


@dataclass(frozen=True)
class GatedPixelCNNOptions:
    """Gated convolutions in two stacks that together see every pixel before."""

    channels: int = 32
    """Feature maps of each stack, rounded up to an even share for each channel of a pixel."""
    layers: int = 6
    """Layers of both stacks; each after the first looks one pixel further."""
    kernel: int = 7
    """Width of the first layer's convolutions; those after it are 3 wide."""


@dataclass(frozen=True)
class PixelSNAILOptions:
    """Gated convolutions near by, and attention to every pixel before."""

    channels: int = 32
    """Feature maps."""
    blocks: int = 3
    """Blocks, each of which attends once."""
    residuals: int = 2
    """Gated residual layers of a block before it attends."""
    attention: int = 16
    """Numbers in the queries, keys and values of all heads together."""
    heads: int = 1
    """Attention heads; they divide those numbers."""
