"""The randomised probability integral transform of drawn events."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.audit.families import log_masses, mass_below
from arden.audit.subject import in_steps, one_pass
from arden.core.conditional import Discrete
from arden.core.draw import uniform_noise
from arden.core.model import AutoregressiveModel

__all__ = ["Transformed", "transform"]

_UNCERTAIN = 0.95  # a conditional that knows its answer says little about the draws
_MASSES_AT_ONCE = 2**22
_MOST_REALS = 1024  # an integral each
_REAL_STEPS = 16


@dataclass(frozen=True)
class Transformed:
    """(N, T) each, NaN where nothing was transformed.

    Discrete: u = P(before x) + v p(x), "before" in the symbols' own order or by falling
    probability. Real: u = P(X ≤ x), and |2u − 1|, which a wrong scale shows in.
    """

    own_order: Tensor
    likeliest_first: Tensor
    uncertain: Tensor
    impossible: str


@torch.no_grad()
def transform(
    model: AutoregressiveModel,
    values: Tensor,
    context: Tensor | None,
    order: Tensor | None,
    num_steps: int,
    generator: Generator,
) -> Transformed:
    """(N, D) drawn events, (N, C), (D,) or (N, D) -> their transforms, in step order."""
    count, length = values.shape
    dims = model.dims(count, length, order)
    steps = in_steps(values, dims)
    valid = in_steps(model.ordering.valid(values), dims)
    inside = in_steps(
        model.conditional.at(torch.arange(length, device=values.device)).contains(values), dims
    )
    if not bool((inside | ~valid)[:, :num_steps].all()):
        row, step = (~inside & valid)[:, :num_steps].nonzero()[0].tolist()
        return _nothing(count, length, f"{steps[row, step].item()} at step {step}")
    own = torch.full((count, length), torch.nan, dtype=torch.float64, device=values.device)
    falling, uncertain = own.clone(), torch.zeros_like(own, dtype=torch.bool)
    randomised = uniform_noise(generator, (count, length)).to(values.device)
    params = one_pass(model, torch.where(valid, steps, 0), dims, context).double()
    real_steps = 0
    for step in range(num_steps):
        for dim in (dims[:, step] if dims.dim() == 2 else dims[step : step + 1]).unique().tolist():
            rows = valid[:, step].clone()
            if dims.dim() == 2:
                rows &= dims[:, step] == dim
            if not bool(rows.any()):
                continue
            here, taken = params[rows, step], steps[rows, step]
            if model.conditional.at(torch.tensor([dim])).num_symbols is None:
                if real_steps >= _REAL_STEPS:
                    continue
                real_steps += 1
                first = rows.nonzero()[: max(_MOST_REALS // min(num_steps, _REAL_STEPS), 32), 0]
                below, whole = mass_below(
                    model.conditional,
                    dim,
                    params[first, step],
                    steps[first, step],
                    generator,
                    draws=32,
                    error_per_piece=1e-7,
                )
                uniform = below / whole
                own[first, step] = uniform
                falling[first, step] = (2 * uniform - 1).abs()
                uncertain[first, step] = True
                continue
            u, w, open_ended, possible = _discrete(model, dim, here, taken, randomised[rows, step])
            if not possible:
                return _nothing(count, length, f"a symbol without mass at step {step}")
            own[rows, step], falling[rows, step], uncertain[rows, step] = u, w, open_ended
    return Transformed(own, falling, uncertain, "")


def _discrete(
    model: AutoregressiveModel, dim: int, params: Tensor, taken: Tensor, randomised: Tensor
) -> tuple[Tensor, Tensor, Tensor, bool]:
    """(n, P), (n,), (n,) -> (n,) by own order, (n,) by falling probability, (n,) uncertain, ok."""
    family = model.conditional.at(torch.full((len(params),), dim, device=params.device))
    if isinstance(family, Discrete):
        masses = family.log_pmf(params).exp()
    else:
        masses = log_masses(model.conditional, dim, params)[0].exp()
    symbol = taken.long()[:, None]
    mass = masses.gather(-1, symbol)
    symbols = torch.arange(masses.shape[-1], device=masses.device)
    before = masses.masked_fill(symbols >= symbol, 0.0).sum(dim=-1)
    likelier = (masses > mass) | ((masses == mass) & (symbols < symbol))
    ahead = masses.masked_fill(~likelier, 0.0).sum(dim=-1)
    own_mass = randomised * mass[:, 0]
    uncertain = masses.amax(dim=-1) < _UNCERTAIN
    return before + own_mass, ahead + own_mass, uncertain, bool((mass > 0).all())


def _nothing(count: int, length: int, impossible: str) -> Transformed:
    empty = torch.full((count, length), torch.nan, dtype=torch.float64)
    return Transformed(empty, empty, torch.zeros_like(empty, dtype=torch.bool), impossible)
