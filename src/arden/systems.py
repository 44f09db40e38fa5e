"""THE catalogue: every named system, what it is made of and what can be asked of it.

All strings, so that listing and ``--help`` need no torch. The command line, the tests and the
documentation are fed from `SYSTEMS`; adding a model is one file under ``networks/`` and one entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any, Literal, TypeVar

__all__ = ["LayoutOptions", "SYSTEMS", "System", "with_defaults"]

T = TypeVar("T")


OrderingName = Literal[
    "raster", "zigzag", "column", "diagonal", "spiral", "hilbert", "shuffled", "given"
]


@dataclass(frozen=True)
class LayoutOptions:
    """How an event is laid out as a sequence, and what each scalar's distribution is."""

    ordering: OrderingName = "raster"
    """The order in which the variables are visited; any of them is exact."""
    ordering_seed: int = 0
    """Names a shuffled ordering."""
    steps: tuple[int, ...] = ()
    """A given ordering: every variable's number once, repeating the option."""
    condition: Literal["none", "label"] = "none"
    """Model p(x | class) instead of p(x), for data that come with labels."""
    encoding: Literal["auto", "one_hot", "scalar"] = "auto"
    """How a symbol is shown to the network; auto is one-hot for texts, tables, up to 32 symbols."""
    components: int = 10
    """Gaussians in the mixture of every real variable."""
    min_scale: float = 1e-3
    """The least standard deviation of a Gaussian, in units of its variable's own."""


_EVERY_VERB = ("fit", "score", "sample", "verify")


@dataclass(frozen=True)
class System:
    """One named system.

    ``network`` is a name of the networks' catalogue, ``options`` the "module:Class" of its options;
    ``data`` the kinds of values it takes (discrete, real, mixed); ``training`` the defaults where
    it departs from `TrainingOptions`; ``formula`` and ``paper`` are shown to its reader.
    """

    title: str
    network: str
    options: str
    formula: str
    paper: str
    data: tuple[str, ...] = ("discrete", "real", "mixed")
    verbs: tuple[str, ...] = _EVERY_VERB
    training: Mapping[str, Any] = field(default_factory=dict)


SYSTEMS: dict[str, System] = {
    "fvsbn": System(
        title="Fully visible sigmoid belief net",
        network="fvsbn",
        options="arden.networks.options:FVSBNOptions",
        formula="x̂_i = σ(b_i + Σ_{j<i} α_ij x_j)",
        paper="Neal, Connectionist learning of belief networks, 1992",
        training={"learning_rate": 1e-2, "weight_decay": 0.1},
    ),
    "gru": System(
        title="Gated recurrent network",
        network="gru",
        options="arden.networks.options:GRUOptions",
        formula="h_{t+1} = (1 − z) n + z h_t, n = tanh(W x + r U h_t + c), x̂_t = σ(V h_t + b)",
        paper="Cho et al., Learning phrase representations using RNN encoder-decoder, 2014",
        training={"learning_rate": 1e-2},
    ),
    "independent": System(
        title="Fully independent variables",
        network="independent",
        options="arden.networks.options:IndependentOptions",
        formula="p(x) = ∏ p(x_i)",
        paper="",
    ),
    "lstm": System(
        title="Long short-term memory",
        network="lstm",
        options="arden.networks.options:LSTMOptions",
        formula="c_{t+1} = f c_t + i g, h_{t+1} = o tanh(c_{t+1}), x̂_t = σ(V h_t + b)",
        paper="Hochreiter, Schmidhuber, Long short-term memory, 1997",
        training={"learning_rate": 1e-2},
    ),
    "made": System(
        title="Masked autoencoder for distribution estimation",
        network="made",
        options="arden.networks.options:MADEOptions",
        formula="h = g((W ∘ M_W) x + b), x̂ = σ((V ∘ M_V) h + c)",
        paper="Germain, Gregor, Murray, Larochelle, MADE, 2015",
        training={"weight_decay": 0.1},
    ),
    "markov": System(
        title="Markov chain AR(m), by table",
        network="markov",
        options="arden.networks.options:MarkovOptions",
        formula="p(x) = ∏ p(x_i | x_{i−m} … x_{i−1})",
        paper="",
        data=("discrete",),
    ),
    "nade": System(
        title="Neural autoregressive distribution estimator",
        network="nade",
        options="arden.networks.options:NADEOptions",
        formula="h_i = σ(W_{·,<i} x_<i + c), x̂_i = σ(v_i·h_i + b_i)",
        paper="Larochelle, Murray, The neural autoregressive distribution estimator, 2011",
        training={"learning_rate": 3e-3, "weight_decay": 0.1},
    ),
    "rnn": System(
        title="Recurrent network",
        network="rnn",
        options="arden.networks.options:RNNOptions",
        formula="h_{t+1} = tanh(W_hh h_t + W_xh x_{t+1}), o_t = W_hy h_t, h_0 = b_0",
        paper="Elman, Finding structure in time, 1990",
        training={"learning_rate": 3e-3, "clip": 1.0},
    ),
    "table": System(
        title="Full joint table",
        network="table",
        options="arden.networks.options:TableOptions",
        formula="one number for every configuration: Kⁿ − 1 of them",
        paper="",
        data=("discrete",),
    ),
    "transformer": System(
        title="Causal Transformer",
        network="transformer",
        options="arden.networks.options:TransformerOptions",
        formula="softmax(Q Kᵀ / √d) V over the steps before, then a perceptron, layer by layer",
        paper="Vaswani et al., Attention is all you need, 2017",
    ),
    "wavenet": System(
        title="WaveNet: gated dilated causal convolutions",
        network="wavenet",
        options="arden.networks.options:WaveNetOptions",
        formula="z = tanh(W_f ∗ x) · σ(W_g ∗ x), dilations 1, 2, 4 …",
        paper="van den Oord et al., WaveNet: a generative model for raw audio, 2016",
        training={"learning_rate": 3e-3},
    ),
}


def with_defaults(cls: type[T], defaults: Mapping[str, Any]) -> type[T]:
    """An options dataclass, values by name -> the same options with those defaults instead.

    >>> from arden.training.options import TrainingOptions
    >>> with_defaults(TrainingOptions, {"epochs": 7})().epochs
    7
    """
    known = {option.name: option.type for option in fields(cls)}  # type: ignore[arg-type]
    changed = [(name, known[name], value) for name, value in defaults.items()]
    made = make_dataclass(cls.__name__, changed, bases=(cls,), frozen=True)
    made.__module__ = cls.__module__  # where its annotations are looked up
    return made
