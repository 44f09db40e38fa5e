"""Do the probabilities of all events sum to one?"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from arden.audit.points import supports
from arden.audit.report import Finding, not_applicable, within
from arden.audit.subject import Model, Subject, discrepancy, log_prob, visited

__all__ = ["all_values", "steps_to_enumerate", "total_probability_is_one"]

_TOLERANCE = 1e-10  # of a float64 sum over up to a hundred thousand events
_MOST_SCORED = 2**16  # scalars scored for one slice of a long event
_LEAST_EVENTS = 256  # of a slice, however long the event: one intensity at least


def total_probability_is_one(subject: Subject) -> Finding:
    """Σ p over all events where they are few; else over the first and over the last few scalars."""
    kinds = supports(subject.conditional, subject.length)
    if subject.ordering.end is not None:
        return _strings(subject, kinds)
    if all(kind is not None for kind in kinds):
        events = math.prod(len(kind) for kind in kinds if kind is not None)
        if events <= subject.budget.configurations:
            return _all_events(subject, kinds)
    return _slices(subject, kinds)


def all_values(kinds: list[Tensor | None]) -> Tensor:
    """s supports -> (∏ K, s): every combination, the last one running fastest."""
    symbols = [kind for kind in kinds if kind is not None]
    return torch.cartesian_prod(*symbols).reshape(-1, len(symbols))


def steps_to_enumerate(kinds: list[Tensor | None], most: int) -> int:
    """Supports in order, how many combinations at most -> how many of the first stay within it."""
    combinations, count = 1, 0
    for kind in kinds:
        combinations *= most + 1 if kind is None else len(kind)
        if combinations > most:
            break
        count += 1
    return count


def _settings(
    subject: Subject, model: Model, generator: torch.Generator
) -> list[tuple[Tensor | None, Tensor | None]]:
    """-> pairs of one row of context (1, C) and one order (D,): two of each where there are any."""
    contexts = [None] if subject.context is None else [subject.context[:1], subject.context[1:2]]
    first = subject.orders(model, generator)
    orders = [None] if first is None else [None, first]
    return [(context, order) for context in contexts for order in orders]


def _all_events(subject: Subject, kinds: list[Tensor | None]) -> Finding:
    values = all_values(kinds).to(subject.values)
    worst = 0.0
    settings = _settings(subject, subject.exact, subject.generator("enumeration"))
    for context, order in settings:
        given = None if context is None else context.expand(len(values), -1)
        total = log_prob(subject.exact, subject.event(values), given, order).logsumexp(dim=0)
        worst = max(worst, discrepancy(total.exp(), torch.ones_like(total)))
    return within(
        worst,
        _TOLERANCE,
        f"Σ p over all {len(values):,} events is one.",
        f"Σ p over all {len(values):,} events is not one.",
    )


def _strings(subject: Subject, kinds: list[Tensor | None]) -> Finding:
    """Every finished string up to some length, and every unfinished one of that length."""
    assert subject.ordering.end is not None
    length = steps_to_enumerate(kinds, subject.budget.configurations)
    if not length:
        return not_applicable("The alphabet is too large to go through.")
    values = all_values(kinds[:length]).to(subject.values)
    valid = subject.ordering.valid(values)
    # One representative of each: what follows an end symbol is the end symbol.
    values = values[torch.where(valid, True, values == subject.ordering.end).all(dim=1)]
    worst = 0.0
    for context, _ in _settings(subject, subject.exact, subject.generator("enumeration")):
        given = None if context is None else context.expand(len(values), -1)
        total = log_prob(subject.exact, values, given).logsumexp(dim=0)
        worst = max(worst, discrepancy(total.exp(), torch.ones_like(total)))
    return within(
        worst,
        _TOLERANCE,
        f"All strings of up to {length} symbols and the unfinished ones have a mass of one.",
        f"All strings of up to {length} symbols and the unfinished ones do not sum to one.",
    )


def _slices(subject: Subject, kinds: list[Tensor | None]) -> Finding:
    generator = subject.generator("enumeration")
    most = max(min(subject.budget.configurations, _MOST_SCORED // subject.length), _LEAST_EVENTS)
    worst, front, back = 0.0, 0, 0
    for model in subject.chained():
        for context, order in _settings(subject, model, generator):
            dims = visited(model, subject.length, order)
            in_order = [kinds[dim] for dim in dims.tolist()]
            front = steps_to_enumerate(in_order, most)
            back = steps_to_enumerate(in_order[::-1], most)
            for places in (dims[:front], dims[subject.length - back :]):
                if not len(places):
                    continue
                ratio = _slice(subject, model, context, order, dims, places, kinds)
                worst = max(worst, discrepancy(ratio, torch.ones_like(ratio)))
    if not front and not back:
        return not_applicable("Neither the first nor the last scalars have few enough values.")
    told = [f"the first {front} scalars"] if front else []
    told += [f"the last {back} scalars given the rest"] if back else []
    slices = " and over ".join(told)
    return within(
        worst,
        _TOLERANCE,
        f"There are too many events for one sum; over {slices}, Σ p is one.",
        f"Over {slices}, Σ p is not one.",
    )


def _slice(
    subject: Subject,
    model: Model,
    context: Tensor | None,
    order: Tensor | None,
    dims: Tensor,
    places: Tensor,
    kinds: list[Tensor | None],
) -> Tensor:
    """Event indices at one end of the order -> (): their Σ p given what comes before them."""
    combinations = all_values([kinds[place] for place in places.tolist()])
    rows = subject.values[:1].repeat(len(combinations), 1)
    rows[:, places] = combinations.to(rows)
    given = None if context is None else context.expand(len(rows), -1)
    observed = torch.zeros_like(rows, dtype=torch.bool)
    observed[:, places] = True
    before = observed[:1].clone()
    if len(places) and bool(places[0] != dims[0]):
        observed[:] = True
        before = ~before
        past = log_prob(model, subject.event(rows[:1]), context, order, subject.event(before))
    else:
        past = torch.zeros(1, dtype=torch.float64, device=rows.device)
    joint = log_prob(model, subject.event(rows), given, order, subject.event(observed))
    return (joint.logsumexp(dim=0) - past[0]).exp()
