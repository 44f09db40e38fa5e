"""Does a mixture average probabilities?"""

from __future__ import annotations

import torch

from arden.audit.report import Finding, not_applicable, within
from arden.audit.subject import Subject, discrepancy, log_prob
from arden.core.mixture import Mixture

__all__ = ["mixture_averages_probabilities"]

_TOLERANCE = 1e-10  # relative, in float64


def mixture_averages_probabilities(subject: Subject) -> Finding:
    """Σ w = 1, and log_prob is ln Σ w p of the components' own log_prob.

    With components that sum to one this is a mixture's proof, also where its own events are too
    many to go through. Averaged logits or log probabilities are no distribution.
    """
    mixture = subject.exact
    if not isinstance(mixture, Mixture):
        return not_applicable("The model is not a mixture.")
    x = subject.event(subject.values)
    joints = torch.stack([log_prob(model, x, subject.context) for model in mixture.models])
    weights = mixture.log_weights.double().exp()
    # exp underflows for long events: shift by the largest term.
    largest = joints.amax(dim=0)
    shifted = ((joints - largest).double().exp() * weights[:, None]).sum(dim=0)
    expected = shifted.log() + largest
    worst = discrepancy(log_prob(mixture, x, subject.context), expected)
    worst = max(worst, discrepancy(weights.sum(), torch.ones_like(weights.sum())))
    return within(
        worst,
        _TOLERANCE,
        f"log_prob is that of the mean probability of {len(mixture.models)} components.",
        "log_prob is not the logarithm of the weighted mean of the components' probabilities.",
    )
