"""How far apart are the joints of an any-order network?"""

from __future__ import annotations

import torch

from arden.audit.report import Finding, not_applicable
from arden.audit.subject import Subject, log_prob

__all__ = ["gap_between_orders"]

_ORDERS = 6


def gap_between_orders(subject: Subject) -> Finding:
    """Mean |ln p under one order − ln p under another|, over points and pairs of random orders.

    Information, not a fault: such a network is a family of joints, one per order.
    """
    if not subject.any_order:
        return not_applicable("The model has one order: it is one distribution.")
    generator = subject.generator("order gap")
    scores = []
    for model in subject.parts():
        x = subject.event(subject.values)
        orders = [subject.orders(model, generator) for _ in range(_ORDERS)]
        scores.append(torch.stack([log_prob(model, x, subject.context, o) for o in orders]))
    joints = torch.cat(scores)
    pairs = torch.combinations(torch.arange(len(joints), device=joints.device))
    gap = float((joints[pairs[:, 0]] - joints[pairs[:, 1]]).abs().mean())
    return Finding(
        True,
        gap,
        None,
        f"Two random orders differ by {gap:.3g} nats on average: one joint per order, not one.",
    )
