"""Free parameters, counted by the formulas of the papers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork
from arden.networks.any_order_made import AnyOrderMADE, AnyOrderMADEOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.networks.table import Table, TableOptions
from arden.networks.untied_nade import UntiedNADE, UntiedNADEOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import build


def count(
    network: type[CausalNetwork],
    options: Any,
    conditional: Conditional,
    n: int,
    context_size: int = 0,
) -> int:
    """The parts of a model over n variables -> its free parameters."""
    return build(network, options, conditional, Raster((n,)), context_size).num_parameters


@pytest.mark.parametrize("n", [1, 2, 7])
def test_formulas_for_n_bits(n: int) -> None:
    bits, hidden = Bernoulli(), 5
    assert count(Independent, IndependentOptions(), bits, n) == n
    assert count(Markov, MarkovOptions(1), bits, n) == 2 * n - 1
    assert count(Table, TableOptions(), bits, n) == 2**n - 1
    assert count(FVSBN, FVSBNOptions(), bits, n) == n * (n + 1) // 2
    assert count(NADE, NADEOptions(hidden), bits, n) == (n - 1) * hidden + n * hidden + n + hidden
    untied = n * (n - 1) // 2 * hidden + n * hidden + n * hidden + n  # own weights and biases
    assert count(UntiedNADE, UntiedNADEOptions(hidden), bits, n) == untied
    # One linear layer under a strict triangle is a fully visible belief net.
    assert count(MADE, MADEOptions(()), bits, n) == n * (n + 1) // 2


def test_formulas_for_more_symbols() -> None:
    three = Categorical(3)
    assert count(Independent, IndependentOptions(), three, 4) == 4 * 2
    assert count(Table, TableOptions(), three, 4) == 3**4 - 1
    assert count(Markov, MarkovOptions(2), three, 4) == 2 * (1 + 3 + 9 + 9)
    assert count(Markov, MarkovOptions(2, True), three, 4) == 2 * (1 + 3 + 9)
    assert count(Table, TableOptions(), Categorical(1), 4) == 0
    strings = build(Markov, MarkovOptions(1, True), three, UntilEnd(0))
    assert strings.num_parameters == 2 * (1 + 3)


def test_a_table_row_has_no_more_free_numbers_than_it_stores() -> None:
    assert count(Independent, IndependentOptions(), LogisticMixture(256, 2), 4) == 4 * 6
    assert count(Independent, IndependentOptions(), LogisticMixture(4, 2), 4) == 4 * 3
    assert count(Independent, IndependentOptions(), GaussianMixture(3), 4) == 4 * 9


def test_a_class_multiplies_tables_and_shifts_the_others() -> None:
    bits, classes, n, hidden = Bernoulli(), 3, 5, 4
    assert count(Table, TableOptions(), bits, n, classes) == classes * (2**n - 1)
    plain = count(FVSBN, FVSBNOptions(), bits, n)
    assert count(FVSBN, FVSBNOptions(), bits, n, classes) == plain + classes * n
    plain = count(NADE, NADEOptions(hidden), bits, n)
    assert count(NADE, NADEOptions(hidden), bits, n, classes) == plain + classes * (hidden + n)


def test_a_window_counts_its_band() -> None:
    band = sum(min(i, 2) for i in range(6))
    assert count(FVSBN, FVSBNOptions(memory=2), Bernoulli(), 6) == 6 + band


def test_a_wavenet_counts_no_weight_that_nothing_reaches() -> None:
    width, skip, classes, bits = 3, 5, 2, Bernoulli()
    options = WaveNetOptions(width, skip, layers=4, stacks=2)
    gates, skipped = (width + 1) * 2 * width, (width + 1) * skip
    ends = width + 2 * width + (skip + 1) * skip + (skip + 1)  # first, input, hidden, output
    blocks = 8 * (gates + skipped) + 7 * (width + 1) * width  # nothing follows the last block
    back = 2 * width * width
    # Six steps are at most five apart: the blocks that reach eight back find nothing there.
    assert count(WaveNet, options, bits, 6) == ends + blocks + 6 * back
    assert count(WaveNet, options, bits, 9) == ends + blocks + 8 * back
    plain = count(WaveNet, options, bits, 9)
    assert count(WaveNet, options, bits, 9, classes) == plain + 8 * classes * 2 * width


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("degrees", ["natural", "random"])
def test_made_counts_its_connections_and_biases(direct: bool, degrees: str) -> None:
    n, widths = 6, (9, 4)
    options = MADEOptions(widths, degrees=degrees, direct=direct)  # type: ignore[arg-type]
    model = build(MADE, options, Bernoulli(), Raster((n,)))
    network = model.network
    assert isinstance(network, MADE)
    first, second = (degree.tolist() for degree in network.degrees)
    connections = sum(1 for unit in first for i in range(1, n + 1) if i <= unit)
    connections += sum(1 for unit in second for below in first if below <= unit)
    connections += sum(1 for output in range(1, n + 1) for unit in second if unit < output)
    connections += n * (n - 1) // 2 if direct else 0
    assert model.num_parameters == connections + sum(widths) + n
    # What the formula counts is what can be nonzero.
    assert model.num_parameters == sum(int((p != 0).sum()) for p in model.parameters())


def test_an_ensemble_counts_shared_weights_once() -> None:
    n, hidden, masks = 6, 8, 3
    network = build(MADE, MADEOptions((hidden,), masks=masks), Bernoulli(), Raster((n,))).network
    assert isinstance(network, MADE)
    members = network.members()
    mixture = Mixture([AutoregressiveModel(Raster((n,)), m, Bernoulli()) for m in members])
    inputs = torch.stack([m.layers[0].weight_applied_mask for m in members]).any(0).sum()
    outputs = torch.stack([m.output.weight_applied_mask for m in members]).any(0).sum()
    biases_and_direct = hidden + n + n * (n - 1) // 2
    assert mixture.num_parameters == int(inputs + outputs) + biases_and_direct + masks - 1
    apart = Mixture(
        [build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((n,)), seed=s) for s in (0, 1)]
    )
    assert apart.num_parameters == 2 * (n * (n + 1) // 2) + 1


def test_any_order_made_counts_no_connection_of_a_variable_to_itself() -> None:
    n, hidden, symbols, classes = 5, 7, 3, 2
    options = AnyOrderMADEOptions((hidden,))
    bits = hidden * (2 * n + 1) + n * (hidden + 1) + 2 * n * (n - 1)
    assert count(AnyOrderMADE, options, Bernoulli(), n) == bits
    more = classes * (hidden + n)
    assert count(AnyOrderMADE, options, Bernoulli(), n, classes) == bits + more
    levels = hidden * ((symbols + 1) * n + 1) + n * symbols * (hidden + 1)
    levels += symbols * (symbols + 1) * n * (n - 1)
    assert count(AnyOrderMADE, options, Categorical(symbols), n) == levels
    assert count(AnyOrderMADE, options, Bernoulli(), 1) == hidden + 1


def test_orderless_nade_counts_a_mask_bit_beside_every_value() -> None:
    n, first, last, symbols, classes = 6, 5, 4, 3, 2
    options = OrderlessNADEOptions((first, last))
    bits = n * 2 * first + first + (first + 1) * last + n * (last + 1)
    assert count(OrderlessNADE, options, Bernoulli(), n) == bits
    assert count(OrderlessNADE, options, Bernoulli(), n, classes) == bits + classes * first
    more = n * (symbols - 1) * first + n * (symbols - 1) * (last + 1)
    assert count(OrderlessNADE, options, Categorical(symbols), n) == bits + more
    # A single variable is seen by nobody.
    alone = first + (first + 1) * last + last + 1
    assert count(OrderlessNADE, options, Bernoulli(), 1) == alone
