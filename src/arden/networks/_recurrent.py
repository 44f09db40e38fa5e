"""What tanh, LSTM and GRU networks have in common: the last hidden units are read, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from arden.core.network import HiddenNetwork, NetworkSpec, State
from arden.layers.recurrent import RecurrentLayers

__all__ = ["RecurrentNetwork"]


class RecurrentNetwork(HiddenNetwork):
    """params_t = V h_t + b, where h_{t+1} = cell(h_t, x_t) and h_0 is learned.

    Any number of steps with one set of weights.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        options: Any,
        layers: Callable[[NetworkSpec, Any], RecurrentLayers],
    ) -> None:
        super().__init__(spec, options)
        self.recurrent = layers(spec, options)
        self.output = nn.Linear(options.hidden, spec.num_params)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        return self.output(self.hidden_units(features, context))

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, H)."""
        return self.recurrent(features, context)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (B, L, H) for each part of the cell's."""
        state = self.recurrent.start(batch_size, context)
        return self.output(self.recurrent.top(state)), state

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        state = self.recurrent.step(state, feature)
        return self.output(self.recurrent.top(state)), state
