"""Represent: the features that a model finds in every event."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from arden.core.checks import check_observed, check_shape, check_support
from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import HiddenNetwork, take
from arden.errors import InputError
from arden.tasks.score import check_rows, chunk_rows, in_chunks
from arden.tasks.verbs import check_verb

__all__ = ["represent"]

_MOST_STEPS = 2**15  # with some hundred units each, 64 MB of float32


def represent(
    model: AnyModel,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    pool: Literal["mean", "last"] | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N, Z): the features of every row.

    The code of an autoencoder; the mean of a VAE's q(z | x); of an exact model the hidden units its
    network reads the parameters from, those of a mixture's components one after the other. Units
    that belong to steps, or to pixels, are pooled: their ``mean`` (a recurrent network, a
    Transformer, WaveNet, the networks over images), or the ``last``, which has seen most (NADE);
    each network has its own way unless one is named. No unit of a step sees the last value of all.
    With ``observed`` (N, *event), or after the end of a string, they are features of what was
    observed. ``batch_size`` only bounds memory.

    Raises:
        InputError: a model without hidden units, ``pool`` of a model with an encoder; observed
            values that do not come first, or of units that see whole rows; and as `score` does.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("vae", data, latents=3, epochs=1, progress=False)
    >>> arden.represent(model, data.test.values).shape
    torch.Size([360, 3])
    >>> model = arden.fit("nade", data, hidden=7, epochs=1, progress=False)
    >>> arden.represent(model, data.test.values).shape
    torch.Size([360, 7])
    """
    check_verb("represent", model)
    check_rows(x, context=context, observed=observed)
    if pool not in (None, "mean", "last"):
        raise InputError(f"pool: expected mean or last, got {pool!r}")
    if isinstance(model, LatentModel):
        encoder = model
        if pool is not None:
            raise InputError("pool: expected none, because an encoder gives one code a row")

        def encode(rows: slice) -> Tensor:
            given = None if context is None else context[rows]
            return encoder.encode(x[rows], given, None if observed is None else observed[rows])

        return in_chunks(model, x, encode, batch_size)
    members = model.models if isinstance(model, Mixture) else [model]
    parts = [_of_network(member, x, context, observed, pool, batch_size) for member in members]
    return torch.cat(parts, dim=1)


def _of_network(
    model: AutoregressiveModel,
    x: Tensor,
    context: Tensor | None,
    observed: Tensor | None,
    pool: str | None,
    batch_size: int | None,
) -> Tensor:
    network = model.network
    assert isinstance(network, HiddenNetwork)
    way = pool or network.pooling

    def features(rows: slice) -> Tensor:
        given = None if context is None else context[rows]
        steps, known, dims = _steps(model, x[rows], None if observed is None else observed[rows])
        shown = model.conditional.at(dims).features(steps).to(model.dtype)
        told = model.check_context(given, len(steps))
        units = network.hidden_units(shown, told, **model.order_argument(dims))
        return _pooled(units, known.sum(dim=1), known.shape[1], way)

    if batch_size is None and len(x):
        length = max(x[0].numel(), 1)
        batch_size = max(1, min(chunk_rows(model, length), _MOST_STEPS // length))
    return in_chunks(model, x, features, batch_size)


def _steps(
    model: AutoregressiveModel, x: Tensor, observed: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """(B, *event) -> (B, T) values, zero where not known, (B, T) what is known, and the order."""
    if model.ordering.num_steps is not None:
        check_shape(x, model.event_shape)
    values = x.to(model.device).flatten(1)
    known = model.ordering.valid(values)
    if observed is not None:
        check_observed(observed, x)
        known = known & observed.to(device=model.device, dtype=torch.bool).flatten(1)
    values = torch.where(known, values, torch.zeros_like(values))
    check_support(model.conditional, values)
    dims = model.dims(*values.shape)
    known = take(known, dims)
    if bool((known[:, 1:] & ~known[:, :-1]).any()):
        raise InputError(
            "observed: every observed scalar must come before every unobserved one in the order "
            "of the model; the units of its steps have seen what comes first"
        )
    return take(values, dims), known, dims


def _pooled(units: Tensor, count: Tensor, length: int, way: str) -> Tensor:
    """(B, S, H), (B,) how many of the T values are known, T -> (B, H)."""
    places = units.shape[1]
    if places < length and bool((count < length).any()):
        raise InputError(
            "observed: expected whole rows, because the hidden units of this network do not "
            "belong to single steps"
        )
    last = count.clamp(max=places - 1) if places >= length else count * 0 + places - 1
    if way == "last":
        return units[torch.arange(len(units), device=units.device), last]
    counted = torch.arange(places, device=units.device) <= last[:, None]
    return torch.where(counted[..., None], units, 0.0).sum(dim=1) / counted.sum(dim=1)[:, None]
