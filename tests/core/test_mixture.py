"""A mixture averages probabilities; the mistakes it is there to avoid are shown to be mistakes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.tempered import Tempered
from arden.core.conditional import Conditional, Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.table import Table, TableOptions
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.core.models import build, every_event, some_events

WEIGHTS = [0.2, 0.5, 0.3]


def same_order(family: Conditional, size: int = 4, context_size: int = 0) -> Mixture:
    """Three different models over one order, with weights that are not equal."""
    ordering = Shuffled((size,), seed=3)
    parts = [
        build(NADE, NADEOptions(3), family, ordering, context_size, seed=1),
        build(FVSBN, FVSBNOptions(), family, ordering, context_size, seed=2),
        build(NADE, NADEOptions(5), family, ordering, context_size, seed=3),
    ]
    return Mixture(parts, WEIGHTS)


def two_orders() -> Mixture:
    """Two bits in both orders."""
    return Mixture(
        [build(Table, TableOptions(), Bernoulli(), Given((2,), o)) for o in ((0, 1), (1, 0))]
    )


def test_it_is_the_weighted_mean_of_the_joints_and_sums_to_one() -> None:
    mixture, events = same_order(Bernoulli()), every_event((4,), 2)
    joint = mixture.log_prob(events).exp()
    parts = torch.stack([model.log_prob(events).exp() for model in mixture.models])
    expected = (torch.tensor(WEIGHTS, dtype=torch.float64)[:, None] * parts).sum(0)
    torch.testing.assert_close(joint, expected, rtol=1e-12, atol=0)
    assert abs(joint.sum().item() - 1) < 1e-12


def test_averaged_logits_would_not_be_a_distribution() -> None:
    """PITFALLS 1: two correlated bits in two orders; the per-variable averages sum to 1.93."""
    mixture, events = two_orders(), every_event((2,), 2)
    correlated = torch.tensor([[0.495, 0.005], [0.005, 0.495]], dtype=torch.float64)
    with torch.no_grad():
        for model in mixture.models:  # first bit fair, second bit equal to it 99 times in 100
            likely = math.log(99)
            table = torch.tensor([[[0.0], [-likely], [likely]]], dtype=torch.float64)
            model.network.get_parameter("table.weight").copy_(table)
    for model in mixture.models:
        torch.testing.assert_close(model.log_prob(events).exp(), correlated.flatten())
    terms = torch.stack([model.log_conditionals(events) for model in mixture.models])
    logits = torch.stack([model.params(events)[..., 0] for model in mixture.models])
    averaged_logits = Bernoulli().log_prob(logits.mean(0)[..., None], events).sum(1)
    averaged_terms = terms.exp().mean(0).log().sum(1)
    averaged_log_probs = torch.stack([m.log_prob(events) for m in mixture.models]).mean(0)
    assert averaged_logits.exp().sum().item() > 1.5
    assert averaged_terms.exp().sum().item() > 1.05
    assert averaged_log_probs.exp().sum().item() == pytest.approx(1.0)  # here the joints agree …
    with torch.no_grad():  # … and where they do not, averaged log probabilities lose mass
        mixture.models[1].network.get_parameter("table.weight").neg_()
    averaged_log_probs = torch.stack([m.log_prob(events) for m in mixture.models]).mean(0)
    assert averaged_log_probs.exp().sum().item() < 0.5
    assert abs(mixture.log_prob(events).exp().sum().item() - 1) < 1e-12


FAMILIES = [
    Bernoulli(),
    Categorical(3),
    GaussianMixture(2),
    Mixed((Bernoulli(), GaussianMixture(2), Categorical(3), Bernoulli())),
    Mixed((Bernoulli(), Categorical(4), Categorical(3), Bernoulli())),
]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: type(family).__name__)
@pytest.mark.parametrize("context_size", [0, 2])
def test_terms_and_walk_of_one_order_say_what_the_joint_says(
    family: Conditional, context_size: int
) -> None:
    mixture = same_order(family, context_size=context_size)
    x = some_events(Bernoulli(), (4,), 5).double()  # 0 and 1 lie in every support
    context = torch.eye(2).repeat(3, 1)[:5] if context_size else None
    joint = mixture.log_prob(x, context)
    terms = mixture.log_conditionals(x, context)
    torch.testing.assert_close(terms.sum(1), joint, rtol=1e-10, atol=1e-12)
    walker = mixture.begin(5, context)
    while not walker.done:
        step = walker.step
        values = x.gather(1, step.dims[:, None])[:, 0]
        scored = step.family.log_prob(step.params, values)
        expected = terms.gather(1, step.dims[:, None])[:, 0]
        torch.testing.assert_close(scored, expected, rtol=1e-10, atol=1e-12)
        if isinstance(step.family, Discrete):
            masses = step.family.log_pmf(step.params).exp().sum(-1)
            torch.testing.assert_close(masses, torch.ones(5, dtype=torch.float64))
        walker.advance(values)
    assert torch.equal(walker.event().double(), x)


def test_what_is_impossible_has_terms_that_sum_to_the_joint() -> None:
    parts = [build(FVSBN, FVSBNOptions(), Categorical(3), Raster((3,)), seed=s) for s in (1, 2)]
    with torch.no_grad():
        for part in parts:  # the middle symbol has no mass anywhere
            part.network.linear.bias.copy_(torch.tensor([0, -torch.inf, 0] * 3))
    mixture = Mixture(parts)
    x = torch.ones(1, 3, dtype=torch.int64)
    assert mixture.log_prob(x).tolist() == [-torch.inf]
    assert mixture.log_conditionals(x).sum(1).tolist() == [-torch.inf]


def test_the_walks_steps_are_the_conditionals_found_by_enumeration() -> None:
    mixture, events = same_order(Categorical(3), size=3), every_event((3,), 3)
    joint = mixture.log_prob(events).exp()
    order = mixture.models[0].dims(1, 3).tolist()
    event = torch.tensor([2, 0, 1])
    walker = mixture.begin(1)
    for step, variable in enumerate(order):
        agree = (events[:, order[:step]] == event[order[:step]]).all(1)
        pmf = torch.stack([joint[agree & (events[:, variable] == k)].sum() for k in range(3)])
        family = walker.step.family
        assert isinstance(family, Discrete)
        mass = family.log_pmf(walker.step.params)[0].exp()
        torch.testing.assert_close(mass, pmf / pmf.sum(), rtol=1e-10, atol=0)
        walker.advance(event[variable][None])


def test_the_posterior_over_components_follows_the_values() -> None:
    """After a few values the blend's weights are w_m p_m(x_<t), normalised."""
    mixture = same_order(Bernoulli())
    x = torch.tensor([[0, 1, 1, 0], [1, 1, 0, 0]])
    steps = x[:, mixture.models[0].dims(2, 4)]
    walker = mixture.begin(2, prefix=steps[:, :3])
    observed = torch.zeros(2, 4, dtype=torch.bool)
    observed[:, mixture.models[0].dims(2, 4)[:3]] = True
    parts = torch.stack([model.log_prob(x, observed=observed) for model in mixture.models], 1)
    expected = (parts + torch.tensor(WEIGHTS, dtype=torch.float64).log()).softmax(1)
    found = walker.step.params[:, :3].softmax(1)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=0)
    torch.testing.assert_close(
        mixture.log_prob(x, observed=observed).exp(),
        (parts.exp() * torch.tensor(WEIGHTS, dtype=torch.float64)).sum(1),
    )


