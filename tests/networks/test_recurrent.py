"""Recurrent networks against their definitions, written out; and the lecture's "hello"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.network import CausalNetwork
from arden.networks._recurrent import RecurrentNetwork
from arden.networks.gru import GRU, GRUOptions
from arden.networks.lstm import LSTM, LSTMOptions
from arden.networks.rnn import RNN, RNNOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, every_event, some_events

LETTERS = " helo"  # the blank ends a string

Parts = tuple[Tensor, ...]
ByHand = Callable[[Tensor, Tensor, Parts], Parts]


def rnn_by_hand(read: Tensor, kept: Tensor, before: Parts) -> Parts:
    """W x + b (H,), U h + c (H,), (h,) -> (h,)."""
    return (torch.tanh(read + kept),)


def lstm_by_hand(read: Tensor, kept: Tensor, before: Parts) -> Parts:
    """W x + b (4H,), U h + c (4H,), (h, c) -> (h, c)."""
    enter, forget, new, leave = (read + kept).chunk(4)
    cell = torch.sigmoid(forget) * before[1] + torch.sigmoid(enter) * torch.tanh(new)
    return torch.sigmoid(leave) * torch.tanh(cell), cell


def gru_by_hand(read: Tensor, kept: Tensor, before: Parts) -> Parts:
    """W x + b (3H,), U h + c (3H,), (h,) -> (h,)."""
    (r, z, n), (r_kept, z_kept, n_kept) = read.chunk(3), kept.chunk(3)
    old = torch.sigmoid(z + z_kept)
    return ((1 - old) * torch.tanh(n + torch.sigmoid(r + r_kept) * n_kept) + old * before[0],)


NETWORKS = [
    (RNN, RNNOptions, 1, rnn_by_hand),
    (LSTM, LSTMOptions, 4, lstm_by_hand),
    (GRU, GRUOptions, 3, gru_by_hand),
]


@pytest.mark.parametrize(("network", "options", "gates", "by_hand"), NETWORKS)
def test_each_follows_its_definition(
    network: type[RecurrentNetwork], options: Any, gates: int, by_hand: ByHand
) -> None:
    made = build(network, options(4, layers=2), Categorical(3), Raster((5,)), 2).network
    assert isinstance(made, RecurrentNetwork)
    recurrent = made.recurrent
    assert recurrent.context is not None
    conditional = Categorical(3)
    features = conditional.features(some_events(conditional, (5,), 1)).double()
    context = torch.tensor([[0.3, 0.7]], dtype=torch.float64)
    shift = recurrent.context(context).reshape(recurrent.first.shape)
    layers = [tuple((recurrent.first + shift)[:, layer]) for layer in range(2)]
    for step, params in enumerate(made(features, context)[0]):
        torch.testing.assert_close(made.output(layers[-1][0]), params, rtol=1e-12, atol=1e-12)
        below = features[0, step]
        for layer, (read, keep, read_bias, keep_bias) in enumerate(recurrent.cells.all_weights):
            before = layers[layer]
            layers[layer] = by_hand(read @ below + read_bias, keep @ before[0] + keep_bias, before)
            below = layers[layer][0]


@pytest.mark.parametrize(("network", "options", "gates", "by_hand"), NETWORKS)
def test_as_many_parameters_for_any_length(
    network: type[CausalNetwork], options: Any, gates: int, by_hand: ByHand
) -> None:
    hidden, parts = 7, 2 if network is LSTM else 1
    counts = {
        build(network, options(hidden), Bernoulli(), ordering).num_parameters
        for ordering in (Raster((1,)), Raster((64,)), UntilEnd(0))
    }
    layer = gates * hidden * (1 + hidden + 2)  # inputs, hidden units, torch's two biases
    assert counts == {layer + parts * hidden + hidden + 1}


@pytest.mark.parametrize(("network", "options", "gates", "by_hand"), NETWORKS)
def test_hello(network: type[CausalNetwork], options: Any, gates: int, by_hand: ByHand) -> None:
    """p(hello) = p(h) p(e|h) p(l|h,e) p(l|h,e,l) p(o|h,e,l,l) p(end|h,e,l,l,o)."""
    model = build(network, options(6), Categorical(len(LETTERS)), UntilEnd(0))
    word = torch.tensor([[LETTERS.index(letter) for letter in "hello "]])
    walker, product = model.begin(1, max_steps=6), torch.ones(1, dtype=torch.float64)
    for letter in word[0]:
        chances = torch.softmax(walker.step.params, dim=1)
        product = product * chances[:, letter]
        walker.advance(letter[None])
    torch.testing.assert_close(model.log_prob(word).exp(), product, rtol=1e-12, atol=0)
    # The same letters without an end are all the words that begin so: more likely, never less.
    begun = model.log_prob(word[:, :5]).exp()
    assert begun > product
    longer = torch.cat([word[:, :5].expand(5, -1), every_event((1,), len(LETTERS))], dim=1)
    torch.testing.assert_close(model.log_prob(longer).exp().sum(), begun[0], rtol=1e-12, atol=0)
