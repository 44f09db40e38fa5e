"""Is log_prob the sum of all its terms, each at its own place?"""

from __future__ import annotations

import torch
from torch import Tensor

from arden.audit.report import Finding, within
from arden.audit.subject import Model, Subject, discrepancy, in_steps, log_prob, visited
from arden.core.mixture import Mixture, MixtureWalker
from arden.core.walker import Walker

__all__ = ["score_is_the_sum_of_its_terms"]

_TOLERANCE = 1e-10  # relative, in float64


@torch.no_grad()
def score_is_the_sum_of_its_terms(subject: Subject) -> Finding:
    """Scores events by a walk, term by term, and compares with log_conditionals and log_prob.

    A mixture over several orders has no terms of its own: its components are looked at, and the
    check of mixtures holds the rest.
    """
    generator = subject.generator("chain")
    worst, where = 0.0, ""
    for model in subject.chained():
        rows = len(subject.values)
        order = subject.orders(model, generator, rows)
        values = _with_ends(subject, generator)
        dims = visited(model, subject.length, order, rows)
        walked = subject.walked_steps(model)
        terms = _terms_of_a_walk(model, subject, values, dims, order, walked)
        x = subject.event(values)
        if isinstance(model, Mixture):
            told = model.log_conditionals(x, subject.context)
        else:
            told = model.log_conditionals(x, subject.context, order)
        told_steps = in_steps(told.reshape(rows, -1), dims)
        score = log_prob(model, x, subject.context, order)
        total = terms.sum(dim=1) + told_steps[:, walked:].sum(dim=1)
        for found, expected, place in (
            (told_steps[:, :walked], terms, "log_conditionals are not the terms of the walk"),
            (score, total, "log_prob is not the sum of the walk's terms"),
            (told_steps.sum(dim=1), score, "log_conditionals do not add up to log_prob"),
        ):
            difference = discrepancy(found, expected)
            if difference > worst:
                worst, where = difference, place
    return within(
        worst,
        _TOLERANCE,
        "Walk, log_conditionals and log_prob agree, every term at its own place.",
        f"The three ways to score disagree: {where}.",
    )


def _with_ends(subject: Subject, generator: torch.Generator) -> Tensor:
    """-> the points; where events end at a symbol, every second one ends at a random place."""
    end = subject.ordering.end
    if end is None:
        return subject.values
    values = subject.values.clone()
    for row in range(0, len(values), 2):
        values[row, int(torch.randint(subject.length, (), generator=generator)) :] = end
    return values


def _terms_of_a_walk(
    model: Model,
    subject: Subject,
    values: Tensor,
    dims: Tensor,
    order: Tensor | None,
    walked: int,
) -> Tensor:
    """(B, D) -> (B, walked): ln p of each step's value, in step order, by start and step alone."""
    rows = len(values)
    steps = in_steps(values, dims)
    walker: Walker | MixtureWalker
    if isinstance(model, Mixture):
        walker = model.begin(rows, subject.context, max_steps=subject.length)
    else:
        walker = model.begin(rows, subject.context, order, max_steps=subject.length)
    terms = torch.zeros(rows, walked, dtype=torch.float64, device=values.device)
    while not walker.done and walker.step.index < walked:
        step = walker.step
        taken = steps[:, step.index]
        scores = step.family.log_prob(step.params, taken).double()
        terms[:, step.index] = torch.where(step.active, scores, 0.0)
        walker.advance(taken)
    return terms
