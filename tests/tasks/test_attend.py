"""Attention weights of a model: in its own order, of its own values."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.errors import InputError
from arden.networks.attention_rnn import AttentionRNN, AttentionRNNOptions
from arden.networks.gru import GRU, GRUOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.tasks.attend import attention_weights
from tests.core.models import build, some_events


def test_weights_stand_in_the_order_of_the_steps() -> None:
    options, family = AttentionRNNOptions(5), Categorical(3)
    model = build(AttentionRNN, options, family, Shuffled((2, 3), 1), 2)
    same = build(AttentionRNN, options, family, Raster((2, 3)), 2)
    x, context = some_events(family, (2, 3), 4), torch.eye(2)[[0, 1, 0, 1]]
    weights = attention_weights(model, x, context)
    order = model.dims(1, 6)
    in_order = attention_weights(same, x.flatten(1)[:, order].reshape(4, 2, 3), context)
    assert torch.equal(weights, in_order)
    assert not weights.requires_grad
    # A value changes no weight of its own step or an earlier one.
    changed = x.flatten(1).clone()
    changed[:, order[2]] = (changed[:, order[2]] + 1) % 3
    moved = (attention_weights(model, changed.reshape(x.shape), context) - weights).abs().amax(2)
    assert bool((moved[:, :3] == 0).all())
    assert bool((moved[:, 3:] > 0).any())


def test_what_does_not_attend_is_refused() -> None:
    model = build(GRU, GRUOptions(3), Bernoulli(), Raster((4,)))
    with pytest.raises(InputError, match=r"model: expected a network that attends .*, got GRU"):
        attention_weights(model, torch.zeros(1, 4))
    model = build(AttentionRNN, AttentionRNNOptions(3), Bernoulli(), Raster((4,)))
    with pytest.raises(InputError, match=r"x: expected events of shape \(4,\), got \(5,\)"):
        attention_weights(model, torch.zeros(1, 5))
