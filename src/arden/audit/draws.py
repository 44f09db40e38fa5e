"""Samples for the audit, drawn by the functions that draw anyone's."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import pad

from arden.audit.subject import Model, Subject
from arden.core import draw as drawing
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import ReplayedNetwork

__all__ = ["Sample", "component", "draw_samples"]

_LEAST_ROWS = 64
_MOST_ROWS = 20_000
_MOST_SYMBOLS = 4  # an event of more symbols than this costs more to look at: draw fewer
_REPLAYED_STEPS = 48


@dataclass(frozen=True)
class Sample:
    """``values`` (N, D) drawn from one component; only the first ``steps`` steps were drawn."""

    component: int
    values: Tensor
    context: Tensor | None
    order: Tensor | None
    steps: int


def component(model: Model, number: int) -> AutoregressiveModel:
    """A mixture's component, or the model itself."""
    return model.models[number] if isinstance(model, Mixture) else model


@torch.no_grad()
def draw_samples(subject: Subject, generator: Generator, *, vary: bool) -> list[Sample]:
    """-> one sample for each component that was chosen.

    ``vary`` lets contexts and orders differ from row to row; else all rows have the same.
    """
    model = subject.model
    rows = _rows(subject)
    choice = drawing.uniform_noise(generator, (rows,))
    chosen = torch.zeros(rows, dtype=torch.int64)
    if isinstance(model, Mixture):
        chosen = model.choose_component(choice).cpu()
    context = None
    if subject.context is not None:
        picks = torch.randint(len(subject.context), (rows,), generator=generator)
        context = subject.rows_of_context(picks if vary else picks * 0)
    order = subject.orders(model, generator, rows if vary else None)
    shape = (subject.length,) if subject.ordering.end is not None else model.event_shape
    width = subject.conditional.num_noise
    noise = drawing.uniform_noise(generator, (rows, *shape, width))
    steps = subject.length
    if _replays(subject) and steps > _REPLAYED_STEPS:
        steps = _REPLAYED_STEPS
        values = _first_steps(subject, chosen, noise.reshape(rows, -1, width), context, order)
    elif isinstance(model, Mixture):
        values = drawing.draw_mixture(model, choice, noise, context).reshape(rows, -1)
    else:
        values = drawing.draw(model, noise, context=context, order=order).reshape(rows, -1)
    # Strings may all have ended early; what is missing is padding.
    values = pad(values, (0, subject.length - values.shape[1]), value=subject.ordering.end or 0)
    return [
        Sample(
            number,
            values[chosen == number],
            None if context is None else context[chosen == number],
            order[chosen == number] if order is not None and order.dim() == 2 else order,
            steps,
        )
        for number in chosen.unique().tolist()
    ]


def _rows(subject: Subject) -> int:
    """-> how many events the budget allows."""
    symbols = subject.conditional.num_symbols or _MOST_SYMBOLS
    scalars = subject.budget.drawn_scalars * _MOST_SYMBOLS // max(symbols, _MOST_SYMBOLS)
    rows = scalars // subject.length
    if _replays(subject):  # every step costs a pass over all of them
        rows = min(rows, 8 * scalars // subject.length**2)
    return max(_LEAST_ROWS, min(_MOST_ROWS, rows))


def _replays(subject: Subject) -> bool:
    return any(isinstance(part.network, ReplayedNetwork) for part in subject.parts())


def _first_steps(
    subject: Subject, chosen: Tensor, noise: Tensor, context: Tensor | None, order: Tensor | None
) -> Tensor:
    """-> (N, D) with some first steps drawn: a walk that replays all at each step is long."""
    values = subject.values.new_zeros(len(chosen), subject.length)
    for number in chosen.unique().tolist():
        rows = (chosen == number).nonzero()[:, 0]
        flat = noise[rows].to(values.device)
        given = None if context is None else context[rows.to(context.device)]
        here = order[rows.to(order.device)] if order is not None and order.dim() == 2 else order
        walker = component(subject.model, number).begin(
            len(rows), given, here, max_steps=subject.length
        )
        each = torch.arange(len(rows), device=values.device)
        while walker.step.index < _REPLAYED_STEPS:
            step = walker.step
            walker.advance(step.family.draw(step.params.double(), flat[each, step.dims]))
        values[rows.to(values.device)] = walker.event().reshape(len(rows), -1)
    return values
