"""At which step a column of real numbers was written down."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["recording_step"]

_ULPS = 4  # the same number, computed in two ways, differs by a few of its last places


def recording_step(values: Tensor) -> float:
    """(N,) -> the smallest gap between two different values, in their unit; 0 if there is none.

    Numbers that were rounded when they were written down lie on a grid, where a density may grow
    without bound; the step says how far apart the grid's points are. Values that differ by no more
    than rounding does are the same: in units of float32 where all values are float32 numbers.

    >>> recording_step(torch.tensor([7.5, 7.25, 8.0, 7.5]))
    0.25
    >>> recording_step(torch.tensor([0.3, 0.1 + 0.2, 0.3], dtype=torch.float64))
    0.0
    """
    values = values.double().flatten()
    if len(values) < 2:
        return 0.0
    single = bool((values.float().double() == values).all())
    noise = _ULPS * torch.finfo(torch.float32 if single else torch.float64).eps
    ordered = values.sort().values
    gaps = ordered.diff()
    apart = gaps > noise * torch.maximum(ordered[1:].abs(), ordered[:-1].abs())
    return gaps[apart].min().item() if bool(apart.any()) else 0.0
