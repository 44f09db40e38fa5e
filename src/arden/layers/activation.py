"""The nonlinearities a network can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from arden.errors import InputError

__all__ = ["activation"]

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """name -> elementwise function, (…) -> (…).

    Raises:
        InputError: an unknown name.
    """
    if name not in _ACTIVATIONS:
        raise InputError(f"activation: expected one of {', '.join(_ACTIVATIONS)}, got {name!r}")
    return _ACTIVATIONS[name]
