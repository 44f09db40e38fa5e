"""What feeds the conformance suite: every system of the catalogue, small, and variants of some.

An entry in `arden.systems` is enough to have a network tested. A line here adds the same network
with other options, or one that is no system yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.conditional import Conditional
from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork, CountedNetwork
from arden.core.ordering import Ordering
from arden.networks import NETWORKS
from arden.networks.any_order_made import AnyOrderMADE, AnyOrderMADEOptions
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.attention_rnn import AttentionRNN, AttentionRNNOptions
from arden.networks.diagonal_bilstm import DiagonalBiLSTM, DiagonalBiLSTMOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.lstm import LSTM, LSTMOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.networks.pixelcnn_plus_plus import PixelCNNPlusPlus, PixelCNNPlusPlusOptions
from arden.networks.pixelsnail import PixelSNAIL, PixelSNAILOptions
from arden.networks.rnn import RNN, RNNOptions
from arden.networks.row_lstm import RowLSTM, RowLSTMOptions
from arden.networks.transformer import Transformer, TransformerOptions
from arden.networks.untied_nade import UntiedNADE, UntiedNADEOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.column import Column
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.zigzag import Zigzag
from arden.storage.plain import options_from
from arden.storage.recipe import find_class
from arden.systems import SYSTEMS, System
from tests.core.models import build

FAMILIES: dict[str, Conditional] = {
    "bernoulli": Bernoulli(),
    "categorical": Categorical(3),
    "scalar": Categorical(3, "scalar"),
    "logistic": LogisticMixture(3, 2),
    "gaussian": GaussianMixture(2),
}

ONE_HOT = ("bernoulli", "categorical")
DISCRETE = (*ONE_HOT, "scalar", "logistic")
ANY = (*DISCRETE, "gaussian")


@dataclass(frozen=True)
class Case:
    """A network with options, the families it fits, and what it can be laid over."""

    name: str
    network: type[CausalNetwork]
    options: Any
    families: tuple[str, ...] = ANY
    free_length: bool = False
    on_grid: bool = False
    """Whether it needs the raster of an image."""


VARIANTS = (
    Case("markov-homogeneous", Markov, MarkovOptions(1, homogeneous=True), ONE_HOT, True),
    Case("markov-far", Markov, MarkovOptions(9), ONE_HOT),
    Case("fvsbn-window", FVSBN, FVSBNOptions(memory=2)),
    Case("fvsbn-alone", FVSBN, FVSBNOptions(memory=0)),
    Case("nade-single", NADE, NADEOptions(hidden=1, activation="tanh")),
    Case("untied-single", UntiedNADE, UntiedNADEOptions(hidden=1, activation="tanh")),
    Case("made-deep", MADE, MADEOptions((9, 3, 8), "tanh", degrees="random", direct=False)),
    Case("made-linear", MADE, MADEOptions(hidden=())),
    Case("made-member", MADE, MADEOptions(hidden=(20, 12), masks=3, mask=2)),
    Case("rnn-single", RNN, RNNOptions(hidden=1), free_length=True),
    Case("rnn-deep", RNN, RNNOptions(hidden=5, layers=2), free_length=True),
    Case("lstm-deep", LSTM, LSTMOptions(hidden=4, layers=2), free_length=True),
    Case("gru-deep", GRU, GRUOptions(hidden=5, layers=2), free_length=True),
    Case("attention-rnn-tanh", AttentionRNN, AttentionRNNOptions(4, 2, "tanh"), free_length=True),
    Case("attention-rnn-gru", AttentionRNN, AttentionRNNOptions(3, cell="gru"), free_length=True),
    Case("transformer-deep", Transformer, TransformerOptions(8, 2, 2), free_length=True),
    Case("wavenet-deep", WaveNet, WaveNetOptions(4, 5, layers=2, stacks=2), free_length=True),
    Case("wavenet-narrow", WaveNet, WaveNetOptions(3, 4, layers=1, stacks=1), free_length=True),
    Case("wavenet-far", WaveNet, WaveNetOptions(4, 12, layers=4, stacks=1), free_length=True),
    Case("any-order", AnyOrderTransformer, AnyOrderTransformerOptions(8, heads=2, layers=2)),
    Case("any-order-made-deep", AnyOrderMADE, AnyOrderMADEOptions((9, 8), "tanh", direct=False)),
    Case(
        "pixelcnn++-wide",
        PixelCNNPlusPlus,
        PixelCNNPlusPlusOptions(3, blocks=2, kernel=5, dropout=0.1),
        ("logistic",),
        on_grid=True,
    ),
    Case("row-lstm-deep", RowLSTM, RowLSTMOptions(8, 2, 3), on_grid=True),
    Case("row-lstm-wide", RowLSTM, RowLSTMOptions(9, 1, 3, window=5), on_grid=True),
    Case("row-lstm-narrow", RowLSTM, RowLSTMOptions(9, 2, 3, window=1), on_grid=True),
    Case("diagonal-bilstm-deep", DiagonalBiLSTM, DiagonalBiLSTMOptions(8, 2, 5), on_grid=True),
    Case("gated-wide", GatedPixelCNN, GatedPixelCNNOptions(7, 3, kernel=5), on_grid=True),
    Case("gated-shallow", GatedPixelCNN, GatedPixelCNNOptions(9, 1, kernel=3), on_grid=True),
    Case("snail-deep", PixelSNAIL, PixelSNAILOptions(4, 2, 2, 4, heads=2), on_grid=True),
    Case("snail-attends", PixelSNAIL, PixelSNAILOptions(3, 1, 0, 2), on_grid=True),
    Case("orderless-shallow", OrderlessNADE, OrderlessNADEOptions((4,), "sigmoid")),
)


def _case_of(name: str, system: System) -> Case:
    """An entry of the catalogue -> the small instance of it that is tested."""
    network = find_class(NETWORKS, system.network, "network")
    module, _, attribute = system.options.partition(":")
    options = options_from(getattr(import_module(module), attribute), system.small, name)
    counted = issubclass(network, CountedNetwork)
    if system.layout.get("family") == "logistics":
        families: tuple[str, ...] = ("logistic",)
    elif "discrete" not in system.data:
        families = ("gaussian",)
    elif "real" not in system.data:
        families = ONE_HOT if counted else DISCRETE
    else:
        families = ANY
    return Case(
        name, network, options, families, not (system.needs or counted), "image" in system.needs
    )


CASES = (
    *(_case_of(name, system) for name, system in SYSTEMS.items() if "score" in system.verbs),
    *VARIANTS,
)

PAIRS = [(case, family) for case in CASES for family in case.families]
"""Every case with every family that fits it."""


def names(value: object) -> str | None:
    """What a parametrised test is called."""
    if isinstance(value, Case):
        return value.name
    return value.__name__ if isinstance(value, type) else None


def orderings(case: Case) -> tuple[type, ...]:
    """Three orderings that the case can be laid over (two where it needs a raster)."""
    return (Raster, Column) if case.on_grid else (Zigzag, Column, Shuffled)


def model_of(
    case: Case,
    family: str,
    shape: tuple[int, ...] = (2, 3),
    context_size: int = 0,
    ordering: Ordering | None = None,
    **how: Any,
) -> AutoregressiveModel:
    """A line of the table -> a shaken model of it, in an order that is not the order of storage."""
    rule = ordering if ordering is not None else orderings(case)[-1](shape)
    return build(case.network, case.options, FAMILIES[family], rule, context_size, **how)
