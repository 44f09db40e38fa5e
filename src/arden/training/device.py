"""Where a model runs."""

from __future__ import annotations

import torch

from arden.errors import InputError

__all__ = ["resolve_device"]


def resolve_device(name: str) -> torch.device:
    """auto, cpu, cuda or cuda:i -> the device; auto takes a GPU when torch sees one.

    On a GPU convolutions are from here on as exact as float32 is: torch's own default, TF32, would
    move every likelihood in the third digit. Training may ask for it (`matmul_precision`).

    Raises:
        InputError: a device that torch does not have here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise InputError(f"device: expected auto, cpu or cuda, got {name!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError("device: expected a device of this machine, but torch sees no GPU here")
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
    return device
