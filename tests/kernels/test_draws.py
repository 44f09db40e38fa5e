"""Fused walks against the generic walk: the same uniforms give the same draws."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.tempered import Tempered
from arden.core.draw import draw, generic_draw, uniform_noise
from arden.errors import InputError
from arden.kernels import (
    _threads,
    masked_draw,
    nade_draw,
    recurrent_draw,
    register,
    table_draw,
    wavenet_draw,
)
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.lstm import LSTM, LSTMOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.rnn import RNN, RNNOptions
from arden.networks.table import Table, TableOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.zigzag import Zigzag
from tests.kernels.networks import discrete_model, random_context

RASTER, ZIGZAG, SHUFFLED = Raster((4, 5)), Zigzag((4, 5)), Shuffled((4, 5), seed=3)
RANDOM = MADEOptions((20, 9), "tanh", degrees="random", masks=3, seed=1, mask=2)

# Network, its options, family, ordering, size of the context.
CASES = {
    "NADE": (NADE, NADEOptions(9), Bernoulli(), SHUFFLED, 0),
    "NADE with classes": (NADE, NADEOptions(33, "relu"), Bernoulli(), RASTER, 3),
    "NADE of one variable": (NADE, NADEOptions(1), Bernoulli(), Raster((1,)), 0),
    "NADE over symbols": (NADE, NADEOptions(9, "tanh"), Categorical(3), ZIGZAG, 2),
    "NADE over many": (NADE, NADEOptions(9), Categorical(20), SHUFFLED, 0),
    "NADE over levels": (NADE, NADEOptions(9), Categorical(5, "scalar"), SHUFFLED, 0),
    "NADE over nothing": (NADE, NADEOptions(9), Categorical(1), RASTER, 0),
    "FVSBN": (FVSBN, FVSBNOptions(), Bernoulli(), SHUFFLED, 0),
    "FVSBN with window": (FVSBN, FVSBNOptions(memory=4), Bernoulli(), ZIGZAG, 2),
    "FVSBN of one variable": (FVSBN, FVSBNOptions(), Bernoulli(), Raster((1,)), 0),
    "MADE": (MADE, MADEOptions((40,)), Bernoulli(), SHUFFLED, 0),
    "MADE, narrow": (MADE, MADEOptions((3,)), Bernoulli(), RASTER, 0),
    "MADE, deep": (MADE, MADEOptions((20, 9, 13), "sigmoid", False), Bernoulli(), ZIGZAG, 3),
    "MADE, random masks": (MADE, RANDOM, Bernoulli(), SHUFFLED, 0),
    "MADE over symbols": (MADE, MADEOptions((20, 9)), Categorical(3), ZIGZAG, 2),
    "MADE over levels": (MADE, MADEOptions((20,)), Categorical(5, "scalar"), SHUFFLED, 0),
    "FVSBN over symbols": (FVSBN, FVSBNOptions(), Categorical(4), SHUFFLED, 2),
    "MADE without units": (MADE, MADEOptions(()), Bernoulli(), RASTER, 0),
    "MADE of one variable": (MADE, MADEOptions((4,)), Bernoulli(), Raster((1,)), 0),
    "RNN": (RNN, RNNOptions(9), Bernoulli(), SHUFFLED, 0),
    "RNN of layers": (RNN, RNNOptions(17, 3), Categorical(4), ZIGZAG, 2),
    "LSTM": (LSTM, LSTMOptions(9, 2), Categorical(6), SHUFFLED, 0),
    "LSTM with classes": (LSTM, LSTMOptions(40), Bernoulli(), RASTER, 3),
    "LSTM over levels": (LSTM, LSTMOptions(16, 3), Categorical(5, "scalar"), ZIGZAG, 0),
    "LSTM of one variable": (LSTM, LSTMOptions(1), Bernoulli(), Raster((1,)), 0),
    "GRU": (GRU, GRUOptions(33), Categorical(40), SHUFFLED, 2),
    "GRU of layers": (GRU, GRUOptions(9, 3), Bernoulli(), ZIGZAG, 0),
    "GRU over nothing": (GRU, GRUOptions(9), Categorical(1), RASTER, 0),
    "Markov": (Markov, MarkovOptions(3), Bernoulli(), SHUFFLED, 0),
    "Markov with classes": (Markov, MarkovOptions(2), Categorical(3), ZIGZAG, 2),
    "Markov, one table": (Markov, MarkovOptions(2, True), Categorical(4), RASTER, 0),
    "Markov of one variable": (Markov, MarkovOptions(1), Bernoulli(), Raster((1,)), 0),
    "independent": (Independent, IndependentOptions(), Categorical(5), SHUFFLED, 2),
    "full table": (Table, TableOptions(), Categorical(3), Shuffled((5,), seed=1), 0),
    "WaveNet": (WaveNet, WaveNetOptions(5, 3, 2, 3), Bernoulli(), SHUFFLED, 0),
    "WaveNet with classes": (WaveNet, WaveNetOptions(33, 20, 4, 1), Categorical(3), ZIGZAG, 2),
    "WaveNet, far": (WaveNet, WaveNetOptions(16, 40, 6, 2), Categorical(9, "scalar"), RASTER, 0),
    "WaveNet of one variable": (WaveNet, WaveNetOptions(4, 4, 2), Bernoulli(), Raster((1,)), 3),
}
KERNELS = {
    FVSBN: masked_draw,
    GRU: recurrent_draw,
    Independent: table_draw,
    LSTM: recurrent_draw,
    MADE: masked_draw,
    Markov: table_draw,
    NADE: nade_draw,
    RNN: recurrent_draw,
    Table: table_draw,
    WaveNet: wavenet_draw,
}
ONE_OF_EACH = ["NADE", "NADE over symbols", "FVSBN", "MADE, deep"]
ONE_OF_EACH += ["RNN of layers", "LSTM", "GRU", "WaveNet", "WaveNet with classes"]
ONE_OF_EACH += ["Markov", "Markov with classes"]


@pytest.fixture(autouse=True)
def _registered():
    register()


def kernel_of(model):
    return KERNELS[type(model.network)].draw


def noise_of(model, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return uniform_noise(generator, (batch_size, *model.event_shape, 1))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_draws_are_those_of_the_generic_walk(case, seed):
    model = discrete_model(*CASES[case])
    noise, context = noise_of(model, 41, seed), random_context(model, 41)
    drawn = kernel_of(model)(model, noise, None, None, context)
    expected = generic_draw(model, noise, context=context)
    assert torch.equal(drawn, expected)
    assert drawn.dtype == torch.int64


@pytest.mark.parametrize("case", CASES)
def test_known_values_are_kept_and_seen(case):
    model = discrete_model(*CASES[case])
    noise, context = noise_of(model, 30), random_context(model, 30)
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(noise.shape[:-1], generator=generator) < 0.4
    given = torch.randint(model.conditional.num_symbols, known.shape, generator=generator)
    drawn = kernel_of(model)(model, noise, known, given, context)
    assert torch.equal(drawn[known], given[known])
    assert torch.equal(drawn, generic_draw(model, noise, known, given, context))


@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_row_draws_the_same_in_any_batch_and_on_any_number_of_threads(case, monkeypatch):
    monkeypatch.setattr(_threads, "_WORTH_SHARING", 0)
    model = discrete_model(*CASES[case], dtype=torch.float32)
    noise, context = noise_of(model, 150), random_context(model, 150)
    whole = draw(model, noise, context=context)
    cuts = [0, 1, 3, 70, 150]
    chunks = [
        draw(model, noise[low:high], context=None if context is None else context[low:high])
        for low, high in pairwise(cuts)
    ]
    assert torch.equal(whole, torch.cat(chunks))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(whole, draw(model, noise, context=context))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_float32_draws_differ_only_where_a_uniform_falls_between_two_roundings(case):
    model = discrete_model(*CASES[case], dtype=torch.float32)
    noise, context = noise_of(model, 3000), random_context(model, 3000)
    drawn = kernel_of(model)(model, noise, None, None, context)
    different = drawn != generic_draw(model, noise, context=context)
    # Thresholds agree to some 1e-7, so that hardly a draw meets one; what follows in its row may
    # then be anything. Of many symbols there are as many thresholds to meet.
    symbols = model.conditional.num_symbols or 2
    expected = different.numel() * (symbols - 1) * 2e-7
    assert different.flatten(1).any(dim=1).sum() <= 2 + 6 * expected


def test_the_lookup_finds_the_kernels(monkeypatch):
    for case in ONE_OF_EACH:
        model = discrete_model(*CASES[case])
        noise = noise_of(model, 3)
        context = random_context(model, 3)
        expected = generic_draw(model, noise, context=context)
        monkeypatch.setattr("arden.core.draw.generic_draw", None)
        assert torch.equal(draw(model, noise, context=context), expected)
        monkeypatch.undo()


def test_given_values_outside_the_support_are_declined():
    model = discrete_model(*CASES["NADE over symbols"])
    noise, context = noise_of(model, 2), random_context(model, 2)
    known = torch.ones(noise.shape[:-1], dtype=torch.bool)
    given = torch.full(known.shape, 3)
    assert nade_draw.draw(model, noise, known, given, context) is None
    # Where nothing is known anything may stand.
    empty, nothing = torch.zeros_like(known), torch.full(known.shape, torch.nan)
    assert nade_draw.draw(model, noise, empty, nothing, context) is not None


def test_cases_that_are_not_plain_are_declined():
    model = discrete_model(*CASES["NADE"])
    noise = noise_of(model, 3)
    assert nade_draw.draw(model, noise[:0], None, None, None) is None
    assert nade_draw.draw(model, noise.expand(3, 4, 5, 2), None, None, None) is None
    assert nade_draw.draw(model, noise[:, :2], None, None, None) is None
    assert masked_draw.draw(model, noise, None, None, None) is None
    assert nade_draw.draw(model.to(torch.bfloat16), noise, None, None, None) is None
    tempered = discrete_model(NADE, NADEOptions(9), Tempered(Bernoulli(), 0.8), RASTER)
    assert nade_draw.draw(tempered, noise, None, None, None) is None


def test_a_missing_context_is_reported_as_by_the_generic_walk():
    model = discrete_model(*CASES["NADE with classes"])
    with pytest.raises(InputError, match="context"):
        draw(model, noise_of(model, 2))


@pytest.mark.parametrize("case", ["NADE", "NADE over symbols"])
def test_a_planted_defect_of_nade_is_seen(case, monkeypatch):
    def defective(weights, kind, table, order, *others):
        walk(weights, kind, table, order[::-1].copy(), *others)

    walk = nade_draw._walk
    monkeypatch.setattr(nade_draw, "_walk", defective)
    with pytest.raises(AssertionError):
        test_draws_are_those_of_the_generic_walk(case, 0)


@pytest.mark.parametrize("case", ["FVSBN", "MADE", "MADE, random masks"])
def test_a_planted_defect_of_masked_layers_is_seen(case, monkeypatch):
    def defective(*arguments):
        begin, by_degree, seen = units(*arguments)
        return begin, by_degree, (seen - 1).clip(min=0)  # the last one is skipped

    units = masked_draw._units
    monkeypatch.setattr(masked_draw, "_units", defective)
    with pytest.raises(AssertionError):
        test_draws_are_those_of_the_generic_walk(case, 0)


@pytest.mark.parametrize("case", ["RNN", "LSTM", "GRU", "WaveNet", "WaveNet, far"])
def test_a_planted_defect_of_sequences_is_seen(case, monkeypatch):
    def defective(*arguments):
        first, second, *others = arguments[at]
        second = second.copy()
        second[:, :, -1] = 0  # of the last unit itself, or of the last channel of what was before
        return walk(*arguments[:at], (first, second, *others), *arguments[at + 1 :])

    module = KERNELS[CASES[case][0]]
    walk, at = module.walk, 0 if module is wavenet_draw else 1
    monkeypatch.setattr(module, "walk", defective)
    with pytest.raises(AssertionError):
        test_draws_are_those_of_the_generic_walk(case, 0)
