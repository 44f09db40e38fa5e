"""What cannot be built or asked: one sentence: the argument, what was expected, what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.conditional import Conditional
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import AnyOrderNetwork, CausalNetwork
from arden.core.ordering import Ordering
from arden.errors import InputError
from arden.layers.activation import activation
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
from arden.networks.table import Table, TableOptions
from arden.networks.transformer import Transformer, TransformerOptions
from arden.networks.untied_nade import UntiedNADE, UntiedNADEOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.orderings.zigzag import Zigzag
from tests.core.models import build
from tests.networks.cases import CASES, Case, model_of, names

BITS, LETTERS, STRINGS = Bernoulli(), Categorical(4), UntilEnd(0)


@pytest.mark.parametrize(
    ("network", "options", "conditional", "ordering", "sentence"),
    [
        (Table, TableOptions(), BITS, Raster((25,)), r"2\^25 − 1 = 33,554,431 numbers"),
        (Table, TableOptions(), BITS, Raster((784,)), r"about 10\^236"),
        (Table, TableOptions(), GaussianMixture(2), Raster((3,)), "discrete"),
        (Table, TableOptions(), LETTERS, STRINGS, "fixed length"),
        (Table, TableOptions(), Categorical(3, "scalar"), Raster((3,)), "one_hot"),
        (Markov, MarkovOptions(1), LogisticMixture(4, 2), Raster((3,)), "one_hot"),
        (Markov, MarkovOptions(1), GaussianMixture(2), Raster((3,)), "discrete"),
        (Markov, MarkovOptions(-1), BITS, Raster((3,)), "memory: expected a number ≥ 0, got -1"),
        (Markov, MarkovOptions(30), BITS, Raster((40,)), "memory: .* at most 1,048,576"),
        (Markov, MarkovOptions(1), LETTERS, STRINGS, "homogeneous: expected true"),
        (FVSBN, FVSBNOptions(-1), BITS, Raster((3,)), "memory: expected a number ≥ 0, got -1"),
        (FVSBN, FVSBNOptions(), LETTERS, STRINGS, "fixed length"),
        (FVSBN, FVSBNOptions(), Categorical(256), Raster((99,)), "642,318,336 weights"),
        (NADE, NADEOptions(0), BITS, Raster((3,)), "hidden: expected at least 1, got 0"),
        (NADE, NADEOptions(), LETTERS, STRINGS, "fixed length"),
        (AnyOrderMADE, AnyOrderMADEOptions(), LETTERS, STRINGS, "fixed length"),
        (AnyOrderMADE, AnyOrderMADEOptions(()), BITS, Raster((3,)), r"hidden: .* got \(\)"),
        (OrderlessNADE, OrderlessNADEOptions(), LETTERS, STRINGS, "fixed length"),
        (OrderlessNADE, OrderlessNADEOptions(()), BITS, Raster((3,)), r"hidden: .* got \(\)"),
        (
            OrderlessNADE,
            OrderlessNADEOptions((3, 0)),
            BITS,
            Raster((3,)),
            "at least 1 unit",
        ),
        (UntiedNADE, UntiedNADEOptions(0), BITS, Raster((3,)), "hidden: expected at least 1"),
        (UntiedNADE, UntiedNADEOptions(), LETTERS, STRINGS, "untied NADE needs events of one"),
        (UntiedNADE, UntiedNADEOptions(900), BITS, Raster((784,)), "276,242,400 weights; expected"),
        (NADE, NADEOptions(3, "gelu"), BITS, Raster((3,)), "activation: expected one of relu"),
        (MADE, MADEOptions((3, 0)), BITS, Raster((3,)), r"hidden: .* got \(3, 0\)"),
        (MADE, MADEOptions((3,), masks=2, mask=2), BITS, Raster((3,)), "got mask 2, masks 2"),
        (MADE, MADEOptions((3,), masks=2, mask=-1), BITS, Raster((3,)), "got mask -1, masks 2"),
        (MADE, MADEOptions((3,), masks=0), BITS, Raster((3,)), "got mask 0, masks 0"),
        (MADE, MADEOptions((), direct=False), BITS, Raster((3,)), "direct: expected true"),
        (MADE, MADEOptions(), LETTERS, STRINGS, "fixed length"),
        (GRU, GRUOptions(hidden=0), BITS, Raster((3,)), "hidden, layers: .* got 0 and 1"),
        (RNN, RNNOptions(hidden=-1), BITS, Raster((3,)), "hidden, layers: .* got -1 and 1"),
        (LSTM, LSTMOptions(layers=0), BITS, Raster((3,)), "hidden, layers: .* got 256 and 0"),
        (
            AttentionRNN,
            AttentionRNNOptions(cell="relu"),  # type: ignore[arg-type]
            BITS,
            Raster((3,)),
            "cell: expected one of tanh, gru, lstm, got 'relu'",
        ),
        (
            AnyOrderTransformer,
            AnyOrderTransformerOptions(width=10, heads=4),
            BITS,
            Raster((3,)),
            "heads: expected a divisor of the width, got 4 heads for width 10",
        ),
        (
            Transformer,
            TransformerOptions(width=6, heads=2),
            LETTERS,
            STRINGS,
            "heads: .* an even share, got 2 heads for width 6",
        ),
        (Transformer, TransformerOptions(layers=0), BITS, Raster((3,)), "layers: .* got 0"),
        (AnyOrderTransformer, AnyOrderTransformerOptions(), LETTERS, STRINGS, "fixed length"),
        (
            WaveNet,
            WaveNetOptions(skip=0),
            BITS,
            Raster((3,)),
            "channels, skip: expected at least 1",
        ),
        (WaveNet, WaveNetOptions(layers=0), BITS, STRINGS, "layers: expected 1 to 20, got 0"),
        (WaveNet, WaveNetOptions(layers=21), BITS, STRINGS, "layers: expected 1 to 20, got 21"),
        (WaveNet, WaveNetOptions(stacks=0), BITS, STRINGS, "stacks: expected at least 1, got 0"),
        (
            PixelCNNPlusPlus,
            PixelCNNPlusPlusOptions(),
            LogisticMixture(4, 2),
            Zigzag((3, 3)),
            "raster",
        ),
        (PixelCNNPlusPlus, PixelCNNPlusPlusOptions(), BITS, Raster((3, 3)), "mixture of logistics"),
        (
            PixelCNNPlusPlus,
            PixelCNNPlusPlusOptions(kernel=4),
            LogisticMixture(4, 2),
            Raster((3, 3)),
            "kernel: expected an odd width of 3 or more, got 4",
        ),
        (
            PixelCNNPlusPlus,
            PixelCNNPlusPlusOptions(blocks=0),
            LogisticMixture(4, 2),
            Raster((3, 3)),
            "channels, blocks: expected at least 1 of each, got 32 and 0",
        ),
        (
            PixelCNNPlusPlus,
            PixelCNNPlusPlusOptions(dropout=1.0),
            LogisticMixture(4, 2),
            Raster((3, 3)),
            "dropout: expected a share ≥ 0 and below 1, got 1.0",
        ),
        (RowLSTM, RowLSTMOptions(), BITS, Zigzag((3, 3)), "raster"),
        (RowLSTM, RowLSTMOptions(window=2), BITS, Raster((3, 3)), "window: .* odd width, got 2"),
        (RowLSTM, RowLSTMOptions(kernel=1), BITS, Raster((3, 3)), "kernel: .* at least 3, got 1"),
        (RowLSTM, RowLSTMOptions(layers=0), BITS, Raster((3, 3)), "layers: .* got 16 and 0"),
        (
            DiagonalBiLSTM,
            DiagonalBiLSTMOptions(hidden=2),
            BITS,
            Raster((2, 2, 3)),
            "hidden, layers: expected at least 3 .* got 2 and 2",
        ),
        (DiagonalBiLSTM, DiagonalBiLSTMOptions(), BITS, Zigzag((3, 3)), "raster"),
        (GatedPixelCNN, GatedPixelCNNOptions(), BITS, Zigzag((3, 3)), "raster"),
        (
            GatedPixelCNN,
            GatedPixelCNNOptions(kernel=1),
            BITS,
            Raster((3, 3)),
            "kernel: expected an odd width of at least 3, got 1",
        ),
        (
            GatedPixelCNN,
            GatedPixelCNNOptions(layers=0),
            BITS,
            Raster((3, 3)),
            "channels, layers: expected at least 1, got 32 and 0",
        ),
        (PixelSNAIL, PixelSNAILOptions(), LETTERS, STRINGS, "raster"),
        (
            PixelSNAIL,
            PixelSNAILOptions(blocks=0),
            BITS,
            Raster((3, 3)),
            "channels, blocks, residuals: expected at least 1, 1 and 0, got 32, 0 and 2",
        ),
        (
            PixelSNAIL,
            PixelSNAILOptions(heads=3),
            BITS,
            Raster((3, 3)),
            "heads: expected a divisor of the numbers of attention, got 3 heads for 16",
        ),
    ],
)
def test_networks_that_cannot_be_built(
    network: type[CausalNetwork],
    options: Any,
    conditional: Conditional,
    ordering: Ordering,
    sentence: str,
) -> None:
    with pytest.raises(InputError, match=sentence):
        network(spec_for(ordering, conditional), options)


def test_a_table_of_20_bits_is_still_built() -> None:
    assert build(Table, TableOptions(), BITS, Raster((20,))).num_parameters == 2**20 - 1


def test_an_activation_of_another_name() -> None:
    with pytest.raises(InputError, match="expected one of relu, sigmoid, tanh, got 'swish'"):
        activation("swish")


@pytest.mark.parametrize(
    ("ordering", "conditional", "name"),
    [
        (Raster((4,)), BITS, "num_steps"),
        (STRINGS, BITS, "num_steps"),
        (Raster((3,)), LETTERS, "num_features"),
        (Raster((3,)), LogisticMixture(2, 1), "num_params"),
    ],
)
def test_parts_that_do_not_fit(ordering: Ordering, conditional: Conditional, name: str) -> None:
    network = NADE(spec_for(Raster((3,)), BITS), NADEOptions(2))
    with pytest.raises(InputError, match=f"built for {name}"):
        AutoregressiveModel(ordering, network, conditional)


@pytest.mark.parametrize("case", CASES, ids=names)
def test_questions_that_have_no_answer(case: Case) -> None:
    family = case.families[0]
    plain, classes = model_of(case, family, (2, 3)), model_of(case, family, (2, 3), 3)
    x, two = torch.zeros(2, 2, 3), torch.eye(3)[:2]
    nan = x.clone()
    nan[1, 0, 2] = torch.nan
    late = torch.ones(2, 2, 3, dtype=torch.bool)
    late.flatten(1)[1, int(plain.dims(2, 6)[0])] = False
    asked: list[tuple[str, Callable[[], object]]] = [
        (r"x: expected shape \(B, 2, 3\), got \(2, 6\)", lambda: plain.log_prob(x.flatten(1))),
        (r"x: expected shape \(B, 2, 3\), got \(2, 3\)", lambda: plain.log_prob(x[0])),
        ("row 1, variable 2 holds nan", lambda: plain.log_prob(nan)),
        ("holds 3.0, outside the support", lambda: plain.log_prob(x + 3)),
        ("holds -1.0, outside the support", lambda: plain.log_prob(x - 1)),
        ("holds 0.5, outside the support", lambda: plain.log_prob(x + 0.5)),
        ("context: this model takes none", lambda: plain.log_prob(x, two)),
        (r"context: expected shape \(2, 3\), got None", lambda: classes.log_prob(x)),
        (r"context: .* got \(2, 2\)", lambda: classes.log_prob(x, two[:, :2])),
        (r"context: .* got \(1, 3\)", lambda: classes.log_prob(x, two[:1])),
        (r"context: .* got \(3,\)", lambda: classes.log_prob(x, two[0])),
        (r"context: expected shape \(5, 3\), got None", lambda: classes.begin(5)),
        (r"observed: .* got \(2, 6\)", lambda: plain.log_prob(x, observed=late.flatten(1))),
        ("observed: .* one comes after", lambda: plain.log_prob(x, observed=late)),
        (r"prefix: .* got \(2, 7\)", lambda: plain.begin(2, prefix=torch.zeros(2, 7))),
        (r"prefix: .* got \(3, 1\)", lambda: plain.begin(2, prefix=torch.zeros(3, 1))),
        ("prefix: .* outside the support", lambda: plain.begin(2, prefix=torch.full((2, 1), 3))),
    ]
    if plain.conditional.num_symbols is None:  # every finite number has a density
        asked = [pair for pair in asked if "outside the support" not in pair[0] or "nan" in pair[0]]
    told = isinstance(plain.network, AnyOrderNetwork)
    if told or not plain.network.promised(6)[:, 0].any():  # then it has an answer
        asked = [pair for pair in asked if "one comes after" not in pair[0]]
        assert plain.log_prob(x, observed=late).isfinite().all()
    for sentence, ask in asked:
        with pytest.raises(InputError, match=sentence):
            ask()


@pytest.mark.parametrize(
    "case", [case for case in CASES if not issubclass(case.network, AnyOrderNetwork)], ids=names
)
def test_an_order_for_a_network_that_has_its_own(case: Case) -> None:
    model = model_of(case, case.families[0], (2, 3))
    sentence = f"order: {case.network.__name__} has one order"
    with pytest.raises(InputError, match=sentence):
        model.log_prob(torch.zeros(2, 2, 3), order=torch.arange(6))
    with pytest.raises(InputError, match=sentence):
        model.begin(2, order=torch.arange(6))


def test_an_order_that_is_none() -> None:
    model = build(AnyOrderTransformer, AnyOrderTransformerOptions(4, 1, 1), BITS, Raster((3,)))
    x = torch.zeros(2, 3)
    for order in ([0, 1], [[0, 1, 2]] * 3, [0, 1, 1], [0, 1, 3], [[0, 1, 2], [2, 2, 0]]):
        with pytest.raises(InputError, match="order: expected"):
            model.log_prob(x, order=torch.tensor(order))


def test_strings_need_a_length() -> None:
    model = build(GRU, GRUOptions(3), LETTERS, STRINGS)
    with pytest.raises(InputError, match="max_steps: expected a number"):
        model.begin(2)
    with pytest.raises(InputError, match=r"x: expected shape \(B, length\)"):
        model.log_prob(torch.zeros(3))
