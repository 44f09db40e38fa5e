"""What independent variables, Markov chains and the full table have in common: one table."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from arden.core.network import CountedNetwork, NetworkSpec, State
from arden.layers.context_table import ContextTable

__all__ = ["TabularNetwork"]


class TabularNetwork(CountedNetwork):
    """Parameters looked up by the last ``memory`` symbols; fitted by counting, or by gradient."""

    def __init__(
        self, spec: NetworkSpec, options: Any, memory: int, homogeneous: bool = False
    ) -> None:
        super().__init__(spec, options)
        self.table = ContextTable(spec, memory, homogeneous)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        return self.table.lookup(self.table.rows(self.table.symbols(features)), context)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (past as a number, context, t)."""
        return self.table.start(batch_size, context)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        return self.table.step(state, feature)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: the last ``memory`` steps."""
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        return before & before.triu(-self.table.memory)

    def num_parameters(self) -> int:
        """() -> one probability fewer than symbols for every row of the table."""
        return self.table.num_parameters()

    def fit_counts(
        self, symbols: Tensor, valid: Tensor, context: Tensor | None, smoothing: float
    ) -> Tensor:
        """(N, T) int64, (N, T) bool, (N, C) one-hot -> (C or 1, R, K) smoothed ln frequencies."""
        return self.table.count(symbols, valid, context, smoothing)

    @torch.no_grad()
    def set_table(self, params: Tensor) -> None:
        """(C or 1, R, P) -> ()."""
        self.table.weight.copy_(params)
