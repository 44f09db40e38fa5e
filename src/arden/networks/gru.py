"""A gated recurrent network: events of any length with a constant number of parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import CausalNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.networks.options import GRUOptions

__all__ = ["GRU", "GRUOptions"]


class GRU(CausalNetwork):
    """params_t = V h_t + b with h_{t+1} = GRU(h_t, x_t) and a learned h_0, shifted by the context.

    (Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
    translation", 2014.)
    """

    def __init__(self, spec: NetworkSpec, options: GRUOptions) -> None:
        super().__init__(spec, options)
        if options.hidden < 1 or options.layers < 1:
            raise InputError(
                f"hidden, layers: expected at least 1, got {options.hidden} and {options.layers}"
            )
        self.cells = nn.GRU(spec.num_features, options.hidden, options.layers, batch_first=True)
        self.first = nn.Parameter(torch.zeros(options.layers, options.hidden))
        self.output = nn.Linear(options.hidden, spec.num_params)
        self.context = (
            nn.Linear(spec.context_size, self.first.numel(), bias=False)
            if spec.context_size
            else None
        )

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        first = self._first(features.shape[0], context)
        length = features.shape[1]
        hidden = first[:, -1:]
        if length > 1:  # torch's recurrent layers refuse a sequence without any step
            later, _ = self.cells(features[:, :-1], first.transpose(0, 1).contiguous())
            hidden = torch.cat([hidden, later], dim=1)
        return self.output(hidden[:, :length])

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: every layer's hidden units (B, L, H)."""
        hidden = self._first(batch_size, context)
        return self.output(hidden[:, -1]), hidden

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        below, hidden = feature, []
        for layer, before in enumerate(state.unbind(dim=1)):
            weights = (getattr(self.cells, f"{name}_l{layer}") for name in _CELL_WEIGHTS)
            below = torch.gru_cell(below, before, *weights)
            hidden.append(below)
        return self.output(below), torch.stack(hidden, dim=1)

    def _first(self, batch_size: int, context: Tensor | None) -> Tensor:
        first = self.first.expand(batch_size, -1, -1)
        return first if self.context is None else first + self.context(context).reshape(first.shape)


_CELL_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
