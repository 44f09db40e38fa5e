"""Walks recorded once and played again; recording needs a GPU, all around it does not."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch

from arden.assembly import assemble, split_options
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.draw import generic_draw, uniform_noise
from arden.core.model import AutoregressiveModel
from arden.kernels import captured_draw
from arden.kernels.captured_draw import Captured, draw, waits
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.systems import SYSTEMS
from tests.kernels.networks import discrete_model, random_context
from tests.training.toys import natural

WAITING = {"any-order-made"}
"""Looks which of its units have all their inputs; its walk stays the generic one."""


class Recorded:
    """Stands for a recording: walks again with the arguments it is given, and is counted."""

    made: ClassVar[list[Recorded]] = []

    def __init__(self, model, arguments):
        self.model, self.played = model, 0
        Recorded.made.append(self)

    def __call__(self, arguments):
        self.played += 1
        return generic_draw(self.model, *arguments)


@pytest.fixture(autouse=True)
def _none_kept():
    captured_draw._kept.clear()
    captured_draw._asked.clear()
    Recorded.made = []


def noise_of(model, rows, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return uniform_noise(generator, (rows, *model.event_shape, model.conditional.num_noise))


def small(context_size=0):
    return discrete_model(MADE, MADEOptions((5,)), Bernoulli(), Raster((2, 3)), context_size)


def test_a_walk_is_recorded_when_it_is_asked_for_again():
    model = small(context_size=2)
    context = random_context(model, 3)
    assert draw(model, noise_of(model, 3), None, None, context, Recorded) is None
    assert not Recorded.made
    for seed in (1, 2):
        noise = noise_of(model, 3, seed)
        drawn = draw(model, noise, None, None, context, Recorded)
        assert torch.equal(drawn, generic_draw(model, noise, context=context))
    assert [walk.played for walk in Recorded.made] == [2]
    # Other shapes, known values, moved weights are walks of their own.
    noise = noise_of(model, 3)
    known = torch.ones(3, 2, 3, dtype=torch.bool)
    assert draw(model, noise_of(model, 4), None, None, context.repeat(2, 1)[:4], Recorded) is None
    assert draw(model, noise, known, known.long(), context, Recorded) is None
    model.network.output.weight.data = model.network.output.weight.data.clone()
    assert draw(model, noise, None, None, context, Recorded) is None
    assert len(Recorded.made) == 1


def test_few_walks_are_kept():
    model = small()
    for rows in (1, 2, 3):
        for _ in range(2):
            draw(model, noise_of(model, rows), None, None, None, Recorded)
    assert len(captured_draw._kept[model]) == captured_draw._MOST_KEPT


def test_what_cannot_be_recorded_is_walked_and_not_tried_again():
    model = small()
    tried = []

    def refusing(*arguments):
        tried.append(arguments)
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    for _ in range(3):
        assert draw(model, noise_of(model, 2), None, None, None, refusing) is None
    assert len(tried) == 1


def test_strings_are_walked():
    network = GRU, GRUOptions(3)
    model = discrete_model(*network, Categorical(4), UntilEnd(3))
    noise = torch.rand(2, 5, 1, dtype=torch.float64)
    for _ in range(2):
        assert draw(model, noise, None, None, None, Recorded) is None


def test_looking_at_a_value_is_seen():
    x = torch.arange(4.0)
    assert not waits(lambda: torch.where(x > 1, x, 0.0)[1:].sum())
    assert waits(lambda: x.sum().item())
    assert waits(lambda: bool((x > 1).all()))
    assert waits(lambda: x[x > 1])
    assert waits(lambda: (x > 1).nonzero())


@pytest.mark.parametrize("name", [n for n, s in SYSTEMS.items() if "sample" in s.verbs])
def test_walks_of_a_fixed_length_can_be_recorded(name):
    """A network that begins to look at values would silently lose its graph."""
    system, data = SYSTEMS[name], natural(name)
    model = assemble(name, data, split_options(name, dict(system.small)))
    if not isinstance(model, AutoregressiveModel) or model.ordering.num_steps is None:
        pytest.skip("not one walk of a fixed length")
    with torch.no_grad():
        waited = waits(lambda: generic_draw(model, noise_of(model, 2)))
    assert waited == (name in WAITING)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="recording needs a GPU")
@pytest.mark.parametrize("context_size", [0, 2])
def test_a_recording_gives_the_draws_of_the_generic_walk(context_size):
    model = small(context_size).to("cuda")
    context = random_context(model, 5)
    for seed in range(3):
        noise = noise_of(model, 5, seed)
        drawn = draw(model, noise, None, None, context)
        expected = generic_draw(model, noise, context=context)
        assert drawn is None if seed == 0 else torch.equal(drawn, expected)
    assert isinstance(next(iter(captured_draw._kept[model].values())), Captured)
