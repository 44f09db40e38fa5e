"""The plain recurrent network of the lecture: all that was seen, squeezed into one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import NetworkSpec
from arden.networks._recurrent import CellState, CellWeights, RecurrentNetwork
from arden.networks.options.sequences import RNNOptions

__all__ = ["RNN", "RNNOptions"]


class RNN(RecurrentNetwork):
    """h_{t+1} = tanh(W_hh h_t + W_xh x_{t+1} + c), o_t = W_hy h_t + b and a learned h_0 = b_0.

    As few parameters for a long event as for a short one; what is far back fades, for every step
    squashes it again. (Elman, "Finding structure in time", 1990.)
    """

    def __init__(self, spec: NetworkSpec, options: RNNOptions) -> None:
        super().__init__(spec, options, nn.RNN, parts=1)

    def hidden_units(self, features: Tensor, first: CellState) -> Tensor:
        """(B, T, F), ((L, B, H),) -> (B, T, H)."""
        return self.cells(features, first[0])[0]

    def cell(self, below: Tensor, before: CellState, weights: CellWeights) -> CellState:
        """(B, F or H), ((B, H),) -> ((B, H),): tanh(W_xh x + W_hh h + c)."""
        return (torch.rnn_tanh_cell(below, before[0], *weights),)
