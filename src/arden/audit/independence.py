"""Is a row's score its own, whoever else is in the batch and however often it is asked for?"""

from __future__ import annotations

import torch

from arden.audit.report import Finding, within
from arden.audit.subject import Model, Subject, discrepancy, shaken
from arden.core.mixture import Mixture

__all__ = ["evaluation_is_deterministic", "row_is_independent_of_its_batch"]

_TOLERANCE = 1e-10  # relative, in float64: a batch of another size may sum in another order


@torch.no_grad()
def _score(
    subject: Subject, model: Model, rows: torch.Tensor, orders: torch.Tensor | None = None
) -> torch.Tensor:
    """(R,) which points, an order for each point -> (R,): log_prob of exactly that batch."""
    x = subject.event(subject.values[rows])
    arguments = {} if orders is None else {"order": orders[rows]}
    return model.log_prob(x, subject.rows_of_context(rows), **arguments)


def row_is_independent_of_its_batch(subject: Subject) -> Finding:
    """Scores every row alone, in the reversed batch and among others, repeats included."""
    generator = subject.generator("independence")
    count = len(subject.values)
    device = subject.values.device
    together = torch.arange(count, device=device)
    crowd = torch.randint(count, (3 * count + 1,), generator=generator).to(device)
    worst = 0.0
    # With noise on all weights as well: a weight of zero hides a defect.
    noisy = [shaken(part, 0.5, generator) for part in subject.parts()]
    for model in (subject.exact, *noisy):
        orders = subject.orders(model, generator, count)
        expected = _score(subject, model, together, orders)
        for rows in (*together.split(1), together.flip(0), torch.cat([crowd, together])):
            found = _score(subject, model, rows, orders)
            worst = max(worst, discrepancy(found, expected[rows]))
    return within(
        worst,
        _TOLERANCE,
        f"{count} rows score the same alone, reversed and among others.",
        "A row's score depends on which other rows are in its batch.",
    )


def evaluation_is_deterministic(subject: Subject) -> Finding:
    """Asks for the same scores three times, in the model's own dtype and in float64."""
    rows = torch.arange(len(subject.values), device=subject.values.device)
    worst = 0.0
    for model in (subject.model, subject.exact):
        first = _score(subject, model, rows)
        for _ in range(2):
            worst = max(worst, discrepancy(_score(subject, model, rows), first))
    # The same instructions on the same numbers, except where a device adds in any order it likes.
    tolerance = 0.0 if subject.values.device.type == "cpu" else 1e-5
    members = len(subject.exact.models) if isinstance(subject.exact, Mixture) else 1
    about = f" (all {members} components)" if members > 1 else ""
    return within(
        worst,
        tolerance,
        f"Asked again, the model gives the same scores{about}.",
        "Asked again, the model gives other scores: something random is drawn in evaluation.",
    )
