"""What every drawing kernel is given, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel

__all__ = ["DrawInputs", "draw_inputs"]


@dataclass(frozen=True)
class DrawInputs:
    """Shapes: order (T,), noise (B, T), known and given (B, T) or (0, 0), context (B, C) or None.

    ``noise``, ``known`` and ``given`` are in event order, ``dtype`` is the weights'. ``drawn``
    (B, T), in event order too, is to be filled.
    """

    order: np.ndarray
    noise: np.ndarray
    known: np.ndarray
    given: np.ndarray
    context: Tensor | None
    dtype: torch.dtype
    drawn: np.ndarray


def draw_inputs(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> DrawInputs | None:
    """The arguments of `arden.core.draw.draw` -> arrays, or None for a case that is not plain.

    Not plain are weights that are no ordinary CPU tensors of float32 or float64, shapes that do not
    fit and given values outside the support: the generic walk computes or reports them.
    """
    batch_size, steps = noise.shape[0], model.network.spec.num_steps
    weights = list(model.network.parameters())
    if (
        steps is None
        or model.ordering.num_steps != steps
        or noise.shape[-1] != 1
        or noise.numel() != batch_size * steps
        or not batch_size
        or any(type(weight) not in (Tensor, nn.Parameter) for weight in weights)
        or any(weight.device.type != "cpu" for weight in weights)
        or len({weight.dtype for weight in weights}) != 1
        or weights[0].dtype not in (torch.float32, torch.float64)
    ):
        return None
    is_known: np.ndarray = np.zeros((0, 0), np.bool_)
    values: np.ndarray = np.zeros((0, 0), np.int64)
    if known is not None and given is not None:
        if not known.numel() == given.numel() == noise.numel() or known.dtype != torch.bool:
            return None
        known, given = known.cpu(), given.cpu()
        assert isinstance(model.conditional, Discrete)
        inside = (given >= 0) & (given < model.conditional.num_symbols)
        if not bool(inside[known].all()):
            return None
        is_known = known.reshape(batch_size, steps).contiguous().numpy()
        # Unknown entries may be anything, NaN included.
        numbers = torch.where(known, given, torch.zeros_like(given)).long()
        values = numbers.reshape(batch_size, steps).contiguous().numpy()
    return DrawInputs(
        model.dims(batch_size, steps).contiguous().numpy(),
        noise.detach().cpu().double().reshape(batch_size, steps).contiguous().numpy(),
        is_known,
        values,
        model.check_context(context, batch_size),
        weights[0].dtype,
        np.empty((batch_size, steps), np.int64),
    )
