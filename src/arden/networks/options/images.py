"""The options of networks that need the raster of an image."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "DiagonalBiLSTMOptions",
    "PixelCNNOptions",
    "PixelCNNPlusPlusOptions",
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
    """Masked convolutions over the pixels before, one mixture of logistics per scalar."""

    channels: int = 32
    """Feature maps."""
    blocks: int = 3
    """Residual blocks after the first convolution."""
    kernel: int = 5
    """Width of the first convolution; those after it are 3 wide."""


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
