"""MADE's own claims: masks, members that share weights, a sample no dearer than one pass."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.draw import generic_draw
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.networks.made import MADE, MADEOptions
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from tests.core.models import build, every_event, noise_for

SHARED = MADEOptions((9, 8), masks=3)


def members(n: int = 6, context_size: int = 0) -> list[MADE]:
    """The three members of one shaken ensemble."""
    network = build(MADE, SHARED, Bernoulli(), Raster((n,)), context_size).network
    assert isinstance(network, MADE)
    return network.members()


def test_members_hold_one_set_of_weights_under_other_masks() -> None:
    first, *others = members(context_size=2)
    own = dict(first.named_parameters())
    for index, other in enumerate(others, start=1):
        assert other.options.mask == index
        held = dict(other.named_parameters())
        assert held.keys() == own.keys()
        assert all(held[name] is own[name] for name in own)
        assert not torch.equal(first.degrees[0], other.degrees[0])


def test_a_mixture_of_members_is_normalised_and_trains_them_all() -> None:
    models = [AutoregressiveModel(Raster((6,)), m, Bernoulli()) for m in members()]
    mixture = Mixture(models)
    events = every_event((6,), 2)
    joint = mixture.log_prob(events)
    assert abs(joint.exp().sum().item() - 1) < 1e-10
    mean = torch.stack([m.log_prob(events).exp() for m in models]).mean(dim=0)
    torch.testing.assert_close(joint.exp(), mean, rtol=1e-10, atol=0)
    optimiser = torch.optim.SGD(mixture.parameters(), lr=0.5)
    (-mixture.log_prob(events[:4]).mean()).backward()
    optimiser.step()
    assert all(bool((m.log_prob(events[:4]) != joint[:4]).all()) for m in models)


def test_evaluation_never_draws_a_mask() -> None:
    member = members()[1]
    model = AutoregressiveModel(Raster((6,)), member, Bernoulli())
    events = every_event((6,), 2)
    training = model.train().log_prob(events)
    assert torch.equal(training, model.eval().log_prob(events))
    again = MADE(member.spec, member.options)
    assert all(torch.equal(a, b) for a, b in zip(again.degrees, member.degrees, strict=True))


def test_random_degrees_are_the_same_in_every_version() -> None:
    model = build(MADE, MADEOptions((8,), degrees="random", seed=7), Bernoulli(), Raster((5,)))
    assert isinstance(model.network, MADE)
    assert model.network.degrees[0].tolist() == [4, 3, 1, 1, 1, 2, 2, 4]


def test_no_hidden_unit_is_left_without_inputs() -> None:
    for seed in range(20):
        options = MADEOptions((3, 3, 3), degrees="random", direct=False, seed=seed)
        network = build(MADE, options, Bernoulli(), Raster((9,))).network
        assert isinstance(network, MADE)
        assert all(bool(layer.weight_mask.any(dim=1).all()) for layer in network.layers)


def test_a_whole_sample_costs_no_more_multiplications_than_one_dense_pass() -> None:
    for conditional in (Bernoulli(), Categorical(3)):
        for hidden in ((), (50,), (40, 30)):
            model = build(MADE, MADEOptions(hidden), conditional, Raster((12,)))
            noise = noise_for(model, 4)
            with FlopCounterMode(display=False) as walked, torch.no_grad():
                drawn = generic_draw(model, noise)
            with FlopCounterMode(display=False) as dense, torch.no_grad():
                model.log_prob(drawn)
            assert 0 < walked.get_total_flops() <= dense.get_total_flops()


def test_the_order_of_the_lecture() -> None:
    """x₂, x₃, x₁: the first conditional is that of x₂ and sees nothing; x₁ sees both others."""
    model = build(MADE, MADEOptions((10,)), Bernoulli(), Given((3,), (1, 2, 0)))
    events = every_event((3,), 2)
    terms = model.log_conditionals(events)
    assert abs(terms.sum(1).exp().sum().item() - 1) < 1e-10
    for column, seen in ((1, [1]), (2, [1, 2]), (0, [0, 1, 2])):
        groups: dict[tuple[int, ...], set[float]] = {}
        for event, term in zip(events, terms, strict=True):
            key = tuple(event[seen].tolist())
            groups.setdefault(key, set()).add(round(term[column].item(), 12))
        assert all(len(values) == 1 for values in groups.values())  # unseen bits do not matter
        assert len(set().union(*groups.values())) == len(groups)  # and the seen ones do
