"""What a scalar is coded under: a table of frequencies, or of a long range one after another.

A table of a million levels would give a sixteenth of all units to levels without mass, and take
seconds to make. Of a range longer than `LONGEST` the block of `BLOCK` levels is coded first, then
the level within it: two short tables, whatever the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from arden.coding.entropy import Coder
from arden.coding.frequencies import frequencies_of_mass, most_likely
from arden.core.conditional import Discrete

__all__ = ["BLOCK", "LONGEST", "LongTable", "ShortTable", "Table"]

LONGEST = 4096
"""The most symbols that stand in one table."""
BLOCK = 1024


class Table(Protocol):
    """The next scalar of B rows."""

    def code(self, coder: Coder, at: Tensor | None, symbols: Tensor | None) -> Tensor:
        """A coder, which n of the rows (None: all), their (n,) symbols or None -> (n,) int64."""
        ...

    def most_likely(self) -> Tensor:
        """() -> (B,) int64: a likely symbol of every row, the same on both sides."""
        ...


@dataclass(frozen=True)
class ShortTable:
    """(B, K) int64 frequencies."""

    frequencies: Tensor

    def code(self, coder: Coder, at: Tensor | None, symbols: Tensor | None) -> Tensor:
        """See `Table`."""
        return coder.code(self.frequencies if at is None else self.frequencies[at], symbols)

    def most_likely(self) -> Tensor:
        """See `Table`."""
        return most_likely(self.frequencies)


@dataclass(frozen=True)
class LongTable:
    """A family over a long range, (B, P) its parameters in float64."""

    family: Discrete
    params: Tensor

    def code(self, coder: Coder, at: Tensor | None, symbols: Tensor | None) -> Tensor:
        """See `Table`."""
        rows = torch.arange(len(self.params)) if at is None else at
        block = coder.code(self._blocks()[rows], None if symbols is None else symbols // BLOCK)
        every = torch.zeros(len(self.params), dtype=torch.int64)
        every[rows] = block
        level = coder.code(self._within(every)[rows], None if symbols is None else symbols % BLOCK)
        return (block * BLOCK + level).clamp(max=self.family.num_symbols - 1)

    def most_likely(self) -> Tensor:
        """See `Table`: the likeliest level of the likeliest block."""
        block = most_likely(self._blocks())
        return block * BLOCK + most_likely(self._within(block))

    def _blocks(self) -> Tensor:
        return frequencies_of_mass(self.family.log_block_mass(self.params, BLOCK))

    def _within(self, block: Tensor) -> Tensor:
        """(B,) blocks -> (B, W) frequencies of their levels, given the block."""
        log_pmf = self.family.log_pmf_from(self.params, block * BLOCK, BLOCK)
        empty = log_pmf.isneginf().all(dim=1, keepdim=True)  # no mass that a float64 holds
        return frequencies_of_mass(torch.where(empty, 0.0, log_pmf).log_softmax(dim=1))
