"""WaveNet: how far it sees, to the step, and its rings when they are gone round many times."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.network import Replay, select_rows
from arden.networks.wavenet import WaveNet, WaveNetOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, generator


def network(layers: int, stacks: int, context_size: int = 0) -> WaveNet:
    """Layers, stacks -> a shaken WaveNet over strings of three symbols."""
    options = WaveNetOptions(4, 6, layers, stacks)
    made = build(WaveNet, options, Categorical(3), UntilEnd(0), context_size).network
    assert isinstance(made, WaveNet)
    return made


@pytest.mark.parametrize(
    ("layers", "stacks", "field"), [(1, 1, 2), (1, 3, 4), (3, 1, 8), (2, 3, 10), (4, 2, 31)]
)
def test_the_receptive_field_ends_where_it_is_said_to(layers: int, stacks: int, field: int) -> None:
    model = network(layers, stacks)
    assert model.receptive_field == field
    features = torch.randn(1, 40, 3, dtype=torch.float64, generator=generator(1))
    features.requires_grad_()
    (slope,) = torch.autograd.grad(model(features)[0, -1].sum(), features)
    seen = slope[0].abs().sum(dim=1) > 0
    # Step 39 sees steps 39 − field … 38.
    assert seen.tolist() == [39 - field <= step < 39 for step in range(40)]
    assert torch.equal(seen, model.promised(40)[-1])


@pytest.mark.parametrize("context_size", [0, 2])
def test_rings_that_are_gone_round_many_times(context_size: int) -> None:
    model = network(3, 2, context_size)
    features = torch.randn(3, 40, 3, dtype=torch.float64, generator=generator(2))
    context = torch.randn(3, 2, dtype=torch.float64) if context_size else None
    with torch.no_grad():
        expected = model(features, context)
        params, state = model.start(3, context)
        for step in range(39):
            torch.testing.assert_close(params, expected[:, step], rtol=1e-10, atol=1e-10)
            if step == 21:  # in the middle of a round, rows are forked and change places
                rows = torch.tensor([2, 0, 2])
                state, features = select_rows(state, rows), features[rows]
                context = None if context is None else context[rows]
                expected = model(features, context)
            params, state = model.step(state, features[:, step])
        torch.testing.assert_close(params, expected[:, 39], rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(Replay(model)(features, context), expected)


def test_the_state_does_not_grow() -> None:
    model = network(5, 2)
    _, (rings, shifts, position) = model.start(7)
    assert [ring.shape for ring in rings] == [(7, 4, 2**layer) for layer in range(5)] * 2
    assert shifts == (None,) * 10
    assert position == 1


def test_a_short_event_keeps_no_ring_that_is_longer_than_it() -> None:
    model = build(WaveNet, WaveNetOptions(3, 3, 5, 1), Bernoulli(), Raster((6,))).network
    _, (rings, _, _) = model.start(2)
    assert [None if ring is None else ring.shape[2] for ring in rings] == [1, 2, 4, None, None]
