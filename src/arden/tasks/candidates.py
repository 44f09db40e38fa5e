"""Candidates: weighted beginnings of each row, from which its completions are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.draw import Source, uniform_noise
from arden.core.model import AutoregressiveModel
from arden.core.observed import direct_rows
from arden.core.walker import Step
from arden.tasks.evidence import Evidence, family_of, log_evidence
from arden.tasks.particles import weighted_walk

__all__ = ["DIRECT", "LISTED", "WEIGHED", "Candidates", "kinds_of", "list_fillings", "propose"]

DIRECT, LISTED, WEIGHED = 0, 1, 2
"""How a row can be completed: by one walk, by listing what is unknown before something known, by
weighing several walks. The first two are exact."""

_MOST_LISTED = 1024


@dataclass(frozen=True, eq=False)
class Candidates:
    """values, known (R, C, D), log_weight (R, C), size (R,): R rows with C candidates each.

    What a candidate knows is what was observed, and more: its weight is ln p of all of it, so that
    the weights of a row sum to p(observed), exactly or as an estimate. ``size`` is how many
    independent draws they are worth: ∞ where they are exact.
    """

    values: Tensor
    known: Tensor
    log_weight: Tensor
    size: Tensor


def kinds_of(model: AutoregressiveModel, evidence: Evidence, listing: bool = True) -> Tensor:
    """R rows -> (R,) int64: DIRECT, LISTED or WEIGHED."""
    kinds = torch.where(direct_rows(model, evidence.known), DIRECT, WEIGHED)
    if model.ordering.end is not None or not listing:
        return kinds
    for row in (kinds == WEIGHED).nonzero()[:, 0].tolist():
        count = 1
        for dim in _hidden(model, evidence.known[row]):
            family = family_of(model.conditional, dim)
            count *= family.num_symbols if isinstance(family, Discrete) else _MOST_LISTED + 1
            if count > _MOST_LISTED:
                break
        if count <= _MOST_LISTED:
            kinds[row] = LISTED
    return kinds


def propose(
    model: AutoregressiveModel,
    evidence: Evidence,
    kind: int,
    count: int,
    generator: Source,
) -> Candidates:
    """Rows of one kind, K -> their candidates: one, all there are, or K weighed walks."""
    if kind == DIRECT:
        weight = log_evidence(model, evidence)[:, None]
        size = torch.full_like(weight[:, 0], torch.inf)
        return Candidates(evidence.values[:, None], evidence.known[:, None], weight, size)
    if kind == LISTED:
        return _listed(model, evidence)
    return _weighed(model, evidence, count, generator)


def list_fillings(model: AutoregressiveModel, values: Tensor, dims: list[int]) -> Tensor:
    """(D,), which scalars -> (C, D): the row with every value that those scalars may take."""
    levels = [torch.arange(family_of(model.conditional, dim).num_symbols or 0) for dim in dims]
    filled = values.expand(math.prod(len(level) for level in levels), -1).clone()
    if dims:
        every = torch.cartesian_prod(*levels).reshape(len(filled), len(dims))
        filled[:, dims] = every.to(filled)
    return filled


def _hidden(model: AutoregressiveModel, known: Tensor) -> list[int]:
    """(D,) bool -> the unknown scalars that come before a known one."""
    dims = model.dims(1, len(known))
    steps = known[dims]
    last = int(steps.nonzero().amax()) if bool(steps.any()) else -1
    return dims[: last + 1][~steps[: last + 1]].tolist()


def _listed(model: AutoregressiveModel, evidence: Evidence) -> Candidates:
    values, known, weights = [], [], []
    for row in range(len(evidence)):
        hidden = _hidden(model, evidence.known[row])
        filled = list_fillings(model, evidence.values[row], hidden)
        here = evidence.known[row].clone()
        here[hidden] = True
        context = (
            None if evidence.context is None else evidence.context[row].expand(len(filled), -1)
        )
        each = Evidence(filled, here.expand(len(filled), -1), context)
        values.append(filled)
        known.append(each.known)
        weights.append(log_evidence(model, each))
    most = max(map(len, values))

    def stacked(parts: list[Tensor], fill: float) -> Tensor:
        # Rows with fewer fillings repeat their last one, without weight.
        return torch.stack([_lengthened(part, most, fill) for part in parts])

    log_weight = stacked(weights, -torch.inf)
    size = torch.full_like(log_weight[:, 0], torch.inf)
    return Candidates(stacked(values, 0), stacked(known, 0), log_weight, size)


def _lengthened(part: Tensor, length: int, fill: float) -> Tensor:
    padding = part.new_full((length - len(part), *part.shape[1:]), fill)
    return torch.cat([part, padding])


def _weighed(
    model: AutoregressiveModel, evidence: Evidence, count: int, generator: Source
) -> Candidates:
    rows, length = evidence.values.shape
    numbers = count * length * model.conditional.num_noise
    # All that chance decides about a row is drawn at once: it then does not hang on other rows.
    together = uniform_noise(generator, (rows, numbers + length))
    noise = together[:, :numbers].reshape(rows, count, length, -1)
    values = evidence.values.repeat_interleave(count, dim=0)
    known = evidence.known.repeat_interleave(count, dim=0)
    end = model.ordering.end
    places = torch.arange(length, device=known.device)
    last = torch.where(known, places, -1).amax(dim=1)

    def restrict(step: Step, uniforms: Tensor) -> tuple[Tensor, Tensor]:
        dims, params = step.dims[:, None], step.params.double()
        forced = known.gather(1, dims)[:, 0] & step.active
        given = values.gather(1, dims)[:, 0]
        mass = torch.where(forced, step.family.log_prob(params, given), 0.0)
        free = step.family.draw(params, uniforms)
        if end is not None and isinstance(step.family, Discrete):
            # A string cannot end before a symbol of it that is known.
            going_on = ~forced & step.active & (step.index < last)
            if bool(going_on.any()):
                log_pmf = step.family.log_pmf(params)
                log_pmf[:, end] = -torch.inf
                left = log_pmf.logsumexp(dim=1)
                bounded = (log_pmf - left[:, None]).exp().cumsum(dim=1) <= uniforms
                others = bounded.sum(dim=1).clamp(max=log_pmf.shape[1] - 1)
                others = torch.where(others == end, others - 1, others).clamp(min=0)
                free = torch.where(going_on, others, free)
                mass = torch.where(going_on, left, mass)
        return torch.where(forced, given.to(free.dtype), free), mass.double()

    found = weighted_walk(model, noise, restrict, evidence.context, resample=together[:, numbers:])
    return Candidates(
        found.values,
        torch.ones_like(found.values, dtype=torch.bool),
        found.log_weight - math.log(count),
        found.size,
    )
