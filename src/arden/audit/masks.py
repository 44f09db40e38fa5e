"""Are weights that must be zero in places zero there?"""

from __future__ import annotations

import math

import torch

from arden.audit.report import Finding, not_applicable, within
from arden.audit.subject import Subject
from arden.core.network import masked_parameters

__all__ = ["masked_weights_are_zero"]


def masked_weights_are_zero(subject: Subject) -> Finding:
    """Every weight with a mask is zero where masked, in the model as it is."""
    worst, name_of_worst, masks = 0.0, "", 0
    for name, parameter, mask in masked_parameters(subject.model):
        if mask is None:
            continue
        masks += 1
        stray = torch.where(mask.bool(), 0.0, parameter.detach()).abs()
        largest = float(stray.nan_to_num(nan=math.inf).max()) if stray.numel() else 0.0
        if largest > worst:
            worst, name_of_worst = largest, name
    if not masks:
        return not_applicable("No weight of this model is zero by a mask.")
    return within(
        worst,
        0.0,
        f"All {masks} masked weights are zero where they are masked.",
        f"{name_of_worst} is not zero where it is masked.",
    )