def test_forked_mixture_walks_go_their_own_ways() -> None:
    mixture = same_order(Bernoulli())
    walker = mixture.begin(2, prefix=torch.tensor([[0], [1]]))
    fork = walker.select(torch.tensor([1, 1, 0]))
    fork.advance(torch.tensor([0, 1, 1]))
    walker.advance(torch.tensor([1, 1]))
    prefix = torch.tensor([[1, 0], [1, 1], [0, 1]])
    fresh = mixture.begin(3, prefix=prefix)
    torch.testing.assert_close(fork.step.params, fresh.step.params, rtol=1e-10, atol=1e-12)
    assert torch.equal(fork.event(), fresh.event())


def test_a_walk_draws_from_the_mixture() -> None:
    mixture = same_order(Bernoulli())
    drawn = mixture.walk(lambda step: torch.ones(3), 3)
    assert drawn.tolist() == [[1, 1, 1, 1]] * 3


def test_components_of_different_orders_have_no_terms() -> None:
    mixture, x = two_orders(), torch.zeros(1, 2)
    assert not mixture.same_order
    for ask in (lambda: mixture.log_conditionals(x), lambda: mixture.begin(1)):
        with pytest.raises(InputError, match="components with different orders have no per-var"):
            ask()
    assert bool(mixture.log_prob(x).isfinite().all())


