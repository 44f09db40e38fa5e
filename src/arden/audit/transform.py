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

__all__ = ["SURPRISE_BOUND", "Transformed", "transform"]

SURPRISE_BOUND = 5.0
"""In nats: beyond it a symbol's rarity is not told apart, so that no single one decides."""

_UNCERTAIN = 0.95  # a conditional that knows its answer says little about the draws
_REAL_STEPS = 16
_LONG_RANGE, _MOST_MASSES, _LEAST_ROWS = 4096, 2**21, 8


@dataclass(frozen=True)
class Transformed:
    """(N, T) each, NaN where nothing was transformed.

    Discrete: u = P(before x) + v p(x), "before" in the symbols' own order or by falling
    probability; and how much likelier x was than expected, ln p(x) − E ln p (from −5 nats up), with
    its variance. Real: u = P(X ≤ x), and |2u − 1|, which a wrong scale shows in.
    """

    own_order: Tensor
    likeliest_first: Tensor
    uncertain: Tensor
    surprise: Tensor
    variance: Tensor
    impossible: str


@torch.no_grad()
def transform(
    model: AutoregressiveModel,
    values: Tensor,
    context: Tensor | None,
    order: Tensor | None,
    num_steps: int,
    most_reals: int,
    generator: Generator,
) -> Transformed:
    """(N, D) drawn events, (N, C), (D,) or (N, D) -> their transforms, in step order.

    A real costs an integral: about ``most_reals`` of them are transformed, of the first steps.
    """
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
    surprise, variance = torch.zeros_like(own), torch.zeros_like(own)
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
            symbols = model.conditional.at(torch.tensor([dim])).num_symbols
            if symbols is not None and symbols > _LONG_RANGE:
                # Of a long range the masses of all whole numbers are looked at: of few rows then.
                first = rows.nonzero()[: max(_LEAST_ROWS, _MOST_MASSES // symbols), 0]
                rows = torch.zeros_like(rows)
                rows[first] = True
            here, taken = params[rows, step], steps[rows, step]
            if symbols is None:
                if real_steps >= _REAL_STEPS:
                    continue
                real_steps += 1
                first = rows.nonzero()[: max(most_reals // min(num_steps, _REAL_STEPS), 32), 0]
                below, whole = mass_below(
                    model.conditional,
                    dim,
                    params[first, step],
                    steps[first, step],
                    generator,
                    draws=32,
                    error_per_piece=1e-6,
                )
                uniform = below / whole
                own[first, step] = uniform
                falling[first, step] = (2 * uniform - 1).abs()
                uncertain[first, step] = True
                continue
            masses = _masses(model, dim, here)
            if not bool((masses.gather(-1, taken.long()[:, None]) > 0).all()):
                return _nothing(count, length, f"a symbol without mass at step {step}")
            uncertain[rows, step] = masses.amax(dim=-1) < _UNCERTAIN
            own[rows, step], falling[rows, step] = _ranks(masses, taken, randomised[rows, step])
            surprise[rows, step], variance[rows, step] = _surprise(masses, taken)
    return Transformed(own, falling, uncertain, surprise, variance, "")


def _masses(model: AutoregressiveModel, dim: int, params: Tensor) -> Tensor:
    """(n, P) of one scalar -> (n, K): the mass of every symbol."""
    family = model.conditional.at(torch.full((len(params),), dim, device=params.device))
    if isinstance(family, Discrete):
        return family.log_pmf(params).exp()
    return log_masses(model.conditional, dim, params)[0].exp()


def _ranks(masses: Tensor, taken: Tensor, randomised: Tensor) -> tuple[Tensor, Tensor]:
    """(n, K), (n,), (n,) -> the mass before each symbol, and before it by falling probability."""
    symbol = taken.long()[:, None]
    mass = masses.gather(-1, symbol)
    symbols = torch.arange(masses.shape[-1], device=masses.device)
    before = masses.masked_fill(symbols >= symbol, 0.0).sum(dim=-1)
    likelier = (masses > mass) | ((masses == mass) & (symbols < symbol))
    ahead = masses.masked_fill(~likelier, 0.0).sum(dim=-1)
    part = randomised * mass[:, 0]
    return before + part, ahead + part


def _surprise(masses: Tensor, taken: Tensor) -> tuple[Tensor, Tensor]:
    """(n, K), (n,) -> ln p(x) − E ln p, and its variance; what is rarer than e⁻⁵ counts as e⁻⁵."""
    nats = masses.log().clamp(min=-SURPRISE_BOUND)
    mean = (masses * nats).sum(dim=-1, keepdim=True)
    variance = (masses * (nats - mean) ** 2).sum(dim=-1)
    return (nats.gather(-1, taken.long()[:, None]) - mean)[:, 0], variance


def _nothing(count: int, length: int, impossible: str) -> Transformed:
    empty = torch.full((count, length), torch.nan, dtype=torch.float64)
    none = torch.zeros_like(empty)
    return Transformed(empty, empty, none.bool(), none, none, impossible)
