"""How a step of training is computed: how exactly products are, and whether networks are compiled.

For the step alone: every figure is computed in full float32, by the networks as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from arden.core.network import CausalNetwork
from arden.training.options import TrainingOptions

__all__ = ["Compiled", "autocast", "matmul_precision"]


@contextmanager
def matmul_precision(name: str) -> Iterator[None]:
    """highest, high or medium -> a context in which products of float32 may be that inexact.

    high is TF32 on a GPU (products and convolutions), medium also bfloat16 inside a product; what
    the hardware cannot do stays exact. Whatever was set before is set again afterwards.

    >>> with matmul_precision("medium"):
    ...     torch.get_float32_matmul_precision()
    'medium'
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    cudnn = torch.backends.cudnn  # convolutions and recurrent layers of a GPU have their own switch
    before, convolutions = torch.get_float32_matmul_precision(), cudnn.allow_tf32
    torch.set_float32_matmul_precision(name)
    cudnn.allow_tf32 = name != "highest"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        cudnn.allow_tf32 = convolutions


def autocast(options: TrainingOptions, device: torch.device) -> torch.autocast:
    """What was asked for, where -> a context for a forward pass: bfloat16 products, or none."""
    half = options.precision == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


class Compiled:
    """The networks of a model as torch.compile makes them, within its context; outside as they are.

    Every shape is compiled for itself. Code for any shape would come to be when a second one is
    met; a resumed fit meets them in another order, and would not be the same bit for bit.
    """

    def __init__(self, model: nn.Module) -> None:
        networks = [part for part in model.modules() if isinstance(part, CausalNetwork)]
        self._parts: list[tuple[nn.Module, Callable[..., Any]]] = [
            (part, torch.compile(part.forward, dynamic=False))
            for part in networks or model.children()
        ]

    def __enter__(self) -> None:
        for part, forward in self._parts:
            part.forward = forward  # the instance's own, in front of its class's

    def __exit__(self, *exception: object) -> None:
        for part, _ in self._parts:
            del part.forward
