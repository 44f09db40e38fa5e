"""A gated recurrent network: gates say how much of the past is kept, and how much is read."""

from __future__ import annotations

from arden.core.network import NetworkSpec
from arden.layers.recurrent import GRULayers
from arden.networks._recurrent import RecurrentNetwork
from arden.networks.options.sequences import GRUOptions

__all__ = ["GRU", "GRUOptions"]


class GRU(RecurrentNetwork):
    """h_{t+1} = (1 − z) n + z h_t with n = tanh(W x + r U h_t + c), gates z, r = σ(… x, h_t).

    (Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio, "Learning phrase
    representations using RNN encoder-decoder for statistical machine translation", 2014; the reset
    gate applied after the matrix, as torch and cuDNN do.)
    """

    def __init__(self, spec: NetworkSpec, options: GRUOptions) -> None:
        super().__init__(spec, options, GRULayers)
