"""A model's terms stand at their own places; what is missing neither counts nor is ever read."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import NetworkSpec
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.table import Table, TableOptions
from arden.orderings.column import Column
from arden.orderings.given import Given
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.core.models import build, every_event, generator, some_events

ORDER = Given((4,), (2, 0, 3, 1))


def table() -> AutoregressiveModel:
    """A full table over four bits in the order x₃, x₁, x₄, x₂: any distribution at all."""
    return build(Table, TableOptions(), Bernoulli(), ORDER)


def marginal(joint: Tensor, events: Tensor, seen: list[int], event: Tensor) -> Tensor:
    """p of all events -> p of the events that agree with ``event`` on the seen variables."""
    return joint[(events[:, seen] == event[seen]).all(dim=1)].sum()


def test_each_term_is_the_conditional_of_its_own_variable_given_those_before() -> None:
    model, events = table(), every_event((4,), 2)
    joint = model.log_prob(events).exp()
    terms = model.log_conditionals(events).exp()
    steps = list(ORDER.steps)
    for event, row in zip(events, terms, strict=True):
        for step, variable in enumerate(steps):
            whole = marginal(joint, events, steps[: step + 1], event)
            before = marginal(joint, events, steps[:step], event)
            torch.testing.assert_close(row[variable], whole / before, rtol=1e-10, atol=0)


def test_the_first_factor_is_counted_whatever_the_order() -> None:
    """PITFALLS 3: the first conditional is the marginal of the first variable *visited*."""
    model, events = table(), every_event((4,), 2)
    joint = model.log_prob(events).exp()
    expected = joint[events[:, 2] == 1].sum()
    first = model.log_conditionals(torch.tensor([[0, 0, 1, 0]]))[0, 2].exp()
    torch.testing.assert_close(first, expected, rtol=1e-10, atol=0)


def test_the_shape_of_the_network_between_an_ordering_and_a_family() -> None:
    family = LogisticMixture(5, 2)
    expected = NetworkSpec(12, 1, 6, num_symbols=5, context_size=3, grid=(2, 2, 3))
    assert spec_for(Raster((2, 2, 3)), family, 3) == expected
    assert spec_for(Column((2, 3, 1)), family).grid == (3, 2, 1)


def test_params_stand_where_their_terms_stand() -> None:
    family = Mixed((Bernoulli(), GaussianMixture(2), Categorical(3)))
    model = build(NADE, NADEOptions(4), family, Given((3,), (1, 2, 0)))
    x = torch.tensor([[1.0, 0.3, 2.0], [0.0, -4.0, 1.0]], dtype=torch.float64)
    params = model.params(x)
    assert params.shape == (2, 3, family.num_params)
    scored = family.at(torch.arange(3)).log_prob(params, x)
    torch.testing.assert_close(scored, model.log_conditionals(x), rtol=1e-12, atol=0)
    bits = build(FVSBN, FVSBNOptions(), Bernoulli(), Shuffled((2, 3)))
    event = some_events(Bernoulli(), (2, 3), 5)
    again = Bernoulli().log_prob(bits.params(event), event)
    torch.testing.assert_close(again, bits.log_conditionals(event), rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32])
def test_symbols_may_come_in_any_dtype(dtype: torch.dtype) -> None:
    model = table()
    events = every_event((4,), 2)
    assert torch.equal(model.log_prob(events.to(dtype)), model.log_prob(events))


def test_bytes_reach_the_last_of_256_levels() -> None:
    x = torch.tensor([[0, 255, 128]], dtype=torch.uint8)
    for family in (Categorical(256, "scalar"), LogisticMixture(256, 2)):
        model = build(NADE, NADEOptions(3), family, Raster((3,)))
        assert torch.equal(model.log_prob(x), model.log_prob(x.long()))


def test_values_keep_their_own_dtype() -> None:
    """A real number scored by a float32 network is not rounded before its density is taken."""
    model = build(NADE, NADEOptions(3), GaussianMixture(1), Raster((2,))).float()
    seen = []

    class Watching(GaussianMixture):
        def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
            seen.append(value)
            return super().log_prob(params, value)

    model.conditional = Watching(1)
    x = torch.tensor([[1.0 + 1e-12, 2.0]], dtype=torch.float64)
    assert model.log_prob(x).dtype == torch.float32
    assert seen[0].dtype == torch.float64
    assert torch.equal(seen[0], x)
    large = torch.tensor([[2**24 + 1, 0]])  # a whole number that float32 does not have
    symbols = build(Independent, IndependentOptions(), Bernoulli(), Raster((2,))).float()
    with pytest.raises(ValueError, match="holds 16777217"):
        symbols.log_prob(large)


def test_a_prefix_of_the_order_has_its_exact_marginal() -> None:
    model, events = table(), every_event((4,), 2)
    joint = model.log_prob(events).exp()
    for seen in range(5):
        steps = list(ORDER.steps[:seen])
        observed = torch.zeros(len(events), 4, dtype=torch.bool)
        observed[:, steps] = True
        scored = model.log_prob(events, observed=observed).exp()
        expected = torch.stack([marginal(joint, events, steps, event) for event in events])
        torch.testing.assert_close(scored, expected, rtol=1e-10, atol=0)
        terms = model.log_conditionals(events, observed=observed)
        assert bool((terms[~observed] == 0).all())


def test_an_impossible_filler_of_a_gap_is_no_nan() -> None:
    """PITFALLS 16: 0 · (−∞). The last bit is surely 1, and whatever stands in for a gap is not."""
    model = build(Independent, IndependentOptions(), Bernoulli(), Raster((3,)))
    with torch.no_grad():
        model.network.get_parameter("table.weight")[0, 2] = torch.inf
    x, known = torch.tensor([[1, 0, 1]]), torch.tensor([[True, True, False]])
    scored = model.log_prob(x, observed=known)
    assert scored.item() == model.log_prob(x).item()
    assert model.log_prob(torch.tensor([[1, 0, 0]])).item() == -torch.inf


ANY = AnyOrderTransformerOptions(8, heads=2, layers=1)


@pytest.mark.parametrize(
    "family",
    [
        Bernoulli(),
        Categorical(3),
        GaussianMixture(2),
        LogisticMixture(4, 2),
        Mixed((Bernoulli(), Categorical(3), GaussianMixture(2), GaussianMixture(2), Bernoulli())),
    ],
    ids=lambda family: type(family).__name__,
)
def test_unobserved_cells_may_hold_anything(family: Conditional) -> None:
    """PITFALLS 16, 17: neither their values nor the gradients notice NaN, infinity or nonsense."""
    model = build(AnyOrderTransformer, ANY, family, Raster((5,)))
    known = torch.rand(6, 5, generator=generator()) < 0.6
    known[0] = False  # an all-missing row
    known[1] = True
    x = torch.randint(0, 2, (6, 5), generator=generator(1)).double()
    order = observed_first(known)
    results = []
    for filler in (0.0, 1.0, torch.nan, torch.inf, -torch.inf, -7.5, 1e300):
        filled = torch.where(known, x, filler)
        model.zero_grad()
        terms = model.log_conditionals(filled, order=order, observed=known)
        terms.sum().backward()
        results.append((terms.detach(), [p.grad for p in model.parameters()]))
    terms, gradients = results[0]
    assert bool((terms[~known] == 0).all())
    assert terms[0].sum().item() == 0.0
    assert all(g is not None and bool(g.isfinite().all()) for g in gradients)
    for other_terms, other_gradients in results[1:]:
        assert torch.equal(other_terms, terms)
        for one, other in zip(gradients, other_gradients, strict=True):
            assert one is not None
            assert other is not None
            assert torch.equal(one, other)


def test_one_order_per_row_scores_each_row_in_its_own_order() -> None:
    model = build(AnyOrderTransformer, ANY, Categorical(3), Raster((2, 2)))
    x = some_events(Categorical(3), (2, 2), 6)
    orders = torch.stack([torch.randperm(4, generator=generator(row)) for row in range(6)])
    together = model.log_conditionals(x, order=orders)
    for row in range(6):
        alone = model.log_conditionals(x[row : row + 1], order=orders[row])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-10, atol=1e-12)
    default = model.log_prob(x, order=torch.arange(4))
    assert torch.equal(model.log_prob(x), default)


def test_every_order_is_a_distribution_but_not_the_same_one() -> None:
    """PITFALLS 21: an any-order network is a family of joints."""
    model = build(AnyOrderTransformer, ANY, Bernoulli(), Raster((4,)))
    events = every_event((4,), 2)
    joints = []
    for seed in range(4):
        order = torch.randperm(4, generator=generator(seed))
        joints.append(model.log_prob(events, order=order))
        assert abs(joints[-1].exp().sum().item() - 1) < 1e-10
    assert (joints[0] - joints[1]).abs().max().item() > 1e-3


def test_a_model_is_copied_and_moved_whole() -> None:
    model = build(MADE, MADEOptions((6,)), Bernoulli(), Shuffled((5,)))
    events = every_event((5,), 2)
    other = copy.deepcopy(model)
    assert torch.equal(other.log_prob(events), model.log_prob(events))
    assert all(tensor.is_meta for tensor in [*other.to("meta").buffers(), *other.parameters()])
    assert model.dtype == torch.float64
    assert model.device == torch.device("cpu")


def test_a_refused_event_names_the_first_wrong_cell() -> None:
    x = torch.zeros(3, 4)
    x[1, 3] = x[2, 0] = 2
    with pytest.raises(ValueError, match=r"x: row 1, variable 3 holds 2.0, outside the support"):
        table().log_prob(x)
