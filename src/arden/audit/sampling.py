"""Do samples follow the density that scores them?"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from arden.audit.draws import Sample, component, draw_samples
from arden.audit.enumeration import all_values, steps_to_enumerate
from arden.audit.points import supports
from arden.audit.report import Finding, not_applicable, within
from arden.audit.subject import Model, Subject, log_prob, visited
from arden.audit.transform import SURPRISE_BOUND, Transformed, transform
from arden.audit.uniformity import chi_square, correlation, deviation, kolmogorov_smirnov
from arden.core.mixture import Mixture

__all__ = ["samples_have_the_right_frequencies", "samples_transform_to_uniforms"]

# The figure of both checks is how rare such a sample is: chance brings one as bad in so many. One
# audit makes two of them, so a sound model raises one false alarm in a million audits.
_TOO_RARE = 2e6
_MOST_CELLS = 256


def samples_have_the_right_frequencies(subject: Subject) -> Finding:
    """χ² of how often each event was drawn, over all events or the first few scalars.

    Drawn by `draw`, so by the same kernels as anyone's samples; under one context and one order.
    For a mixture also how often each component was chosen.
    """
    generator = subject.generator("frequencies")
    samples = draw_samples(subject, generator, vary=False)
    tests = []
    model = subject.model
    if isinstance(model, Mixture) and len(model.models) > 1:
        counts = torch.zeros(len(model.models), dtype=torch.float64)
        for sample in samples:
            counts[sample.component] += len(sample.values)
        tests.append(chi_square(counts, model.log_weights.exp().cpu()))
    cells = 0
    for whole, group in _groups(subject, samples):
        found = _cells(subject, whole, group)
        if found is not None:
            counts, probabilities = found
            cells = max(cells, len(counts) - 1)
            tests.append(chi_square(counts, probabilities))
    if not tests:
        return not_applicable("The first scalar has too many values to count.")
    drawn = sum(len(sample.values) for sample in samples)
    return _verdict(
        tests,
        f"{drawn:,} draws fall into {cells} cells as often as their probabilities say",
        f"{drawn:,} draws do not fall into {cells} cells as often as their probabilities say",
    )


def samples_transform_to_uniforms(subject: Subject) -> Finding:
    """The randomised probability integral transform of every scalar drawn, given its past.

    Under the density it is uniform and independent of everything before, so it is tested for that
    (Kolmogorov-Smirnov), with symbols in their own order and from the likeliest on, and for
    correlation between steps and between rows. Of symbols also whether their mean ln p is the one
    expected: no test is more sensitive to a wrong temperature.
    """
    generator = subject.generator("transform")
    samples = draw_samples(subject, generator, vary=True)
    most_reals = subject.budget.drawn_scalars // 32
    pieces = [
        transform(
            component(subject.exact, sample.component),
            sample.values,
            sample.context,
            sample.order,
            sample.steps,
            most_reals,
            generator,
        )
        for sample in samples
    ]
    for piece in pieces:
        if piece.impossible:
            return Finding(
                False, math.inf, _TOO_RARE, f"A value was drawn that cannot be: {piece.impossible}."
            )
    tests = _tests(pieces)
    count = sum(int(piece.own_order.isfinite().sum()) for piece in pieces)
    return _verdict(
        tests,
        f"{count:,} drawn scalars, each given its past, transform to independent uniforms",
        f"{count:,} drawn scalars do not transform to uniforms: samples follow another density",
    )


def _verdict(tests: list[float], explanation: str, failure: str) -> Finding:
    """p-values -> 1 / the smallest, corrected for their number, held against the rarest allowed."""
    chance = min(1.0, min(tests, default=1.0) * max(len(tests), 1))
    rarity = 1 / chance if chance > 0 else math.inf
    note = f"chance brings a sample as odd as this once in {rarity:.3g}"
    return within(rarity, _TOO_RARE, f"{explanation} ({note}).", f"{failure} ({note}).")


def _tests(pieces: list[Transformed]) -> list[float]:
    tests = []
    for name in ("own_order", "likeliest_first"):
        values = torch.cat([getattr(piece, name).flatten() for piece in pieces])
        open_ended = torch.cat([piece.uncertain.flatten() for piece in pieces])
        known = values.isfinite()
        tests.append(kolmogorov_smirnov(values[known]))
        # Which conditionals are uncertain follows from the past: the choice spoils nothing.
        tests.append(kolmogorov_smirnov(values[known & open_ended]))
    for shift in ("steps", "rows"):
        first, second = [], []
        for piece in pieces:
            u = piece.own_order
            one, two = (u[:, :-1], u[:, 1:]) if shift == "steps" else (u[:-1], u[1:])
            known = one.isfinite() & two.isfinite()
            first.append(one[known])
            second.append(two[known])
        tests.append(correlation(torch.cat(first), torch.cat(second)))
    total = sum(float(piece.surprise.sum()) for piece in pieces)
    variance = sum(float(piece.variance.sum()) for piece in pieces)
    tests.append(deviation(total, variance, SURPRISE_BOUND))
    return tests


def _groups(subject: Subject, samples: list[Sample]) -> list[tuple[Model, list[Sample]]]:
    """-> models with a joint of their own, and the samples that must follow it.

    The whole mixture where its events can be counted; components over several orders share no
    first scalars, so each has its own.
    """
    whole = subject.exact
    if isinstance(whole, Mixture) and not whole.same_order:
        kinds = supports(subject.conditional, subject.length)
        if steps_to_enumerate(kinds, _MOST_CELLS) < subject.length:
            return [(component(whole, s.component), [s]) for s in samples]
    return [(whole, samples)]


def _cells(subject: Subject, model: Model, samples: list[Sample]) -> tuple[Tensor, Tensor] | None:
    """Samples under one setting -> counts and probabilities of the values of the first scalars."""
    first = samples[0]
    kinds = supports(subject.conditional, subject.length)
    dims = visited(model, subject.length, first.order)
    steps = [kinds[dim] for dim in dims.tolist()]
    count = min(steps_to_enumerate(steps, _MOST_CELLS), first.steps)
    if not count:
        return None
    places = dims[:count]
    combinations = all_values(steps[:count])
    values = torch.cat([sample.values for sample in samples])[:, places].cpu().long()
    valid = torch.ones_like(combinations, dtype=torch.bool)
    if subject.ordering.end is not None:
        end = subject.ordering.end
        valid = subject.ordering.valid(combinations) | (combinations == end)
        # What a walk leaves after an end symbol is the end symbol again, by its own promise.
        values = torch.where(subject.ordering.valid(values), values, end)
    combinations = combinations[valid.all(dim=1)]
    counts = torch.zeros(len(combinations), dtype=torch.float64)
    distinct, times = values.unique(dim=0, return_counts=True)
    known = {tuple(row): number for number, row in enumerate(combinations.tolist())}
    probabilities = _probabilities(subject, model, first, places, combinations)
    strangers = 0
    for row, seen in zip(distinct.tolist(), times.tolist(), strict=True):
        number = known.get(tuple(row))
        if number is None:
            strangers += seen
        else:
            counts[number] += seen
    # One more cell for what no symbol is: its probability is nought.
    return (
        torch.cat([counts, counts.new_tensor([strangers])]),
        torch.cat([probabilities, probabilities.new_zeros(1)]),
    )


def _probabilities(
    subject: Subject, model: Model, sample: Sample, places: Tensor, combinations: Tensor
) -> Tensor:
    """(cells, s) values of the first s scalars -> (cells,): their probabilities."""
    context = None if sample.context is None else sample.context[:1].expand(len(combinations), -1)
    if subject.ordering.end is not None:
        x = combinations.to(subject.values.device)
        return log_prob(model, x, context).exp().cpu()
    rows = subject.values[:1].repeat(len(combinations), 1)
    rows[:, places] = combinations.to(rows)
    observed = torch.zeros_like(rows, dtype=torch.bool)
    observed[:, places] = True
    known = None if len(places) == subject.length else subject.event(observed)
    return log_prob(model, subject.event(rows), context, sample.order, known).exp().cpu()
