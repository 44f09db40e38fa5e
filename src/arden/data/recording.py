"""At which step a column of real numbers was written down."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["heaped_values", "recording_step"]

_MOST_HEAPS = 64
_LEAST_COUNT, _LEAST_SHARE = 10, 1e-3
_TIMES_ITS_NEIGHBOURS = 2
_NEIGHBOURS = 2  # to either side

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


def heaped_values(values: Tensor) -> tuple[int, ...]:
    """(N,) whole numbers ≥ 0 -> those that occur far more often than the ones beside them, sorted.

    Forty hours a week, no capital gain, a code that means "unknown": at least ten rows and one in a
    thousand, and twice as many as the mean of the two numbers to either side; at most 64 of them.

    >>> heaped_values(torch.tensor([0] * 40 + list(range(30)) * 3))
    (0,)
    """
    found, counts = values.long().unique(return_counts=True)
    if not len(found):
        return ()
    beside = torch.zeros(len(found), dtype=torch.float64)
    for step in (*range(-_NEIGHBOURS, 0), *range(1, _NEIGHBOURS + 1)):
        place = torch.searchsorted(found, found + step).clamp(max=len(found) - 1)
        beside += torch.where(found[place] == found + step, counts[place], 0)
    least = max(_LEAST_COUNT, _LEAST_SHARE * len(values))
    heaped = (counts >= least) & (counts > _TIMES_ITS_NEIGHBOURS * beside / (2 * _NEIGHBOURS))
    most = counts.where(heaped, 0).argsort(descending=True, stable=True)[:_MOST_HEAPS]
    return tuple(sorted(found[most[heaped[most]]].tolist()))
