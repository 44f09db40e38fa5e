"""Long short-term memory: a cell that is added to, beside the hidden units that are read."""

from __future__ import annotations

from arden.core.network import NetworkSpec
from arden.layers.recurrent import LSTMLayers
from arden.networks._recurrent import RecurrentNetwork
from arden.networks.options.sequences import LSTMOptions

__all__ = ["LSTM", "LSTMOptions"]


class LSTM(RecurrentNetwork):
    """c_{t+1} = f c_t + i g, h_{t+1} = o tanh(c_{t+1}), with g = tanh(…) and gates i, f, o = σ(…).

    The first hidden units and the first cell are both learned. (Hochreiter, Schmidhuber, "Long
    short-term memory", 1997; with the forget gate of Gers, Schmidhuber, Cummins, "Learning to
    forget", 2000.)
    """

    def __init__(self, spec: NetworkSpec, options: LSTMOptions) -> None:
        super().__init__(spec, options, LSTMLayers)
