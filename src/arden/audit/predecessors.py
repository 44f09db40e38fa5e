"""Which steps a fitted model really reads, beside those it promises to."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from arden.audit.structure import changes
from arden.audit.subject import BUDGETS, Subject
from arden.core.model import AutoregressiveModel

__all__ = ["predecessors"]

_ROWS = 2
_FELT = 1e-12  # of a parameter's size; below that it is rounding


def predecessors(
    model: AutoregressiveModel, data: Tensor | None = None, context: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """model, (N, *event), (N, C) -> (T, T) bool twice: step t reads step j; step t promises to.

    Found by changing one step's value at a time, on the model's own weights, at a few rows. A
    dependence that a fit has made exactly zero, or that these rows do not bring out (a table's
    other entries), shows as promised but not read.

    >>> import arden
    >>> model = arden.fit("markov", arden.load_data("digits"), progress=False)
    >>> read, promised = predecessors(model)
    >>> bool((read <= promised).all()), int(promised.sum())
    (True, 63)
    """
    budget = replace(BUDGETS["quick"], rows=_ROWS)
    subject = Subject.of(model, data, context, 0, budget)
    part = subject.parts()[0]
    generator = subject.generator("predecessors")
    steps = list(range(subject.length))
    read = torch.zeros(subject.length, subject.length, dtype=torch.bool)
    for row in range(len(subject.values)):
        read |= changes(subject, part, row, steps, generator).change > _FELT
    return read, part.network.promised(subject.length).cpu().bool()
