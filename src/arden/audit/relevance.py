"""Does what is unknown, or follows an end symbol, count for nothing?"""

from __future__ import annotations

import torch
from torch import Tensor

from arden.audit.report import Finding, within
from arden.audit.subject import Model, Subject, discrepancy, in_steps, log_prob, visited

__all__ = ["unknown_counts_for_nothing"]

_TOLERANCE = 1e-10  # relative, in float64


@torch.no_grad()
def unknown_counts_for_nothing(subject: Subject) -> Finding:
    """Scores prefixes of events with the rest unobserved, and holding NaN or nonsense.

    The score must be the sum of the prefix's terms. For strings also that the padding after an end
    symbol changes nothing, whatever it holds and however long it is.
    """
    generator = subject.generator("relevance")
    worst, where = 0.0, ""

    def compare(found: Tensor, expected: Tensor, place: str) -> None:
        nonlocal worst, where
        difference = discrepancy(found, expected)
        if difference > worst:
            worst, where = difference, place

    for model in subject.chained():
        order = subject.orders(model, generator)
        dims = visited(model, subject.length, order)
        whole = _terms(subject, model, order)
        fills = torch.randint(subject.length + 1, (2,), generator=generator).tolist()
        for fill in sorted({0, *fills}):
            observed = torch.zeros_like(subject.values, dtype=torch.bool)
            observed[:, dims[:fill]] = True
            told = log_prob(
                model,
                subject.event(torch.where(observed, subject.values, _nonsense(subject.values))),
                subject.context,
                order,
                subject.event(observed),
            )
            expected = in_steps(whole, dims)[:, :fill].sum(dim=1)
            compare(told, expected, f"with {fill} of {subject.length} scalars observed")
    if subject.ordering.end is not None:
        for cut in sorted({1, subject.length // 2}):
            finished = subject.values[:, : cut + 1].clone()
            finished[:, cut] = subject.ordering.end
            padded = torch.cat([finished, subject.values[:, cut + 1 :]], dim=1)
            compare(
                log_prob(subject.exact, padded, subject.context),
                log_prob(subject.exact, finished, subject.context),
                f"with something after an end symbol at place {cut}",
            )
    return within(
        worst,
        _TOLERANCE,
        "Unobserved scalars are never looked at, and nothing after an end symbol is scored."
        if subject.ordering.end is not None
        else "Unobserved scalars are never looked at and add nothing.",
        f"The score is wrong {where}.",
    )


def _terms(subject: Subject, model: Model, order: Tensor | None) -> Tensor:
    """-> (R, D): log_conditionals of the points, in event order."""
    x = subject.event(subject.values)
    arguments = {} if order is None else {"order": order}
    return model.log_conditionals(x, subject.context, **arguments).reshape(len(x), -1)


def _nonsense(values: Tensor) -> Tensor:
    """-> what no family contains, of the same shape and dtype."""
    return torch.full_like(values, torch.nan if values.is_floating_point() else -(10**6))
