"""Predict: x̂_i, the mean of every scalar given the ones before it."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.score import check_rows, chunk_rows
from arden.tasks.verbs import check_verb

__all__ = ["predict"]

_MOST_NUMBERS = 2**23  # 32 MB of float32 at a time


@torch.no_grad()
def predict(model: AutoregressiveModel, x: Tensor, context: Tensor | None = None) -> Tensor:
    """(N, *event), (N, C) -> (N, *event): x̂_i = E[x_i | x_<i], for bits p(x_i = 1 | x_<i).

    One number with three readings: the probability of pixel i, the prediction of the next pixel
    from those before it, the reconstruction of x_i from a partial input.

    Raises:
        InputError: a mixture, or a family of real numbers.
    """
    check_verb("predict", model)
    if not isinstance(model, AutoregressiveModel):
        raise InputError("model: a mixture has no single x̂_i; ask one of its components")
    check_rows(x, context=context)
    length = x[0].numel() if len(x) else 0
    size = chunk_rows(model, length)
    predicted, training = [], model.training
    model.eval()
    try:
        for start in range(0, len(x), size):
            rows = slice(start, start + size)
            params = model.params(x[rows], None if context is None else context[rows])
            predicted.append(_means(model, params.flatten(1, -2)).reshape(x[rows].shape))
    finally:
        if training:
            model.train()
    return torch.cat(predicted) if predicted else x.to(model.dtype)


def _means(model: AutoregressiveModel, params: Tensor) -> Tensor:
    """(B, T, P) -> (B, T): the means, some steps at a time."""
    dims = torch.arange(params.shape[1], device=model.device)
    family = model.conditional.at(dims)
    if not isinstance(family, Discrete):
        raise InputError(f"model: x̂_i needs discrete values, got {model.conditional}")
    # A mixture of logistics takes each of its components to every level: K · P numbers a step.
    steps = max(1, _MOST_NUMBERS // max(len(params) * family.num_symbols * params.shape[2], 1))
    return torch.cat(
        [model.conditional.at(some).mean(params[:, some]) for some in dims.split(steps)],  # type: ignore[attr-defined]
        dim=1,
    )
