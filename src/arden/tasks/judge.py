"""How good posteriors are where the classes are known: how often right, how sure, how honest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.errors import InputError

__all__ = ["Judge", "Judgement"]

_BINS = 15


@dataclass(frozen=True)
class Judgement:
    """Figures of N rows of known class; those that no class could explain count as wrong.

    ``log_loss`` is the mean −ln p(true class | x), in nats; ``calibration_error`` the mean distance
    between how sure the posteriors were and how often they were right, over 15 bins of equal width
    weighted by their rows. (Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural
    networks", 2017.)
    """

    rows: int
    accuracy: float
    accuracy_error: float
    log_loss: float
    log_loss_error: float
    calibration_error: float
    confidence: float
    """The mean probability of the class that was named."""
    unexplained: int
    """Rows without a posterior."""


class Judge:
    """Posteriors and true classes in pieces, in bounded memory.

    ``confusion`` (K, K) int64: entry (y, ŷ) counts the rows of class y that were taken for ŷ.

    >>> judge = Judge(2)
    >>> judge.add(torch.tensor([[0.8, 0.2], [0.3, 0.7]]).log(), torch.tensor([0, 0]))
    >>> found = judge.figures()
    >>> found.accuracy, round(found.log_loss, 4), judge.confusion.tolist()
    (0.5, 0.7136, [[1, 1], [0, 0]])
    """

    def __init__(self, num_classes: int) -> None:
        self.confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
        self._unexplained = 0
        self._losses = torch.zeros(3, dtype=torch.float64)  # how many, their sum, of squares
        self._bins = torch.zeros(3, _BINS, dtype=torch.float64)  # rows, confidence, right ones

    def add(self, log_posterior: Tensor, labels: Tensor) -> None:
        """(n, K) nats, (n,) int64 -> (): they are taken with what was added before.

        Raises:
            InputError: shapes that do not fit, or a label beyond the classes.
        """
        size = len(self.confusion)
        if log_posterior.shape != (len(labels), size):
            raise InputError(
                f"log_posterior: expected shape ({len(labels)}, {size}), "
                f"got {tuple(log_posterior.shape)}"
            )
        labels = labels.long()
        if len(labels) and not bool(((labels >= 0) & (labels < size)).all()):
            raise InputError(f"labels: expected 0 … {size - 1}, got others")
        known = ~log_posterior.isnan().any(dim=1)
        self._unexplained += int((~known).sum())
        rows, true = log_posterior[known].double(), labels[known]
        confidence, named = rows.exp().max(dim=1) if len(rows) else (rows.new_zeros(0), true)
        self.confusion += torch.bincount(true * size + named, minlength=size**2).view(size, size)
        losses = -rows.gather(1, true[:, None])[:, 0]
        self._losses += torch.stack(
            [torch.tensor(len(losses)).double(), losses.sum(), losses.square().sum()]
        )
        place = (confidence * _BINS).ceil().long().clamp(1, _BINS) - 1
        for row, values in enumerate((torch.ones_like(confidence), confidence, named == true)):
            self._bins[row].index_add_(0, place, values.double())

    def figures(self) -> Judgement:
        """() -> what is known of all rows so far; NaN where there is none."""
        rows = int(self.confusion.sum()) + self._unexplained
        right = int(self.confusion.diagonal().sum())
        accuracy = right / rows if rows else math.nan
        count, total, squares = self._losses.tolist()
        loss = math.inf if self._unexplained else total / count if count else math.nan
        spread = math.nan
        if count > 1 and math.isfinite(loss):
            spread = math.sqrt(max(0.0, squares - count * loss**2) / (count - 1) / count)
        _, confidence, correct = self._bins
        gap = (confidence - correct).abs().sum().item()
        return Judgement(
            rows=rows,
            accuracy=accuracy,
            accuracy_error=math.sqrt(accuracy * (1 - accuracy) / rows) if rows else math.nan,
            log_loss=loss,
            log_loss_error=spread,
            calibration_error=gap / count if count else math.nan,
            confidence=confidence.sum().item() / count if count else math.nan,
            unexplained=self._unexplained,
        )
