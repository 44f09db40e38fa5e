"""Which variables of a row are surprising: the explanation of a low probability."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Conditional, Discrete
from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.walker import Step
from arden.tasks.score import in_chunks, score_conditionals
from arden.tasks.verbs import exact

__all__ = ["entropies", "excess_surprise", "top_variables"]

_POINTS = 256
_MOST_NUMBERS = 2**23  # of probabilities or draws at a time: 32 MB of float32
_MOST_ROWS = 256
_GOLDEN = 0.6180339887498949


def excess_surprise(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    background: AnyModel | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N, *event): −ln p(x_i | x_<i) − H(X_i | x_<i), in nats.

    How much more each value surprises than a value drawn at its place would: a coin toss is no
    anomaly, though it costs ln 2. The mean over values drawn from the model is 0 everywhere. With
    a ``background`` p₀ it is ln p₀(x_i | x_<i) − ln p(x_i | x_<i): summed, minus the likelihood
    ratio. What is not observed, and what follows an end, is 0.

    Raises:
        InputError: as `score_conditionals`: a mixture over different orders has no such terms.
    """
    model = exact("detect", model)
    surprise = -score_conditionals(model, x, context, observed).double()
    if background is None:
        return surprise - entropies(model, x, context, observed)
    other = exact("detect", background)
    given = context if other.context_size else None
    base = -score_conditionals(other, x, given, observed).double()
    return torch.where(surprise.isposinf(), surprise, surprise - base)


def entropies(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N, *event) float64: H(X_i | x_<i), in nats, at what came before.

    Exact for discrete variables. Of a density it is the mean −ln p of 256 evenly spread draws,
    right to a few hundredths of a nat. Mixtures of one order are walked. 0 where nothing counts.
    """
    model = exact("detect", model)
    first = model.models[0] if isinstance(model, Mixture) else model
    flat = x.flatten(1)
    known = first.ordering.valid(flat.to(first.device)).to(flat.device)
    if observed is not None:
        known = known & observed.flatten(1)
    values = torch.where(known, flat, torch.zeros_like(flat)).reshape(x.shape)

    def compute(rows: slice) -> Tensor:
        given = None if context is None else context[rows]
        some = values[rows]
        found = (
            _by_walk(model, some, given)
            if isinstance(model, Mixture)
            else _at_once(model, some, given)
        )
        return torch.where(known[rows].to(found.device), found, 0.0).reshape(some.shape)

    family = first.conditional
    per_scalar = family.num_symbols or _POINTS * max(1, family.num_params // 3)
    rows = max(1, min(_MOST_ROWS, _MOST_NUMBERS // (max(1, flat.shape[1]) * per_scalar)))
    return in_chunks(model, values, compute, rows)


def top_variables(surprise: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """(N, *event) nats, k -> (N, k) flat places of the most surprising ones, and their nats.

    >>> top_variables(torch.tensor([[0.1, 2.0, -1.0, 5.0]]), 2)
    (tensor([[3, 1]]), tensor([[5., 2.]]))
    """
    flat = surprise.flatten(1)
    found = flat.topk(min(most, flat.shape[1]), dim=1)
    return found.indices, found.values


def _at_once(model: AutoregressiveModel, x: Tensor, context: Tensor | None) -> Tensor:
    """(B, *event) -> (B, D)."""
    params = model.params(x, context).flatten(1, -2)
    places = torch.arange(params.shape[1], device=params.device)
    family = model.conditional.at(places)
    if isinstance(family, Discrete) or model.conditional.at(places[:1]) == model.conditional:
        return _entropy(family, params)
    # Columns of several kinds: each by its own family.
    columns = [_entropy(model.conditional.at(d[None]), params[:, d, None]) for d in places]
    return torch.cat(columns, dim=1)


def _by_walk(mixture: Mixture, x: Tensor, context: Tensor | None) -> Tensor:
    """(B, *event) -> (B, D): step by step, the components' weights updated by what was seen."""
    flat = x.flatten(1).to(mixture.device)
    found = torch.zeros(flat.shape, dtype=torch.float64, device=mixture.device)

    def choose(step: Step) -> Tensor:
        places = step.dims[:, None]
        found.scatter_(1, places, _entropy(step.family, step.params)[:, None])
        return flat.gather(1, places)[:, 0]

    mixture.walk(choose, len(flat), context, max_steps=flat.shape[1])
    return found


def _entropy(family: Conditional, params: Tensor) -> Tensor:
    """(…, P) -> (…) float64: the entropy of the family there, in nats."""
    params = params.double()
    if isinstance(family, Discrete):
        return family.entropy(params)
    # A lattice: even in each coordinate, and in both together where a draw takes two.
    count = torch.arange(_POINTS, dtype=torch.float64, device=params.device)
    columns = [(count + 0.5) / _POINTS]
    for place in range(1, family.num_noise):
        columns.append(((count + 0.5) * _GOLDEN * place) % 1.0)
    noise = torch.stack(columns, dim=1).reshape(_POINTS, *(1,) * (params.dim() - 1), -1)
    several = params.expand(_POINTS, *params.shape)
    drawn = family.draw(several, noise.expand(*several.shape[:-1], -1))
    return -family.log_prob(several, drawn).mean(dim=0)
