"""Particles: several walks per row, forced where something is known, and weighed.

A walk weighs as much as what it was forced to was likely. The mean weight is an unbiased estimate
of the probability of that; the weighted walks are draws from p(the rest | it), the better the more
of them there are. (Gordon, Salmond, Smith, "Novel approach to nonlinear/non-Gaussian Bayesian state
estimation", 1993.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.model import AutoregressiveModel
from arden.core.walker import Step

__all__ = ["Particles", "Restrict", "effective_size", "systematic", "weighted_walk"]

Restrict = Callable[[Step, Tensor], tuple[Tensor, Tensor]]
"""(step, (B, U) uniforms) -> (B,) values, (B,) float64 ln of the mass they were chosen within."""

_RESAMPLE_BELOW = 0.5
"""Of the particles: with fewer that count, those of little weight are replaced by copies."""


@dataclass(frozen=True, eq=False)
class Particles:
    """values (R, K, D), log_weight (R, K) float64, size (R,) float64.

    The mean of the weights estimates the probability of what was forced. ``size`` is the effective
    number of particles; copies of one count as one, however they went on.
    """

    values: Tensor
    log_weight: Tensor
    size: Tensor


@torch.no_grad()
def weighted_walk(
    model: AutoregressiveModel,
    noise: Tensor,
    restrict: Restrict,
    context: Tensor | None = None,
    order: Tensor | None = None,
    *,
    resample: Tensor | None = None,
    num_steps: int | None = None,
) -> Particles:
    """(R, K, D, U) uniforms, how values are chosen, (R, C), (D,) -> K weighted walks of every row.

    With ``resample`` (R, D) uniforms, a row whose weights have become too unequal goes on with
    copies of its particles, drawn by weight. ``num_steps`` ends the walks early.
    """
    rows, count, length, _ = noise.shape
    noise = noise.to(model.device).flatten(0, 1)
    repeated = None if context is None else context.repeat_interleave(count, dim=0)
    walker = model.begin(rows * count, repeated, order, max_steps=length)
    log_weight = torch.zeros(rows, count, dtype=torch.float64, device=model.device)
    origin = torch.arange(count, device=model.device).expand(rows, -1)
    base = torch.arange(rows, device=model.device)[:, None] * count
    while not walker.done and walker.step.index < (length if num_steps is None else num_steps):
        step = walker.step
        here = step.dims[:, None, None].expand(-1, 1, noise.shape[-1])
        values, mass = restrict(step, noise.gather(1, here)[:, 0])
        walker.advance(values)
        if not bool((mass != 0).any()):
            continue
        log_weight = log_weight + mass.reshape(rows, count)
        if resample is None:
            continue
        size = effective_size(log_weight)
        poor = (size < _RESAMPLE_BELOW * count) & (size > 0)
        if bool(poor.any()):
            kept = torch.arange(count, device=model.device).expand(rows, -1)
            uniform = resample[:, step.index].to(model.device)
            kept = torch.where(poor[:, None], systematic(log_weight, uniform, count), kept)
            walker = walker.select((base + kept).flatten())
            origin = origin.gather(1, kept)
            mean = log_weight.logsumexp(dim=1, keepdim=True) - math.log(count)
            log_weight = torch.where(poor[:, None], mean, log_weight)
    values = walker.event().reshape(rows, count, -1)
    missing = length - values.shape[2]  # strings that have all ended
    if missing:
        values = torch.nn.functional.pad(values, (0, missing), value=model.ordering.end or 0)
    return Particles(values, log_weight, effective_size(_by_origin(log_weight, origin)))


def _by_origin(log_weight: Tensor, origin: Tensor) -> Tensor:
    """(R, K) ln weights, (R, K) whose copy each is -> (R, K): ln of the sum over all copies."""
    most = log_weight.amax(dim=1, keepdim=True)
    weight = (log_weight - torch.where(most.isneginf(), 0.0, most)).exp()
    return torch.zeros_like(weight).scatter_add_(1, origin, weight).log()


def effective_size(log_weight: Tensor) -> Tensor:
    """(…, K) ln weights -> (…,): (Σ w)² / Σ w², between 1 and K; 0 where all weights are zero.

    (Kong, "A note on importance sampling using standardized weights", 1992.)
    """
    most = log_weight.amax(dim=-1, keepdim=True)
    weight = (log_weight - torch.where(most.isneginf(), 0.0, most)).exp()
    return weight.sum(dim=-1) ** 2 / (weight**2).sum(dim=-1).clamp(
        min=torch.finfo(weight.dtype).tiny
    )


def systematic(log_weight: Tensor, uniform: Tensor, count: int) -> Tensor:
    """(R, K) ln weights, (R,) uniforms, n -> (R, n) int64: n draws by weight, spread evenly.

    Each is drawn n w / Σ w times, rounded up or down. (Kitagawa, "Monte Carlo filter and smoother
    for non-Gaussian nonlinear state space models", 1996.)
    """
    most = log_weight.amax(dim=1, keepdim=True)
    cumulative = (log_weight - torch.where(most.isneginf(), 0.0, most)).exp().cumsum(dim=1)
    steps = torch.arange(count, dtype=torch.float64, device=log_weight.device)
    targets = (uniform[:, None] + steps) / count * cumulative[:, -1:]
    # Rounding may leave the last target at the very end: the last one that has weight then.
    last = torch.where(
        log_weight.isneginf(), 0, torch.arange(log_weight.shape[1], device=log_weight.device)
    )
    found = torch.searchsorted(cumulative.contiguous(), targets.contiguous(), right=True)
    return torch.minimum(found, last.amax(dim=1, keepdim=True))
