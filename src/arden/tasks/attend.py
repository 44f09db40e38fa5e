"""Attend: how much each step of a network looked at each value before it."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.model import AutoregressiveModel
from arden.core.network import AttendingNetwork
from arden.errors import InputError

__all__ = ["attention_weights"]


@torch.no_grad()
def attention_weights(
    model: AutoregressiveModel, x: Tensor, context: Tensor | None = None
) -> Tensor:
    """(N, *event), (N, C) -> (N, T, T): entry (t, j) is how much step t looked at the value of j.

    Steps are counted in the model's order: step t visits scalar ``model.dims(N, T)[t]``.

    Raises:
        InputError: a network that does not attend, or events the model cannot read.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("attention-rnn", data, hidden=8, epochs=1, progress=False)
    >>> weights = attention_weights(model, data.test.values[:2])
    >>> weights.shape, bool(weights[:, 0].any())
    (torch.Size([2, 64, 64]), False)
    """
    if not isinstance(model.network, AttendingNetwork):
        name = type(model.network).__name__
        raise InputError(f"model: expected a network that attends to its past, got {name}")
    if model.event_shape and tuple(x.shape[1:]) != model.event_shape:
        raise InputError(
            f"x: expected events of shape {model.event_shape}, got {tuple(x.shape[1:])}"
        )
    values = x.to(model.device).flatten(1)
    dims = model.dims(*values.shape)
    features = model.conditional.at(dims).features(values[:, dims]).to(model.dtype)
    return model.network.attention_weights(features, model.check_context(context, len(values)))
