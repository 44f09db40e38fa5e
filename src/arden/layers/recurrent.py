"""Recurrent layers of three cells, with a learned first state: all that was seen, in one vector."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec
from arden.errors import InputError

__all__ = ["CellState", "GRULayers", "LSTMLayers", "RecurrentLayers", "TanhLayers"]

CellState = tuple[Tensor, ...]
"""What a cell carries from step to step: its hidden units first, then what else it remembers."""

_WIDE = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
"""Whether this processor has what torch's LSTM needs for bfloat16."""

CellWeights = tuple[Tensor, ...]
"""Input and hidden weights, input and hidden biases of one layer, as torch's cells take them."""


class RecurrentLayers(nn.Module, ABC):
    """(B, T, F), (B, C) -> (B, T, H): hidden units h_t, each made of features[:, :t] alone.

    h_{t+1} = cell(h_t, x_t) and h_0 is learned; a context shifts it. Layers are stacked: the one
    above reads the hidden units of the one below. `forward` runs all steps in one call of torch;
    `step` runs the same weights through one cell a layer. Torch's cells add an input bias and a
    hidden bias; both are stored and counted.
    """

    def __init__(
        self, spec: NetworkSpec, options: Any, fused: Callable[..., nn.RNNBase], parts: int
    ) -> None:
        super().__init__()
        hidden, layers = options.hidden, options.layers
        if hidden < 1 or layers < 1:
            raise InputError(f"hidden, layers: expected at least 1, got {hidden} and {layers}")
        self.cells = fused(spec.num_features, hidden, layers, batch_first=True)
        self.first = nn.Parameter(torch.zeros(parts, layers, hidden))
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
        """(B, T, F), (B, C) -> (B, T, H)."""
        first = self.start(features.shape[0], context)
        length = features.shape[1]
        hidden = self.top(first)[:, None]
        if length > 1:  # torch's recurrent layers refuse a sequence without any step
            layers_first = tuple(part.transpose(0, 1).contiguous() for part in first)
            # The last feature is seen by nobody.
            later = self.hidden_units(features[:, :-1], layers_first)
            hidden = torch.cat([hidden, later], dim=1)
        return hidden[:, :length]

    def start(self, batch_size: int, context: Tensor | None = None) -> CellState:
        """B, (B, C) -> the first state: (B, L, H) for each part of the cell's."""
        first = self.first.expand(batch_size, -1, -1, -1)
        if self.context is not None:
            first = first + self.context(context).reshape(first.shape)
        return first.unbind(dim=1)

    def step(self, state: CellState, feature: Tensor) -> CellState:
        """state, (B, F) -> the next state."""
        below, after = feature, []
        layers = zip(*(part.unbind(dim=1) for part in state), strict=True)
        for before, weights in zip(layers, self.cells.all_weights, strict=True):
            after.append(self.cell(below, before, tuple(weights)))
            below = after[-1][0]
        parts = zip(*after, strict=True)
        return tuple(torch.stack(part, dim=1) for part in parts)

    def top(self, state: CellState) -> Tensor:
        """state -> (B, H): the hidden units of the top layer."""
        return state[0][:, -1]


class TanhLayers(RecurrentLayers):
    """h_{t+1} = tanh(W_hh h_t + W_xh x_t + c)."""

    def __init__(self, spec: NetworkSpec, options: Any) -> None:
        super().__init__(spec, options, nn.RNN, parts=1)

    def hidden_units(self, features: Tensor, first: CellState) -> Tensor:
        """(B, T, F), ((L, B, H),) -> (B, T, H)."""
        return self.cells(features, first[0])[0]

    def cell(self, below: Tensor, before: CellState, weights: CellWeights) -> CellState:
        """(B, F or H), ((B, H),) -> ((B, H),): tanh(W_xh x + W_hh h + c)."""
        return (torch.rnn_tanh_cell(below, before[0], *weights),)


class LSTMLayers(RecurrentLayers):
    """c_{t+1} = f c_t + i g, h_{t+1} = o tanh(c_{t+1}); the first cell is learned as well."""

    def __init__(self, spec: NetworkSpec, options: Any) -> None:
        super().__init__(spec, options, nn.LSTM, parts=2)

    def hidden_units(self, features: Tensor, first: CellState) -> Tensor:
        """(B, T, F), ((L, B, H), (L, B, H)) -> (B, T, H).

        Where autocast asks a processor for bfloat16 products that it has not, in the weights' own
        precision: torch's LSTM would refuse.
        """
        if features.device.type == "cpu" and not _WIDE:
            dtype = self.first.dtype
            with torch.autocast("cpu", enabled=False):
                return self.cells(features.to(dtype), tuple(part.to(dtype) for part in first))[0]
        return self.cells(features, first)[0]

    def cell(self, below: Tensor, before: CellState, weights: CellWeights) -> CellState:
        """(B, F or H), ((B, H), (B, H)) -> ((B, H), (B, H)): hidden units, cell."""
        return torch.lstm_cell(below, before, *weights)


class GRULayers(RecurrentLayers):
    """h_{t+1} = (1 − z) n + z h_t; the reset gate applied after the matrix, as cuDNN does."""

    def __init__(self, spec: NetworkSpec, options: Any) -> None:
        super().__init__(spec, options, nn.GRU, parts=1)

    def hidden_units(self, features: Tensor, first: CellState) -> Tensor:
        """(B, T, F), ((L, B, H),) -> (B, T, H)."""
        return self.cells(features, first[0])[0]

    def cell(self, below: Tensor, before: CellState, weights: CellWeights) -> CellState:
        """(B, F or H), ((B, H),) -> ((B, H),): (1 − z) n + z h."""
        return (torch.gru_cell(below, before[0], *weights),)
