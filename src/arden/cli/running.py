"""What is known of numbers that come in pieces: their mean, spread and ends, in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from torch import Tensor

from arden.storage.plain import without_nan

__all__ = ["Running"]


@dataclass
class Running:
    """Count, mean, squared deviations, and the least and most with their places, so far.

    Pieces are merged by Chan, Golub and LeVeque, "Updating formulae" (1979): no difference of large
    sums is ever taken. Infinite numbers are counted, and make the mean what they are.

    >>> import torch
    >>> found = Running()
    >>> found.add(torch.tensor([1.0, 2.0])); found.add(torch.tensor([6.0]))
    >>> found.count, found.mean, found.most, found.most_at
    (3, 3.0, 6.0, 2)
    """

    count: int = 0
    least: float = math.inf
    most: float = -math.inf
    least_at: int = 0
    most_at: int = 0
    infinite: float = 0.0
    _finite_mean: float = 0.0
    _squares: float = 0.0

    def add(self, values: Tensor) -> None:
        """(n,) numbers -> (): they follow what was added before."""
        if not len(values):
            return
        values = values.double()
        if values.min().item() < self.least or not self.count:
            self.least, self.least_at = values.min().item(), self.count + int(values.argmin())
        if values.max().item() > self.most or not self.count:
            self.most, self.most_at = values.max().item(), self.count + int(values.argmax())
        self.infinite += values[values.isinf()].sum().item()
        count = len(values)
        if not self.infinite:
            mean = values.mean().item()
            gap = mean - self._finite_mean
            share = count / (self.count + count)
            self._squares += ((values - mean) ** 2).sum().item() + gap * gap * self.count * share
            self._finite_mean += gap * share
        self.count += count

    @property
    def mean(self) -> float:
        """Their mean; infinite when one of them is."""
        return self.infinite or self._finite_mean

    @property
    def standard_error(self) -> float:
        """Of their mean; NaN for fewer than two, and when one of them is infinite."""
        if self.count < 2 or self.infinite:
            return math.nan
        return math.sqrt(self._squares / (self.count - 1) / self.count)

    def summary(self, name: str) -> dict[str, Any]:
        """The name of the numbers -> what is known of them, as JSON can hold it."""
        told = {
            "rows": self.count,
            f"mean_{name}": self.mean,
            "standard_error": self.standard_error,
            f"least_{name}": self.least,
            f"most_{name}": self.most,
        }
        return without_nan(told)

    def table(self, title: str, sign: str = "") -> Table:
        """A title, a sign before each of the numbers -> what is known of them, to print."""
        table = Table(title=title)
        table.add_column("figure")
        table.add_column("value", justify="right")
        mean = f"{sign}{self.mean:.4f} ± {self.standard_error:.4f}"
        table.add_row("mean ± standard error", mean)
        table.add_row("least", f"{sign}{self.least:.4f} (row {self.least_at})")
        table.add_row("most", f"{sign}{self.most:.4f} (row {self.most_at})")
        return table
