"""Contract probe: two MADEs in two orders, averaged into one exact model that can be sampled."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.draw import draw, uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.ordering import Ordering
from arden.errors import InputError
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.core.models import chi_square, every_event, generator
from tests.probes.training import train

SHAPE = (4, 2)


def digits() -> Tensor:
    """The middle of real digits: (1797, 4, 2) bits."""
    return (torch.tensor(load_digits().images)[:, 2:6, 3:5] > 7).long()


def made(ordering: Ordering) -> AutoregressiveModel:
    """A small MADE over one order."""
    family = Bernoulli()
    torch.manual_seed(0)
    return AutoregressiveModel(
        ordering, MADE(spec_for(ordering, family), MADEOptions((16,))), family
    )


@pytest.fixture(scope="module")
def mixture() -> Mixture:
    """Both orders trained together, through the mixture's own likelihood."""
    data = digits()
    both = Mixture([made(Raster(SHAPE)), made(Shuffled(SHAPE, seed=1))])
    train(both, lambda rows, _: -both.log_prob(data[rows]), 1500, 200)
    return both.double()


def test_the_ensemble_is_one_distribution(mixture: Mixture) -> None:
    events = every_event(SHAPE, 2)
    assert abs(mixture.log_prob(events).exp().sum().item() - 1) < 1e-10
    parts = torch.stack([model.log_prob(events).exp() for model in mixture.models])
    assert (parts[0] - parts[1]).abs().max().item() > 1e-6  # two different distributions
    torch.testing.assert_close(mixture.log_prob(events).exp(), parts.mean(0))


def test_it_is_no_worse_than_the_mean_of_its_members(mixture: Mixture) -> None:
    held_out = digits()[1500:]
    with torch.no_grad():
        ensemble = mixture.log_prob(held_out).mean().item()
        members = [model.log_prob(held_out).mean().item() for model in mixture.models]
    assert ensemble > sum(members) / 2
    rate = digits()[:1500].double().mean(0)
    alone = torch.where(held_out == 1, rate, 1 - rate).log().flatten(1).sum(1).mean().item()
    assert ensemble > alone + 0.5


def test_sampling_chooses_a_component_and_then_draws_from_it(mixture: Mixture) -> None:
    count = 20_000
    noise = uniform_noise(generator(), (count, 9))
    chosen = mixture.choose_component(noise[:, 0])
    drawn = torch.zeros(count, *SHAPE, dtype=torch.int64)
    for index, model in enumerate(mixture.models):
        rows = chosen == index
        drawn[rows] = draw(model, noise[rows, 1:].reshape(-1, *SHAPE, 1))
    events = every_event(SHAPE, 2)
    counts = torch.bincount(drawn.flatten(1) @ (2 ** torch.arange(7, -1, -1)), minlength=256)
    assert chi_square(counts, mixture.log_prob(events).exp().detach()) < 6.5
    share = (chosen == 0).double().mean().item()
    assert abs(share - 0.5) < 0.02


def test_per_variable_terms_are_refused(mixture: Mixture) -> None:
    with pytest.raises(InputError, match="components with different orders have no per-variable"):
        mixture.log_conditionals(digits()[:1])
