"""How much does the model's own precision cost?"""

from __future__ import annotations

import copy

import torch

from arden.audit.report import Finding, within
from arden.audit.subject import Subject, discrepancy, log_prob

__all__ = ["single_against_double_precision"]

# Single precision loses about 1e-6; a hundredth is no rounding but another computation.
_TOLERANCE = 1e-2


def single_against_double_precision(subject: Subject) -> Finding:
    """log_prob in float32, by whatever fast path serves it there, against float64."""
    own = subject.model
    if own.dtype == torch.float64:
        own = copy.deepcopy(own).float()
    x = subject.event(subject.values)
    found = log_prob(own, x, subject.context)
    expected = log_prob(subject.exact, x, subject.context)
    name = str(own.dtype).removeprefix("torch.")
    nats = float((found.double() - expected.double()).abs().max())
    return within(
        discrepancy(found, expected),
        _TOLERANCE,
        f"In {name} a log_prob is off by at most {nats:.1e} nats.",
        f"In {name} a log_prob is off by {nats:.1e} nats: more than rounding explains.",
    )
