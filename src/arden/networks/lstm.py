"""Long short-term memory: a cell that is added to, beside the hidden units that are read."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec
from arden.networks._recurrent import CellState, CellWeights, RecurrentNetwork
from arden.networks.options.sequences import LSTMOptions

__all__ = ["LSTM", "LSTMOptions"]


class LSTM(RecurrentNetwork):
    """c_{t+1} = f c_t + i g, h_{t+1} = o tanh(c_{t+1}), with g = tanh(…) and gates i, f, o = σ(…).

    The first hidden units and the first cell are both learned. (Hochreiter, Schmidhuber, "Long
    short-term memory", 1997; with the forget gate of Gers, Schmidhuber, Cummins, "Learning to
    forget", 2000.)
    """

    def __init__(self, spec: NetworkSpec, options: LSTMOptions) -> None:
        super().__init__(spec, options, nn.LSTM, parts=2)

    def hidden_units(self, features: Tensor, first: CellState) -> Tensor:
        """(B, T, F), ((L, B, H), (L, B, H)) -> (B, T, H)."""
        return self.cells(features, first)[0]

    def cell(self, below: Tensor, before: CellState, weights: CellWeights) -> CellState:
        """(B, F or H), ((B, H), (B, H)) -> ((B, H), (B, H)): hidden units, cell."""
        return torch.lstm_cell(below, before, *weights)
