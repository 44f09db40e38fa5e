"""What every drawing kernel for GPUs is given, as tensors on the model's device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel

__all__ = ["DeviceInputs", "device_inputs"]


@dataclass(frozen=True)
class DeviceInputs:
    """Shapes: order (T,), noise (B, T), known (B, T) uint8, given (B, T), context (B, C) or None.

    All in event order but ``order``. Where nothing is known ``known`` and ``given`` are ``drawn``,
    (B, T), which is to be filled: a kernel that was told so does not look at them.
    """

    order: Tensor
    noise: Tensor
    has_known: bool
    known: Tensor
    given: Tensor
    context: Tensor | None
    drawn: Tensor


def device_inputs(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> DeviceInputs | None:
    """The arguments of `arden.core.draw.draw` -> tensors, or None for a case that is not plain.

    Not plain are weights of several dtypes or devices or in half precision, shapes that do not fit,
    given values outside the support, and events without a fixed length.
    """
    batch_size, steps, device = noise.shape[0], model.ordering.num_steps, model.device
    weights = list(model.network.parameters())
    if (
        not steps
        or not batch_size
        or noise.shape[-1] != 1
        or noise.numel() != batch_size * steps
        or any(type(weight) not in (Tensor, nn.Parameter) for weight in weights)
        or len({(weight.dtype, weight.device) for weight in weights}) != 1
        or weights[0].dtype not in (torch.float32, torch.float64)
        or not isinstance(model.conditional, Discrete)
    ):
        return None
    drawn = torch.empty(batch_size, steps, dtype=torch.int64, device=device)
    is_known = values = drawn
    if known is not None and given is not None:
        if not known.numel() == given.numel() == noise.numel() or known.dtype != torch.bool:
            return None
        known, given = known.to(device), given.to(device)
        inside = (given >= 0) & (given < model.conditional.num_symbols)
        if not bool(inside[known].all()):
            return None
        is_known = known.reshape(batch_size, steps).to(torch.uint8).contiguous()
        # Unknown entries may be anything, NaN included.
        values = torch.where(known, given, torch.zeros_like(given)).long()
        values = values.reshape(batch_size, steps).contiguous()
    return DeviceInputs(
        model.dims(batch_size, steps).contiguous(),
        noise.detach().to(device).double().reshape(batch_size, steps).contiguous(),
        known is not None,
        is_known,
        values,
        model.check_context(context, batch_size),
        drawn,
    )
