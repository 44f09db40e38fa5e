"""How far apart are the joints of an any-order network?"""

from __future__ import annotations

import torch

from arden.audit.report import Finding, not_applicable
from arden.audit.subject import Subject, log_prob
from arden.core.mixture import Mixture

__all__ = ["gap_between_orders"]

_ORDERS = 6


def gap_between_orders(subject: Subject) -> Finding:
    """Mean |ln p under one order − ln p under another|, over points and pairs of random orders.

    Information, not a fault: such a network is a family of joints, one per order.
    """
    if not subject.any_order:
        return not_applicable("The model has one order: it is one distribution.")
    generator = subject.generator("order gap")
    gaps = []
    for model in subject.parts():  # members with weights of their own differ in more than order
        x = subject.event(subject.values)
        orders = [subject.orders(model, generator) for _ in range(_ORDERS)]
        joints = torch.stack([log_prob(model, x, subject.context, order) for order in orders])
        pairs = torch.combinations(torch.arange(_ORDERS, device=joints.device))
        gaps.append((joints[pairs[:, 0]] - joints[pairs[:, 1]]).abs().mean())
    gap = float(torch.stack(gaps).mean())
    told = f"Two random orders of the network differ by {gap:.3g} nats on average: "
    if isinstance(subject.exact, Mixture):
        told += "each is a joint of its own; the mixture is one, an average of fixed orders."
    else:
        order = type(subject.ordering).__name__.lower()
        told += f"one joint per order. Scores and samples are of one, {order}."
    return Finding(True, gap, None, told)
