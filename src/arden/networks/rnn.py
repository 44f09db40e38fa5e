"""The plain recurrent network of the lecture: all that was seen, squeezed into one vector."""

from __future__ import annotations

from arden.core.network import NetworkSpec
from arden.layers.recurrent import TanhLayers
from arden.networks._recurrent import RecurrentNetwork
from arden.networks.options.sequences import RNNOptions

__all__ = ["RNN", "RNNOptions"]


class RNN(RecurrentNetwork):
    """h_{t+1} = tanh(W_hh h_t + W_xh x_{t+1} + c), o_t = W_hy h_t + b and a learned h_0 = b_0.

    As few parameters for a long event as for a short one; what is far back fades, for every step
    squashes it again. (Elman, "Finding structure in time", 1990.)
    """

    def __init__(self, spec: NetworkSpec, options: RNNOptions) -> None:
        super().__init__(spec, options, TanhLayers)
