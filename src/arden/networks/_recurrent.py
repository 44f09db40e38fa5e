"""What tanh, LSTM and GRU networks have in common: everything but the cell."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from arden.core.network import CausalNetwork, NetworkSpec, State
from arden.errors import InputError

__all__ = ["CellState", "CellWeights", "RecurrentNetwork"]

CellState = tuple[Tensor, ...]
"""What a cell carries from step to step: its hidden units first, then what else it remembers."""

CellWeights = tuple[Tensor, ...]
"""Input and hidden weights, input and hidden biases of one layer, as torch's cells take them."""


class RecurrentNetwork(CausalNetwork):
    """params_t = V h_t + b, where h_{t+1} = cell(h_t, x_t) and h_0 is learned.

    Any number of steps with one set of weights. A context shifts the first state. Layers are
    stacked: the one above reads the hidden units of the one below. `forward` runs ``fused``, all
    steps in one call of torch; `step` runs the same weights through one cell a layer. Torch's cells
    add an input bias and a hidden bias; both are stored and counted.
    """

    def __init__(
        self, spec: NetworkSpec, options: Any, fused: Callable[..., nn.RNNBase], parts: int
    ) -> None:
        super().__init__(spec, options)
        hidden, layers = options.hidden, options.layers
        if hidden < 1 or layers < 1:
            raise InputError(f"hidden, layers: expected at least 1, got {hidden} and {layers}")
        self.cells = fused(spec.num_features, hidden, layers, batch_first=True)
        self.first = nn.Parameter(torch.zeros(parts, layers, hidden))
        self.output = nn.Linear(hidden, spec.num_params)
        self.context = (
            nn.Linear(spec.context_size, self.first.numel(), bias=False)
            if spec.context_size
            else None
        )

    @abstractmethod
    def hidden_units(self, features: Tensor, first: CellState) -> Tensor:
        """(B, T, F), parts of (L, B, H) -> (B, T, H): the top layer after each of the features."""

    @abstractmethod
    def cell(self, below: Tensor, before: CellState, weights: CellWeights) -> CellState:
        """(B, F or H), parts of (B, H) -> parts of (B, H): one layer, one step."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        first = self._first(features.shape[0], context)
        length = features.shape[1]
        hidden = first[0][:, -1:]
        if length > 1:  # torch's recurrent layers refuse a sequence without any step
            layers_first = tuple(part.transpose(0, 1).contiguous() for part in first)
            # The last feature is seen by nobody.
            later = self.hidden_units(features[:, :-1], layers_first)
            hidden = torch.cat([hidden, later], dim=1)
        return self.output(hidden[:, :length])

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (B, L, H) for each part of the cell's."""
        state = self._first(batch_size, context)
        return self.output(state[0][:, -1]), state

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        below, after = feature, []
        layers = zip(*(part.unbind(dim=1) for part in state), strict=True)
        for before, weights in zip(layers, self.cells.all_weights, strict=True):
            after.append(self.cell(below, before, tuple(weights)))
            below = after[-1][0]
        parts = zip(*after, strict=True)
        return self.output(below), tuple(torch.stack(part, dim=1) for part in parts)

    def _first(self, batch_size: int, context: Tensor | None) -> CellState:
        first = self.first.expand(batch_size, -1, -1, -1)
        if self.context is not None:
            first = first + self.context(context).reshape(first.shape)
        return first.unbind(dim=1)
