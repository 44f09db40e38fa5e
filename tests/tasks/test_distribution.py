"""A model as a distribution of torch: shapes, numbers, support, gradients, draws that follow."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.distributions import Distribution, Independent, kl_divergence

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, chi_square, every_event, some_events
from tests.training.toys import bits, fresh_any

SHAPE = (2, 2)


def made(family: Conditional, shape: tuple[int, ...] = SHAPE, **how: Any) -> AutoregressiveModel:
    """A family -> a MADE over it, shaken, in float64."""
    return build(MADE, MADEOptions((7,)), family, Shuffled(shape, 1), **how)


def test_numbers_and_shapes_are_those_of_the_model() -> None:
    model = made(Bernoulli(), context_size=3)
    context = torch.randn(5, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    told = arden.as_distribution(model, context)
    assert isinstance(told, Distribution)
    assert (told.batch_shape, told.event_shape) == ((5, 4), SHAPE)
    x = some_events(Bernoulli(), SHAPE, 2 * 20).reshape(2, 5, 4, *SHAPE)
    found = told.log_prob(x)
    assert found.shape == (2, 5, 4)
    rows = model.log_prob(x.reshape(40, *SHAPE), context.expand(2, 5, 4, 3).reshape(40, 3))
    torch.testing.assert_close(found.flatten(), rows)
    one = told.log_prob(x[0, 0, 0])  # one event for every context
    torch.testing.assert_close(one[3, 1], model.log_prob(x[0, 0, :1], context[3, 1:2])[0])
    found.sum().backward()  # gradients reach the model, which is shared
    assert model.network.get_parameter("output.bias").grad is not None
    assert told.sample((3, 2)).shape == (3, 2, 5, 4, *SHAPE)
    assert told.sample().shape == (5, 4, *SHAPE)
    assert told.sample((0,)).shape == (0, 5, 4, *SHAPE)
    single = arden.as_distribution(model, context[0, 0])
    assert (single.batch_shape, single.sample().shape) == ((), SHAPE)
    torch.testing.assert_close(single.log_prob(x[0, 0, 0]), found[0, 0, 0])


def test_draws_follow_the_density_and_the_seed_of_torch() -> None:
    model = made(Categorical(3))
    told = arden.as_distribution(model)
    torch.manual_seed(0)
    drawn = told.sample((6000,))
    events = every_event(SHAPE, 3)
    same = (drawn[:, None] == events[None]).flatten(2).all(dim=2)
    assert abs(chi_square(same.sum(dim=0), told.log_prob(events).exp().detach())) < 5
    assert not torch.equal(drawn[:9], told.sample((9,)))
    torch.manual_seed(0)
    assert torch.equal(drawn, told.sample((6000,)))


def test_a_batch_is_expanded() -> None:
    model, x = made(Bernoulli(), context_size=2), some_events(Bernoulli(), SHAPE, 3)
    context = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    wide = arden.as_distribution(model, context, validate_args=True).expand((4, 3))
    assert wide.batch_shape == (4, 3)
    expected = model.log_prob(x, context.expand(3, 2)).expand(4, 3)
    torch.testing.assert_close(wide.log_prob(x), expected)
    bare = arden.as_distribution(made(Bernoulli())).expand((3,))
    assert (bare.batch_shape, bare.sample((2,)).shape) == ((3,), (2, 3, *SHAPE))
    assert bare.log_prob(x).shape == (3,)
    assert Independent(bare, 1).log_prob(x).shape == ()


TABLE = Mixed((Bernoulli(), GaussianMixture(2), Categorical(3)))


@pytest.mark.parametrize(
    ("family", "shape", "inside", "outside"),
    [
        (Bernoulli(), (2,), [0, 1], [0, 2]),
        (Categorical(3), (2,), [2, 0], [3, 0]),
        (GaussianMixture(2), (2,), [0.5, -3.0], [float("nan"), 0.0]),
        (TABLE, (3,), [1.0, -0.3, 2.0], [1.0, -0.3, 3.0]),
    ],
)
def test_support_is_checked(
    family: Conditional, shape: tuple[int, ...], inside: list[float], outside: list[float]
) -> None:
    told = arden.as_distribution(made(family, shape), validate_args=True)
    good, bad = torch.tensor(inside), torch.tensor(outside)
    assert told.support.event_dim == 1
    assert told.support.is_discrete == (family.num_symbols is not None)
    assert told.support.check(torch.stack([good, bad])).tolist() == [True, False]
    assert told.support.check(told.sample((50,))).all()
    assert told.log_prob(good).shape == ()
    with pytest.raises(ValueError, match="support"):
        told.log_prob(bad)
    with pytest.raises(ValueError, match="support"):  # by the model itself
        arden.as_distribution(made(family, shape), validate_args=False).log_prob(bad)


def test_mixtures_are_distributions_too() -> None:
    both = Mixture([made(Bernoulli()), made(Bernoulli(), seed=1)], [1, 2])
    told = arden.as_distribution(both)
    events = every_event(SHAPE, 2)
    torch.testing.assert_close(told.log_prob(events).exp().sum(), torch.tensor(1.0).double())
    assert told.sample((5,)).shape == (5, *SHAPE)
    with pytest.raises(NotImplementedError):
        kl_divergence(told, told)


def test_what_is_no_distribution_is_refused() -> None:
    with pytest.raises(InputError, match=r"as_distribution: .*only a lower bound"):
        arden.as_distribution(fresh_any("vae", bits()))  # type: ignore[arg-type]
    strings = build(GRU, GRUOptions(4), Categorical(3), UntilEnd(0))
    with pytest.raises(InputError, match="model: expected events of one fixed length"):
        arden.as_distribution(strings)
    with pytest.raises(InputError, match=r"context: expected shape \(1, 2\), got None"):
        arden.as_distribution(made(Bernoulli(), context_size=2))
    with pytest.raises(InputError, match=r"context: expected shape \(4, 2\), got \(4, 3\)"):
        arden.as_distribution(made(Bernoulli(), context_size=2), torch.ones(4, 3))
    with pytest.raises(InputError, match="context: expected"):
        arden.as_distribution(made(Bernoulli(), context_size=2), torch.tensor(1.0))
    with pytest.raises(InputError, match="context: this model takes none"):
        arden.as_distribution(made(Bernoulli()), torch.ones(4, 2))
