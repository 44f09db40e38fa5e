"""From the pixels of an image to its scalars: channels stay together, R → G → B."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from arden.errors import InputError

__all__ = ["as_grid", "scalars_of_pixels"]


def as_grid(event_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(D,), (H, W) or (H, W, C) -> (H, W, C); a row of D scalars is an image one pixel high.

    Raises:
        InputError: an empty shape, a size below 1, or more than three axes.
    """
    if not 1 <= len(event_shape) <= 3 or min(event_shape) < 1:
        raise InputError(
            f"event_shape: expected (D,), (H, W) or (H, W, C) with sizes ≥ 1, got {event_shape}"
        )
    if len(event_shape) == 1:
        return 1, event_shape[0], 1
    if len(event_shape) == 2:
        return event_shape[0], event_shape[1], 1
    return event_shape[0], event_shape[1], event_shape[2]


def scalars_of_pixels(pixels: Tensor, event_shape: tuple[int, ...]) -> Tensor:
    """(H·W,) int64 pixels in visiting order -> (D,) int64 scalars, channels in turn."""
    _, _, channels = as_grid(event_shape)
    assert pixels.numel() * channels == math.prod(event_shape)
    return (pixels[:, None] * channels + torch.arange(channels)).flatten()
