"""Does every scalar of an event have exactly one step?"""

from __future__ import annotations

import torch

from arden.audit.report import Finding, within
from arden.audit.subject import Subject, visited

__all__ = ["every_scalar_has_one_step"]


def every_scalar_has_one_step(subject: Subject) -> Finding:
    """An order that visits one scalar twice, and so another never, is not the chain rule."""
    wrong = 0
    for part in subject.parts():
        dims = visited(part, subject.length)
        times = torch.bincount(dims.flatten(), minlength=subject.length)
        wrong += int((times != 1).sum())
    return within(
        float(wrong),
        0.0,
        f"The order visits each of {subject.length} scalars once.",
        f"{wrong} scalars are not visited exactly once.",
    )
