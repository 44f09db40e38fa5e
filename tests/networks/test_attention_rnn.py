"""The recurrent network that looks back: against its definition, and what it says of itself."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.network import select_rows
from arden.networks.attention_rnn import AttentionRNN, AttentionRNNOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, generator, some_events

every_cell = pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])


def attending(cell: str, length: int = 6) -> AttentionRNN:
    """A cell -> a small network with it, shaken, in float64."""
    options = AttentionRNNOptions(5, 2, cell)  # type: ignore[arg-type]
    network = build(AttentionRNN, options, Categorical(3), Raster((length,)), 2).network
    assert isinstance(network, AttentionRNN)
    return network


@every_cell
def test_it_follows_its_definition(cell: str) -> None:
    network, conditional = attending(cell), Categorical(3)
    features = conditional.features(some_events(conditional, (6,), 4)).double()
    context = torch.eye(2, dtype=torch.float64)[[0, 1, 1, 0]]
    weights = network.attention_weights(features, context)
    params = network(features, context)
    hidden = network.recurrent(features, context)
    for t in range(6):
        memory = hidden[:, 1 : t + 1]  # the states after x_0 … x_{t−1}
        summary = torch.zeros_like(hidden[:, 0])
        if t:
            score = torch.einsum("bh,bjh->bj", network.query(hidden[:, t]), memory) / 5**0.5
            share = torch.softmax(score, dim=1)
            torch.testing.assert_close(weights[:, t, :t], share, rtol=1e-12, atol=1e-12)
            summary = torch.einsum("bj,bjh->bh", share, memory)
        expected = network.output(torch.cat([hidden[:, t], summary], dim=1))
        torch.testing.assert_close(params[:, t], expected, rtol=1e-12, atol=1e-12)
    assert bool((weights.triu() == 0).all())
    assert bool((weights[:, 1:].sum(dim=2) - 1).abs().max() < 1e-12)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_the_first_steps_have_little_to_look_at(length: int) -> None:
    network = attending("gru")
    weights = network.attention_weights(
        torch.zeros(2, length, 3, dtype=torch.float64), torch.eye(2).double()
    )
    assert weights.shape == (2, length, length)
    assert torch.equal(weights, torch.ones_like(weights).tril(-1))


def test_memories_of_an_unknown_length_grow_and_fork() -> None:
    options = AttentionRNNOptions(4)
    network = build(AttentionRNN, options, Categorical(3), UntilEnd(0)).network
    features = torch.randn(2, 140, 3, dtype=torch.float64, generator=generator(1))
    with torch.no_grad():
        expected = network(features)
        params, state = network.start(2)
        for step in range(139):
            torch.testing.assert_close(params, expected[:, step], rtol=1e-10, atol=1e-10)
            if step == 70:
                rows = torch.tensor([1, 0])
                state = select_rows(state, rows)
                features, expected = features[rows], expected[rows]
            params, state = network.step(state, features[:, step])
        torch.testing.assert_close(params, expected[:, 139], rtol=1e-10, atol=1e-10)
    assert state[1].shape == (2, 256, 4)  # 64, doubled twice


def test_a_known_length_is_allocated_once() -> None:
    network = build(AttentionRNN, AttentionRNNOptions(4), Bernoulli(), Raster((6,))).network
    _, (_, memory, position) = network.start(3)
    _, (_, later, after) = network.step(network.start(3)[1], torch.zeros(3, 1, dtype=torch.float64))
    assert memory.shape == later.shape == (3, 5, 4)  # the last value is read by nobody
    assert (position, after) == (0, 1)


@every_cell
def test_as_many_parameters_for_any_length(cell: str) -> None:
    hidden, parts, gates = 7, {"lstm": 2}.get(cell, 1), {"lstm": 4, "gru": 3}.get(cell, 1)
    options = AttentionRNNOptions(hidden, cell=cell)  # type: ignore[arg-type]
    counts = {
        build(AttentionRNN, options, Bernoulli(), ordering).num_parameters
        for ordering in (Raster((1,)), Raster((64,)), UntilEnd(0))
    }
    cells = gates * hidden * (1 + hidden + 2) + parts * hidden
    assert counts == {cells + hidden * hidden + 2 * hidden + 1}