def test_components_may_be_of_different_families_of_one_support() -> None:
    model = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3,)))
    sharp = AutoregressiveModel(model.ordering, model.network, Tempered(Bernoulli(), 0.3))
    mixture, events = Mixture([model, sharp]), every_event((3,), 2)
    assert abs(mixture.log_prob(events).exp().sum().item() - 1) < 1e-12
    terms = mixture.log_conditionals(events).sum(1)
    torch.testing.assert_close(terms, mixture.log_prob(events), rtol=1e-10, atol=1e-12)


def test_a_component_of_no_weight_and_a_mixture_of_one() -> None:
    model = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3,)), seed=1)
    other = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3,)), seed=2)
    events = every_event((3,), 2)
    expected = model.log_prob(events)
    for mixture in (Mixture([model]), Mixture([model, other], [2.0, 0.0])):
        torch.testing.assert_close(mixture.log_prob(events), expected, rtol=1e-12, atol=0)
        terms = mixture.log_conditionals(events)
        torch.testing.assert_close(terms, model.log_conditionals(events), rtol=1e-9, atol=1e-12)
        assert bool(mixture.begin(1, prefix=events[:1, :2]).step.params.exp().isfinite().all())


def test_weights_stay_in_double_precision_and_are_saved() -> None:
    mixture, events = same_order(Bernoulli()), every_event((4,), 2)
    expected = mixture.log_prob(events)
    assert "log_weights" in mixture.state_dict()
    single = mixture.float()
    assert single.dtype == torch.float32
    assert single.log_weights.dtype == torch.float64
    assert single.log_weights.exp().sum().item() == pytest.approx(1.0, abs=1e-12)
    torch.testing.assert_close(single.log_prob(events).double(), expected, rtol=1e-5, atol=1e-5)


def mismatched() -> list[tuple[list[AutoregressiveModel], list[float] | None, str]]:
    """Components and weights that make no mixture, and what the refusal says."""
    three = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3,)))
    four = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((4,)))
    symbols = build(FVSBN, FVSBNOptions(), Categorical(3), Raster((3,)))
    classes = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3,)), 2)
    return [
        ([], None, "components: expected at least one model"),
        ([three, four], None, r"components: .* got \(3,\) and \(4,\)"),
        ([three, symbols], None, "components: expected models of the same values"),
        ([three, classes], None, "components: expected models of one event shape and context"),
        ([three], [0.5, 0.5], "weights: expected 1 non-negative numbers"),
        ([three, three], [-1.0, 2.0], "weights: expected 2 non-negative numbers"),
        ([three, three], [0.0, 0.0], "weights: expected 2 non-negative numbers"),
        ([three, three], [math.nan, 1.0], "weights: expected 2 non-negative numbers"),
        ([three, three], [math.inf, 1.0], "weights: expected 2 non-negative numbers"),
    ]


@pytest.mark.parametrize(("components", "weights", "sentence"), mismatched())
def test_what_makes_no_mixture(
    components: list[AutoregressiveModel], weights: list[float] | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        Mixture(components, weights)


def test_every_component_gets_gradients() -> None:
    mixture: Mixture = same_order(Bernoulli())
    x: Tensor = torch.tensor([[0, 1, 1, 0]])
    (-mixture.log_prob(x).sum()).backward()
    for name, parameter in mixture.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
