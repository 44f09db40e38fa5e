"""Draws follow their seed, their rows do not depend on how many are asked for, mixtures mix."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.ordering import Ordering
from arden.errors import InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks import sample as drawing
from arden.tasks.sample import sample
from arden.tasks.score import score
from tests.core.models import build, chi_square, every_event, generator
from tests.storage.models import made_of_masks
from tests.training.toys import one_hot

SHAPE = (2, 2)


def nade(ordering: Ordering = Shuffled(SHAPE, 1), **how: Any) -> AutoregressiveModel:  # noqa: B008
    """() -> a NADE of four bits, shaken, in float64."""
    return build(NADE, NADEOptions(hidden=5), Bernoulli(), ordering, **how)


def of_two_orders(weights: tuple[float, float] = (1.0, 1.0)) -> Mixture:
    """Two weights -> a mixture of two orders with networks of their own."""
    return Mixture([nade(seed=1), nade(Raster(SHAPE), seed=2)], weights)


def frequencies(model: AutoregressiveModel | Mixture, draws: Tensor) -> float:
    """A model of four bits, its draws -> how far they are from its probabilities, in σ."""
    events = every_event(SHAPE, 2)
    number = (draws.flatten(1) * torch.tensor([8, 4, 2, 1])).sum(1)
    counts = torch.bincount(number, minlength=16)
    return chi_square(counts, score(model, events).exp())


@pytest.mark.parametrize("make", [nade, made_of_masks, of_two_orders])
def test_a_seed_names_its_draws(make: Any) -> None:
    model = make()
    first = sample(model, 50, seed=3)
    assert torch.equal(first, sample(model, 50, seed=3))
    assert not torch.equal(first, sample(model, 50, seed=4))
    # PITFALLS: a library whose draws never differ, or whose caller's random numbers it takes.
    before = torch.get_rng_state()
    assert not torch.equal(sample(model, 50), sample(model, 50))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_generator_goes_on_where_it_stands() -> None:
    model, source = nade(), generator(3)
    first, second = sample(model, 20, generator=source), sample(model, 30, generator=source)
    assert torch.equal(torch.cat([first, second]), sample(model, 50, seed=3))
    assert not torch.equal(first, second[:20])


@pytest.mark.parametrize("make", [nade, made_of_masks, of_two_orders])
def test_the_first_rows_do_not_depend_on_how_many(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make()
    few = sample(model, 10, seed=0)
    assert torch.equal(sample(model, 1030, seed=0)[:10], few)  # more than a chunk
    whole = sample(model, 25, seed=0)
    monkeypatch.setattr(drawing, "_MOST_ROWS", 10)
    assert torch.equal(sample(model, 25, seed=0), whole)  # across chunk boundaries
    monkeypatch.setattr(drawing, "_CHUNK_UNIFORMS", 1)
    assert torch.equal(sample(model, 25, seed=0), whole)


def test_reals_too(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(NADE, NADEOptions(hidden=5), GaussianMixture(2), Raster((3,)))
    whole = sample(model, 25, seed=0)
    assert whole.dtype == torch.float64
    monkeypatch.setattr(drawing, "_MOST_ROWS", 10)
    torch.testing.assert_close(sample(model, 25, seed=0), whole, rtol=1e-10, atol=1e-10)


def test_frequencies_are_the_probabilities() -> None:
    for model in (nade(), of_two_orders(), of_two_orders((5.0, 1.0))):
        assert abs(frequencies(model, sample(model, 4000, seed=0))) < 5
    # The test has power: another mixture, or a component alone, would be noticed.
    uneven, even = of_two_orders((5.0, 1.0)), of_two_orders()
    assert frequencies(even, sample(uneven, 4000, seed=0)) > 10
    assert frequencies(even, sample(even.models[0], 4000, seed=0)) > 10


def test_an_impossible_component_is_never_drawn_from() -> None:
    model = of_two_orders((0.0, 1.0))
    assert abs(frequencies(model.models[1], sample(model, 2000, seed=0))) < 5


def test_classes_are_drawn_row_by_row() -> None:
    model = nade(context_size=2)
    labels = (torch.arange(4000) >= 1500).long()  # other classes in every chunk
    draws = sample(model, 4000, seed=0, context=one_hot(labels))
    events = every_event(SHAPE, 2)
    for label in (0, 1):
        one = one_hot(torch.full((16,), label), torch.float64)
        expected = score(model, events, one).exp()
        number = (draws[labels == label].flatten(1) * torch.tensor([8, 4, 2, 1])).sum(1)
        found = torch.bincount(number, minlength=16)
        assert abs(chi_square(found, expected)) < 5
        other = score(model, events, one.flip(1)).exp()
        assert chi_square(found, other) > 10


def test_strings_end_and_are_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(GRU, GRUOptions(hidden=3), Bernoulli(), UntilEnd(0))
    monkeypatch.setattr(drawing, "_MOST_ROWS", 7)  # chunks of other lengths
    draws = sample(model, 40, seed=0, max_steps=12)
    assert draws.shape[0] == 40
    assert draws.shape[1] <= 12
    ended = (draws == 0).cumsum(1) > 0
    assert bool((draws[ended] == 0).all())
    assert len((~ended).sum(1).unique()) > 2
    with pytest.raises(InputError, match="max_steps: expected a number"):
        sample(model, 40)


def test_whatever_was_asked_wrongly() -> None:
    model = nade()
    with pytest.raises(InputError, match="num_samples: expected at least 1, got 0"):
        arden.sample(model, 0)
    with pytest.raises(InputError, match="seed, generator: expected one of them, got both"):
        arden.sample(model, 1, seed=0, generator=generator())
    with pytest.raises(InputError, match="context: this model takes none"):
        arden.sample(model, 2, context=torch.ones(2, 3))
    conditional = nade(context_size=2)
    with pytest.raises(InputError, match=r"context: expected shape \(2, 2\), got None"):
        arden.sample(conditional, 2)
    with pytest.raises(InputError, match="context: expected 2 rows, one per sample, got 3"):
        arden.sample(conditional, 2, context=torch.ones(3, 2))


def test_drawing_leaves_the_model_as_it_was() -> None:
    model = nade().train()
    drawn = sample(model, 3, seed=0)
    assert model.training
    assert not drawn.requires_grad
    assert drawn.dtype == torch.int64
