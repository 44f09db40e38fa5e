"""What a fit tells while it runs, and what it leaves behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from arden.errors import ArdenError

__all__ = ["STOPPED", "DivergedError", "FitResult", "Progress"]

STOPPED = "stopped by Ctrl-C"


class DivergedError(ArdenError):
    """The loss became NaN or infinite; the model was put back to its best epoch."""


@dataclass(frozen=True)
class Progress:
    """Where a fit stands: reported during an epoch (``valid`` is None) and after it."""

    epoch: int
    epochs: int
    rows: int
    rows_per_epoch: int
    seconds: float
    train: float
    valid: float | None
    best_valid: float | None
    improved: bool


@dataclass
class FitResult:
    """What a fit left behind: one record per epoch, which was best, and why it ended."""

    records: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_valid: float = math.inf
    seconds: float = 0.0
    ended: str = ""
