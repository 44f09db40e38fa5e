"""Tables of parameters, indexed by the last few symbols."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec, State
from arden.errors import InputError

__all__ = ["MAX_TABLE_CELLS", "MAX_TABLE_ROWS", "ContextTable"]

MAX_TABLE_ROWS = 2**20
"""The most pasts a step may tell apart: beyond this a table cannot be filled from data anyway."""
MAX_TABLE_CELLS = 2**26
"""The most numbers of a table, over all steps and classes: counting them takes some gigabytes."""


class ContextTable(nn.Module):
    """params[t] = table[t][x_{t−1}, …, x_{t−m}]: one row of P numbers for every recent past.

    Each step has tables of its own, with fewer symbols of past at the start. ``homogeneous`` tables
    are shared by all steps that have m symbols behind them, so they also serve events of any
    length. With a context of C numbers there are C such sets, mixed linearly: a one-hot class
    selects its own.
    """

    weight: nn.Parameter
    offsets: Tensor

    def __init__(self, spec: NetworkSpec, memory: int, homogeneous: bool = False) -> None:
        super().__init__()
        if memory and spec.num_symbols is None:
            raise InputError("conditional: a table of the past needs discrete values, got reals")
        if memory and spec.num_features == 1 and (spec.num_symbols or 0) > 2:
            raise InputError(
                "conditional: a table tells symbols apart by their one-hot code; "
                "expected encoding one_hot"
            )
        if spec.num_steps is None and not homogeneous:
            raise InputError(
                "homogeneous: expected true, because events of no fixed length have no table "
                "for every position"
            )
        self.num_symbols = spec.num_symbols or 1  # without a past its symbols do not matter
        # A row of K probabilities has K − 1 free numbers, or fewer where its family stores fewer.
        self.free_per_row = min(spec.num_params, (spec.num_symbols or spec.num_params + 1) - 1)
        self.memory = memory
        self.homogeneous = homogeneous
        longest = memory if homogeneous else min(memory, (spec.num_steps or 1) - 1)
        if longest * math.log2(self.num_symbols) > math.log2(MAX_TABLE_ROWS):
            raise InputError(
                f"memory: tables of the last {longest} symbols out of {self.num_symbols} need "
                f"{self.num_symbols}^{longest} rows; expected at most {MAX_TABLE_ROWS:,}"
            )
        lengths = range(memory + 1) if homogeneous else range(spec.num_steps or 0)
        sizes = [self.num_symbols ** min(t, memory) for t in lengths]
        cells = max(spec.context_size, 1) * sum(sizes) * max(self.num_symbols, spec.num_params)
        if cells > MAX_TABLE_CELLS:
            raise InputError(
                f"memory: tables of the last {longest} symbols out of {self.num_symbols} need "
                f"{cells:,} numbers; expected at most {MAX_TABLE_CELLS:,}"
            )
        offsets = torch.tensor([0, *sizes]).cumsum(0)
        self.register_buffer("offsets", offsets, persistent=False)
        self.weight = nn.Parameter(
            torch.zeros(max(spec.context_size, 1), int(offsets[-1]), spec.num_params)
        )
        if spec.num_symbols is None:
            nn.init.normal_(self.weight, std=0.5)  # equal components of a mixture never part

    @property
    def num_rows(self) -> int:
        """R: how many pasts there are, over all steps."""
        return self.weight.shape[1]

    def symbols(self, features: Tensor) -> Tensor:
        """(…, F) -> (…) int64: the symbol that was encoded."""
        if features.shape[-1] > 1:
            return features.argmax(dim=-1)
        return ((features[..., 0] > 0.5) & (self.num_symbols > 1)).long()

    def rows(self, symbols: Tensor) -> Tensor:
        """(B, T) int64 -> (B, T) int64: the table row that each step reads."""
        length = symbols.shape[1]
        row = torch.zeros_like(symbols)
        for back in range(1, min(self.memory, length - 1) + 1):
            row[:, back:] += symbols[:, : length - back] * self.num_symbols ** (back - 1)
        steps = torch.arange(length, device=symbols.device)
        return row + self.offsets[self._table(steps)]

    def lookup(self, rows: Tensor, context: Tensor | None) -> Tensor:
        """(B, …) int64, (B, C) -> (B, …, P)."""
        if context is None:
            return self.weight[0][rows]
        return torch.einsum("bc,cb...p->b...p", context, self.weight[:, rows])

    def start(self, batch_size: int, context: Tensor | None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (past as a number, context, t)."""
        past = torch.zeros(batch_size, dtype=torch.int64, device=self.weight.device)
        return self.lookup(past, context), (past, context, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        past, context, position = state
        position += 1
        kept = self.num_symbols ** min(position, self.memory)
        past = (past * self.num_symbols + self.symbols(feature)) % kept
        table = min(position, self.memory) if self.homogeneous else position
        return self.lookup(past + self.offsets[table], context), (past, context, position)

    def count(
        self, symbols: Tensor, valid: Tensor, context: Tensor | None, smoothing: float
    ) -> Tensor:
        """(N, T) int64, (N, T) bool, (N, C) one-hot -> (C or 1, R, K): smoothed ln frequencies.

        Raises:
            InputError: a context that is not one-hot, for which counting has no meaning.
        """
        sets = self.weight.shape[0]
        if context is None:
            group = torch.zeros(symbols.shape[0], dtype=torch.int64, device=symbols.device)
        else:
            if not bool(((context == 0) | (context == 1)).all() & (context.sum(1) == 1).all()):
                raise InputError("context: counting needs one-hot classes, got other numbers")
            group = context.argmax(dim=1)
        safe = torch.where(valid, symbols, 0)
        counted = valid.clone()
        for back in range(1, min(self.memory, valid.shape[1] - 1) + 1):
            counted[:, back:] &= valid[:, :-back]  # a past with a gap belongs to no row
        cell = (group[:, None] * self.num_rows + self.rows(safe)) * self.num_symbols + safe
        counts = torch.bincount(
            cell[counted], minlength=sets * self.num_rows * self.num_symbols
        ).double()
        smoothed = counts.reshape(sets, self.num_rows, self.num_symbols) + smoothing
        total = smoothed.sum(dim=-1, keepdim=True)
        # A past that was never seen says nothing: all its symbols are equally likely, not 0 / 0.
        return torch.where(total > 0, smoothed / total, 1.0 / self.num_symbols).log()

    def num_parameters(self) -> int:
        """() -> rows × (K − 1): the last probability of a row follows from the others."""
        return self.weight.shape[0] * self.num_rows * self.free_per_row

    def _table(self, steps: Tensor) -> Tensor:
        return steps.clamp(max=self.memory) if self.homogeneous else steps
