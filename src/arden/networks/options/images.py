"""The options of networks that need the raster of an image."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PixelCNNOptions", "PixelCNNPlusPlusOptions"]


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
