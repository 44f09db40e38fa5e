"""Where fused kernels are looked up. Empty here; `arden.kernels` fills it when it can.

A kernel may decline a case by returning None; the plain torch path then serves, and stays the
reference that every kernel is tested against.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from arden.core.model import AutoregressiveModel
    from arden.core.network import CausalNetwork

__all__ = [
    "ANY",
    "DRAW_KERNELS",
    "FORWARD_KERNELS",
    "LIKELIHOOD_KERNELS",
    "DrawKernel",
    "ForwardKernel",
    "LikelihoodKernel",
    "draw_kernels",
]

ANY = "*"
"""In place of the network's and the conditional's class: a kernel that any model may ask last."""

DrawKernel = Callable[
    ["AutoregressiveModel", Tensor, Tensor | None, Tensor | None, Tensor | None], Tensor | None
]
"""(model, noise (B, *event, U), known, given, context) -> (B, *event), a whole walk, or None."""

ForwardKernel = Callable[["CausalNetwork", Tensor, Tensor], Tensor | None]
"""(network, features (B, T, F), per-row hidden biases (B, H)) -> (B, T, P), differentiable."""

LikelihoodKernel = Callable[["CausalNetwork", Tensor, Tensor | None], Tensor | None]
"""(network, values (B, T) in step order, context) -> (B,) ln p, differentiable, or None."""

DRAW_KERNELS: dict[tuple[str, str, str], DrawKernel] = {}
"""(network class, conditional class, device type) -> kernel; both classes may be `ANY`."""

FORWARD_KERNELS: dict[tuple[str, str], ForwardKernel] = {}
"""(network class, device type) -> kernel."""

LIKELIHOOD_KERNELS: dict[tuple[str, str, str], LikelihoodKernel] = {}
"""(network class, conditional class, device type) -> kernel."""


def draw_kernels(model: AutoregressiveModel) -> list[DrawKernel]:
    """A model -> the kernels that may draw from it: its own, then that for any model."""
    device = model.device.type
    own = (type(model.network).__name__, type(model.conditional).__name__, device)
    found = (DRAW_KERNELS.get(key) for key in (own, (ANY, ANY, device)))
    return [kernel for kernel in found if kernel is not None]
