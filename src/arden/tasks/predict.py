"""Predict: x̂_i, the mean of every scalar given the ones before it."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.score import check_rows

__all__ = ["predict"]


@torch.no_grad()
def predict(model: AutoregressiveModel, x: Tensor, context: Tensor | None = None) -> Tensor:
    """(N, *event), (N, C) -> (N, *event): x̂_i = E[x_i | x_<i], for bits p(x_i = 1 | x_<i).

    One number with three readings: the probability of pixel i, the prediction of the next pixel
    from those before it, the reconstruction of x_i from a partial input.

    Raises:
        InputError: a mixture, or a family of real numbers.
    """
    if not isinstance(model, AutoregressiveModel):
        raise InputError("model: a mixture has no single x̂_i; ask one of its components")
    check_rows(x)
    params = model.params(x, context).flatten(1, -2)
    family = model.conditional.at(torch.arange(params.shape[1], device=model.device))
    if not isinstance(family, Discrete):
        raise InputError(f"model: x̂_i needs discrete values, got {model.conditional}")
    mass = family.log_pmf(params).exp()
    levels = torch.arange(family.num_symbols, dtype=mass.dtype, device=mass.device)
    return (mass @ levels).reshape(x.shape)
