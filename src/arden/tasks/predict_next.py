"""Predict next: x̂_i = E[x_i | observed] of every unobserved scalar, were it to come next."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork, OrderlessNetwork, take
from arden.core.observed import known_first
from arden.errors import InputError
from arden.tasks.score import check_rows, in_chunks

__all__ = ["predict_next"]

_MOST_ROWS = 256


def predict_next(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    observed: Tensor,
    context: Tensor | None = None,
) -> Tensor:
    """(N, *event), (N, *event) bool, (N, C) -> (N, *event) float64: E[x_i | the observed], each i.

    Of bits p(x_i = 1 | observed), one number for every scalar that is not observed, each under the
    order that visits the observed first and then it. What is observed keeps its own value. What is
    not observed may hold anything, NaN included.

    Raises:
        InputError: a model of one order, which can tell this of its next scalar only; real values;
            wrong shapes.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("orderless-nade", data, hidden=(8,), epochs=1, progress=False)
    >>> x = data.test.values[:2]
    >>> predict_next(model, x, torch.zeros(x.shape, dtype=torch.bool)).shape
    torch.Size([2, 8, 8])
    """
    check_rows(x, observed=observed, context=context)
    network = model.network if isinstance(model, AutoregressiveModel) else model
    if not isinstance(model, AutoregressiveModel) or not isinstance(network, AnyOrderNetwork):
        name = type(network).__name__
        raise InputError(f"model: expected one with an any-order network, got a {name}")
    if x.shape != observed.shape:
        raise InputError(
            f"observed: expected the shape of x, {tuple(x.shape)}, got {tuple(observed.shape)}"
        )
    places = torch.arange(x[0].numel(), device=model.device)
    family = model.conditional.at(places)
    if not isinstance(family, Discrete):
        raise InputError(f"model: x̂_i needs discrete values, got {model.conditional}")
    seen = observed.bool()
    known = torch.where(seen, x, torch.zeros_like(x))
    told = model

    def means(rows: slice) -> Tensor:
        values, mask = (part[rows].to(told.device).flatten(1) for part in (known, seen))
        given = told.check_context(None if context is None else context[rows], len(values))
        features = family.features(values).to(told.dtype)
        if isinstance(network, OrderlessNetwork):
            params = network.given(features, mask, given)
        else:
            params = _one_by_one(network, features, mask, given)
        found = family.mean(params.double())
        return torch.where(mask, values.double(), found).reshape(x[rows].shape)

    return in_chunks(model, x, means, None)


def _one_by_one(
    network: AnyOrderNetwork, features: Tensor, seen: Tensor, context: Tensor | None
) -> Tensor:
    """(B, D, F), (B, D) bool -> (B, D, P): every variable put right behind the seen ones."""
    size = seen.shape[1]
    several = seen.repeat_interleave(size, dim=0)
    asked = torch.arange(size, device=seen.device).repeat(len(seen))
    first = asked[:, None] == torch.arange(size, device=seen.device)
    # The seen, then the one asked for, then the rest: what comes after it is not read.
    order = known_first(several | first, torch.arange(size, device=seen.device))
    order = known_first(several & ~first, order)
    shown = take(features.repeat_interleave(size, dim=0), order)
    told = None if context is None else context.repeat_interleave(size, dim=0)
    found = []
    for rows in torch.arange(len(order), device=order.device).split(_MOST_ROWS):
        some = None if told is None else told[rows]
        params = network(shown[rows], some, order=order[rows])
        at = (order[rows] == asked[rows, None]).long().argmax(dim=1)
        found.append(params[torch.arange(len(rows), device=at.device), at])
    return torch.cat(found).reshape(*seen.shape, -1)
