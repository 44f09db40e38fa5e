"""Fused walks over events without a fixed length, and where people meet the fused walks."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.tempered import Tempered
from arden.core.draw import generic_draw, uniform_noise
from arden.kernels import _row_draws, recurrent_draw, register, table_draw, wavenet_draw
from arden.kernels._draw_inputs import draw_inputs
from arden.networks.gru import GRU, GRUOptions
from arden.networks.lstm import LSTM, LSTMOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.rnn import RNN, RNNOptions
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.tasks.sample import sample
from arden.tasks.sample_document import sample_document
from tests.kernels.networks import discrete_model, random_context

# Network, its options, family, ordering, size of the context.
CASES = {
    "RNN": (RNN, RNNOptions(9), Categorical(5), UntilEnd(4), 0),
    "LSTM": (LSTM, LSTMOptions(20, 2), Categorical(7), UntilEnd(3), 2),
    "GRU": (GRU, GRUOptions(9), Bernoulli(), UntilEnd(0), 0),
    "Markov": (Markov, MarkovOptions(2, True), Categorical(5), UntilEnd(4), 2),
    "WaveNet": (WaveNet, WaveNetOptions(5, 7, 3, 2), Categorical(5, "scalar"), UntilEnd(0), 2),
}


def kernel_of(model):
    files = {WaveNet: wavenet_draw, Markov: table_draw}
    return files.get(type(model.network), recurrent_draw).draw


def noise_of(rows, steps):
    return uniform_noise(torch.Generator().manual_seed(rows), (rows, steps, 1))


@pytest.mark.parametrize("rows", [1, 2, 3, 70])
@pytest.mark.parametrize("case", CASES)
def test_strings_are_those_of_the_generic_walk(case, rows):
    model = discrete_model(*CASES[case])
    noise, context = noise_of(rows, 25), random_context(model, rows)
    drawn = kernel_of(model)(model, noise, None, None, context)
    assert torch.equal(drawn, generic_draw(model, noise, context=context))


@pytest.mark.parametrize("case", CASES)
def test_known_symbols_are_kept_until_the_end(case):
    model = discrete_model(*CASES[case])
    noise, context = noise_of(40, 12), random_context(model, 40)
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(40, 12, generator=generator) < 0.4
    given = torch.randint(model.conditional.num_symbols, known.shape, generator=generator)
    drawn = kernel_of(model)(model, noise, known, given, context)
    assert torch.equal(drawn, generic_draw(model, noise, known, given, context))


def test_a_walk_stops_with_its_last_string():
    model = discrete_model(*CASES["RNN"])
    with torch.no_grad():
        model.network.output.bias[4] += 50
    assert recurrent_draw.draw(model, noise_of(5, 30), None, None, None).tolist() == [[4]] * 5
    with torch.no_grad():
        model.network.output.bias[4] -= 500
    assert recurrent_draw.draw(model, noise_of(5, 30), None, None, None).shape == (5, 30)


def test_a_planted_end_that_is_not_heeded_is_seen(monkeypatch):
    def endless(model, *others, **more):
        inputs = draw_inputs(model, *others, **more)
        object.__setattr__(inputs, "end", 10)
        return inputs

    monkeypatch.setattr(recurrent_draw, "draw_inputs", endless)
    with pytest.raises(AssertionError):
        test_strings_are_those_of_the_generic_walk("LSTM", 70)  # of three, none may end


def test_a_kernel_that_heeds_no_end_is_given_no_strings():
    model = discrete_model(*CASES["RNN"])
    assert draw_inputs(model, noise_of(2, 9), None, None, None) is None
    assert draw_inputs(model, noise_of(2, 9), None, None, None, strings=True) is not None
    assert draw_inputs(model, noise_of(2, 0), None, None, None, strings=True) is None


def test_other_families_and_other_networks_are_declined():
    class Changed(LSTM):
        """Any subclass may compute something else."""

    family, ordering = Categorical(3), Raster((6,))
    changed = discrete_model(Changed, LSTMOptions(4), family, ordering)
    tempered = discrete_model(LSTM, LSTMOptions(4), Tempered(family, 0.8), ordering)
    wavenet = discrete_model(WaveNet, WaveNetOptions(4, 4, 2), family, ordering)
    for model in (changed, tempered, wavenet):
        assert recurrent_draw.draw(model, noise_of(3, 6), None, None, None) is None
    for model in (changed, tempered, wavenet.to(torch.bfloat16)):
        assert wavenet_draw.draw(model, noise_of(3, 6), None, None, None) is None


def test_only_steps_that_somebody_asks_about_are_asked():
    known = torch.tensor([[1, 0, 1], [1, 1, 0], [0, 0, 0]], dtype=torch.bool).numpy()
    active = torch.tensor([True, False]).numpy()
    asked = [_row_draws.any_asked(known, (0, 2), place, active) for place in range(3)]
    assert asked == [False, True, False]
    assert _row_draws.any_asked(known[:0, :0], (0, 2), 0, active)


def test_samples_and_documents_come_from_the_fused_walks(monkeypatch):
    register()
    strings = discrete_model(*CASES["GRU"])
    windows = discrete_model(LSTM, LSTMOptions(12), Categorical(9), Raster((8,)))
    sounds = discrete_model(WaveNet, WaveNetOptions(4, 4, 3), Categorical(9), Raster((8,)))
    expected = []
    for fused in (False, True):
        if fused:
            monkeypatch.setattr("arden.core.draw.generic_draw", None)
        else:
            monkeypatch.setattr("arden.core.dispatch.DRAW_KERNELS", {})
        expected.append(
            [
                sample(strings, 20, seed=0, max_steps=9),
                sample_document(windows, 3, 30, stride=3, seed=0),
                sample_document(sounds, 3, 30, stride=3, seed=0),
            ]
        )
        monkeypatch.undo()
    for generic, compiled in zip(*expected, strict=True):
        assert torch.equal(generic, compiled)
