"""Complete: exact where it says so, weighed where it must be, against enumeration of the joint."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.orderings.zigzag import Zigzag
from arden.tasks import candidates as candidates_module
from arden.tasks import particles
from arden.tasks.complete import Completion, complete
from tests.core.models import build, chi_square, every_event, generator, shake, some_events
from tests.networks.cases import CASES, Case, model_of, names

ORDERLESS = OrderlessNADEOptions((7, 6), "tanh")
MIXED = Mixed((Bernoulli(), Categorical(3), GaussianMixture(2), Categorical(4)))
bit_cases = pytest.mark.parametrize(
    "case", [c for c in CASES if "bernoulli" in c.families], ids=names
)
any_order_cases = pytest.mark.parametrize(
    "case",
    [c for c in CASES if issubclass(c.network, AnyOrderNetwork) and "bernoulli" in c.families],
    ids=names,
)


def nade(family: Conditional | None = None, length: int = 6, **how: Any) -> AutoregressiveModel:
    """() -> a small NADE in an order that is not the order of storage."""
    ordering = how.pop("ordering", Shuffled((length,), seed=1))
    return build(NADE, NADEOptions(5), family or Bernoulli(), ordering, **how)


def orderless(
    family: Conditional | None = None, length: int = 4, **how: Any
) -> AutoregressiveModel:
    """() -> a small orderless NADE."""
    ordering = how.pop("ordering", Shuffled((length,), seed=1))
    return build(OrderlessNADE, ORDERLESS, family or Bernoulli(), ordering, **how)


def every_mask(length: int) -> Tensor:
    """D -> (2^D, D) bool."""
    return every_event((length,), 2).bool()


def fillings(row: Tensor, known: Tensor, symbols: int) -> Tensor:
    """(D,), (D,) bool, K -> (K^unknown, D): the row with everything that may be unknown of it."""
    filled = row.repeat(symbols ** int((~known).sum()), 1)
    filled[:, ~known] = every_event((int((~known).sum()),), symbols).to(row)
    return filled


def marginal(model: Any, row: Tensor, known: Tensor, symbols: int = 2, **how: Any) -> Tensor:
    """(*event), (*event) bool -> (): ln p(known), every filling of the rest summed."""
    filled = fillings(row.flatten(), known.flatten(), symbols).reshape(-1, *row.shape)
    context = how.pop("context", None)
    if context is not None:
        how["context"] = context.expand(len(filled), -1)
    with torch.no_grad():
        return model.log_prob(filled, **how).logsumexp(dim=0)


def frequencies(found: Completion, row: int, outcomes: Tensor) -> Tensor:
    """(C, D) outcomes -> (C,) how often each was drawn in that row."""
    drawn = found.values[row].flatten(1)
    return (drawn[:, None] == outcomes[None]).all(dim=2).sum(dim=0)


@any_order_cases
@pytest.mark.parametrize("context_size", [0, 3])
def test_every_mask_is_completed_from_the_joint_of_its_named_order(
    case: Case, context_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All 2⁸ masks in one batch: what is drawn from, step by step, against enumeration."""
    length = 8
    model = model_of(case, "bernoulli", (2, 4), context_size)
    masks = every_mask(length)
    x = some_events(model.conditional, (2, 4), len(masks))
    classes = torch.eye(3).double()[torch.arange(len(masks)) % 3] if context_size else None
    asked: dict[str, Any] = {}

    def recorded(model: Any, noise: Tensor, *rest: Any) -> Tensor:
        asked.update(zip(("known", "given", "context", "order"), rest, strict=True))
        return noise[..., 0].round().long()

    monkeypatch.setattr("arden.tasks.complete.draw", recorded)
    found = complete(model, x, masks.reshape(-1, 2, 4), classes, seed=0)
    assert found.exact
    assert found.joint.startswith("the joint that visits the observed first, then the rest")
    assert found.order is not None
    known = asked["known"].flatten(1)
    assert torch.equal(known, masks)
    assert torch.equal(asked["given"].flatten(1)[known], x.flatten(1)[known])
    assert torch.equal(asked["order"], found.order)
    # Observed first, within each part in the model's own order.
    assert torch.equal(found.order, observed_first(masks, model.dims(1, length)))

    filled = [fillings(x[row].flatten(), masks[row], 2) for row in range(len(masks))]
    counts = torch.tensor([len(part) for part in filled])
    owner = torch.arange(len(masks)).repeat_interleave(counts)
    events = torch.cat(filled)
    orders = found.order[owner]
    context = None if classes is None else classes[owner]
    with torch.no_grad():
        joint = model.log_prob(events.reshape(-1, 2, 4), context, order=orders)
        walker = model.begin(len(events), context, orders)
        walked = torch.zeros(len(events), dtype=torch.float64)
        while not walker.done:
            step = walker.step
            value = events.gather(1, step.dims[:, None])[:, 0]
            unknown = ~masks[owner].gather(1, step.dims[:, None])[:, 0]
            walked += torch.where(unknown, step.family.log_prob(step.params, value), 0.0)
            walker.advance(value)
    for row in range(len(masks)):
        here = owner == row
        total = joint[here].logsumexp(dim=0)
        assert (walked[here] - (joint[here] - total)).abs().max() < 1e-8
        assert abs(found.log_observed[row] - total) < 1e-8


@any_order_cases
def test_draws_follow_the_conditional_of_each_row(case: Case) -> None:
    count = 3000
    model = model_of(case, "bernoulli", (2, 3))
    x = some_events(model.conditional, (2, 3), 3)
    known = torch.tensor([[1, 0, 1, 0, 0, 1], [0, 1, 0, 1, 1, 0], [0, 0, 0, 1, 0, 1]]).bool()
    found = complete(model, x, known.reshape(3, 2, 3), num=count, seed=3)
    assert bool(found.effective_sample_size.isinf().all())
    for row in range(3):
        outcomes = fillings(x[row].flatten(), known[row], 2)
        order = found.order[row] if found.order is not None else None
        with torch.no_grad():
            mass = model.log_prob(outcomes.reshape(-1, 2, 3), order=order).exp()
        counts = frequencies(found, row, outcomes)
        assert counts.sum() == count  # what is observed was kept
        # Exceeds 6.5 deviations about once in a million.
        assert chi_square(counts, mass / mass.sum()) < 6.5


@bit_cases
def test_what_comes_first_is_exact_for_every_network(case: Case) -> None:
    model = model_of(case, "bernoulli", (2, 3))
    if isinstance(model.network, AnyOrderNetwork):
        return
    order, x = model.dims(1, 6), some_events(model.conditional, (2, 3), 7)
    known = torch.zeros(7, 6, dtype=torch.bool)
    for row in range(7):
        known[row, order[:row]] = True  # 0 … 6 of them
    found = complete(model, x, known.reshape(7, 2, 3), seed=0)
    assert found.exact
    assert found.log_weight.shape == (7, 1)
    for row in range(7):
        expected = marginal(model, x[row], known[row])
        assert abs(found.log_observed[row] - expected) < 1e-8
    kept = known.reshape(7, 1, 2, 3)
    assert torch.equal(found.values[kept], x[:, None][kept])


def test_the_rest_of_a_prefix_follows_the_conditional() -> None:
    model = nade(length=5)
    x, known = some_events(Bernoulli(), (5,), 1), torch.zeros(1, 5, dtype=torch.bool)
    known[0, model.dims(1, 5)[:2]] = True
    found = complete(model, x, known, num=4000, seed=0)
    outcomes = fillings(x[0], known[0], 2)
    with torch.no_grad():
        mass = model.log_prob(outcomes).exp()
    assert chi_square(frequencies(found, 0, outcomes), mass / mass.sum()) < 6.5


@pytest.mark.parametrize("family", [Bernoulli(), Categorical(3)], ids=["bits", "symbols"])
def test_few_missing_values_are_listed_and_so_exact(family: Conditional) -> None:
    """A fixed order, every mask: evidence that comes later is heeded."""
    symbols = family.num_symbols or 0
    model, masks = nade(family, 4), every_mask(4)
    x = some_events(family, (4,), len(masks))
    found = complete(model, x, masks, seed=0)
    assert found.exact
    assert found.order is None
    for row, mask in enumerate(masks):
        assert abs(found.log_observed[row] - marginal(model, x[row], mask, symbols)) < 1e-8
    last = torch.zeros(1, 4, dtype=torch.bool)
    last[0, model.dims(1, 4)[-1]] = True
    drawn = complete(model, x[:1], last, num=4000, seed=1)
    outcomes = fillings(x[0], last[0], symbols)
    with torch.no_grad():
        mass = model.log_prob(outcomes).exp()
    assert chi_square(frequencies(drawn, 0, outcomes), mass / mass.sum()) < 6.5


def test_late_evidence_is_weighed_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """PITFALLS 8: evidence later in the order is neither ignored nor called exact."""
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    model, rows = nade(length=6, seed=2), 40
    known = torch.zeros(rows, 6, dtype=torch.bool)
    known[:, model.dims(1, 6)[[1, 3, 5]]] = True
    x = some_events(Bernoulli(), (6,), 1).expand(rows, 6)
    found = complete(model, x, known, num=100, candidates=400, seed=5)
    assert not found.exact
    assert not bool(found.exact_rows.any())
    assert found.log_weight.shape == (rows, 400)
    assert bool((found.effective_sample_size > 1).all())
    assert bool((found.effective_sample_size <= 400).all())
    # The estimate of p(observed) is unbiased: its mean over rows lies within 5 of its errors.
    estimates, exact = found.log_observed.exp(), marginal(model, x[0], known[0]).exp()
    assert abs(estimates.mean() - exact) < 5 * estimates.std() / math.sqrt(rows)
    assert estimates.std() / exact < 0.2
    # And the completions follow the posterior: within 5 errors of every probability, over the rows.
    outcomes = fillings(x[0], known[0], 2)
    with torch.no_grad():
        mass = model.log_prob(outcomes).exp()
    shares = torch.stack([frequencies(found, row, outcomes) / 100 for row in range(rows)])
    error = shares.std(dim=0) / math.sqrt(rows) + 1e-3
    assert bool(((shares.mean(dim=0) - mass / mass.sum()).abs() < 5 * error).all())
    forward = nade(length=6, seed=2).log_prob(outcomes)  # ancestral draws alone would not follow it
    assert forward.shape == mass.shape


def test_resampling_makes_the_weights_more_even(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred observed values after their causes: ln p of them is estimated with less spread."""
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    model = nade(length=200, ordering=Raster((200,)), seed=3)
    shake(model, scale=1.0)
    known = (torch.arange(200) % 2 == 1).expand(20, -1)
    x = some_events(Bernoulli(), (200,), 1).expand(20, -1)
    with_it = complete(model, x, known, num=50, candidates=100, seed=0)
    monkeypatch.setattr(particles, "_RESAMPLE_BELOW", 0.0)
    without = complete(model, x, known, num=50, candidates=100, seed=0)
    assert with_it.log_observed.std() < without.log_observed.std() / 1.5
    kept = known[:, None].expand_as(with_it.values)
    assert torch.equal(with_it.values[kept], x[:, None].expand_as(with_it.values)[kept])


def test_copies_of_one_candidate_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first half is drawn before anything observed is met: as many of it as are told."""
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    model = nade(length=40, ordering=Raster((40,)), seed=3)
    shake(model, scale=1.0)
    known = (torch.arange(40) >= 20).expand(10, -1)
    x = some_events(Bernoulli(), (40,), 10)
    found = complete(model, x, known, num=200, candidates=200, seed=0)
    for row in range(10):
        kept, counts = found.values[row, :, :20].unique(dim=0, return_counts=True)
        worth = found.effective_sample_size[row]
        assert 1 <= worth <= len(kept) + 1e-9
        # Drawn a whole number of times each, by weights that are none.
        assert 0.7 < worth / (200**2 / (counts**2).sum()) < 1.5


def test_a_promise_not_to_read_makes_masks_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    masks, x = every_mask(5), some_events(Bernoulli(), (5,), 32)
    independent = build(Independent, IndependentOptions(), Bernoulli(), Shuffled((5,), seed=1))
    found = complete(independent, x, masks, seed=0)
    assert found.exact
    for row, mask in enumerate(masks):
        assert abs(found.log_observed[row] - marginal(independent, x[row], mask)) < 1e-10
    chain = build(Markov, MarkovOptions(1), Bernoulli(), Raster((5,)))
    found = complete(chain, x, masks, seed=0)
    for row, mask in enumerate(masks):
        # Exact where every known value's own predecessor is known, or where there is none.
        expected = all(not mask[i] or mask[i - 1] for i in range(1, 5))
        assert bool(found.exact_rows[row]) == expected
        if expected:
            assert abs(found.log_observed[row] - marginal(chain, x[row], mask)) < 1e-10


@pytest.mark.parametrize("orders", ["one", "several", "any"])
def test_mixtures_choose_a_component_by_what_is_observed(orders: str) -> None:
    length = 5
    if orders == "any":
        parts = [orderless(length=length, seed=seed) for seed in (0, 1)]
    else:
        rules = [Shuffled((length,), seed=seed if orders == "several" else 1) for seed in (1, 2)]
        parts = [nade(length=length, ordering=rule, seed=at) for at, rule in enumerate(rules)]
    mixture = Mixture(parts, [1, 2])
    masks = every_mask(length)
    x = some_events(Bernoulli(), (length,), len(masks))
    found = complete(mixture, x, masks, seed=0)
    assert found.exact
    assert found.joint.startswith("the average of 2 joints")

    def components(row: int) -> list[tuple[AutoregressiveModel, dict[str, Any]]]:
        if orders != "any":
            return [(part, {}) for part in parts]
        return [
            (part, {"order": observed_first(masks[row : row + 1], part.dims(1, length))[0]})
            for part in parts
        ]

    def outcomes_of(row: int) -> tuple[Tensor, Tensor]:
        outcomes = fillings(x[row], masks[row], 2)
        with torch.no_grad():
            each = [part.log_prob(outcomes, **how).exp() for part, how in components(row)]
        return outcomes, each[0] / 3 + each[1] * 2 / 3

    for row in range(len(masks)):
        _, mass = outcomes_of(row)
        assert abs(found.log_observed[row] - mass.sum().log()) < 1e-8
    row = 0b01101
    drawn = complete(mixture, x[row : row + 1], masks[row : row + 1], num=4000, seed=1)
    outcomes, mass = outcomes_of(row)
    assert chi_square(frequencies(drawn, 0, outcomes), mass / mass.sum()) < 6.5


def test_mixtures_of_other_orders_pool_weighed_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    length = 4
    parts = [nade(length=length, ordering=Shuffled((length,), s), seed=s) for s in (1, 2)]
    mixture = Mixture(parts, [3, 1])
    known = torch.zeros(30, length, dtype=torch.bool)
    known[:, parts[0].dims(1, length)[:2]] = True  # first in one, late in the other
    assert not bool(complete(parts[1], known.long(), known, seed=0).exact)
    x = some_events(Bernoulli(), (length,), 1).expand(30, length)
    found = complete(mixture, x, known, num=100, candidates=200, seed=0)
    assert not found.exact
    assert found.log_weight.shape == (30, 201)  # one candidate of the first, 200 of the other
    exact = marginal(mixture, x[0], known[0]).exp()
    estimates = found.log_observed.exp()
    assert abs(estimates.mean() - exact) < 5 * estimates.std() / math.sqrt(30) + 1e-12
    outcomes = fillings(x[0], known[0], 2)
    with torch.no_grad():
        mass = mixture.log_prob(outcomes).exp()
    shares = torch.stack([frequencies(found, row, outcomes) / 100 for row in range(30)])
    error = shares.std(dim=0) / math.sqrt(30) + 1e-2
    assert bool(((shares.mean(dim=0) - mass / mass.sum()).abs() < 5 * error).all())


def strings(seed: int = 0) -> AutoregressiveModel:
    """() -> a small GRU over the letters 0 and 2; 1 ends a string."""
    return build(GRU, GRUOptions(5), Categorical(3), UntilEnd(1), seed=seed)


def test_a_beginning_of_a_string_is_continued_to_its_end() -> None:
    model = strings()
    x = torch.tensor([[0, 2, 9], [2, 1, 9], [9, 9, 9]])
    known = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 0]]).bool()
    found = complete(model, x, known, num=2000, max_steps=8, seed=0)
    assert found.exact
    assert found.values.shape[:2] == (3, 2000)
    assert bool((found.values[0, :, :2] == x[0, :2]).all())
    assert bool((found.values[1, :, 1:] == 1).all())  # it had ended: nothing is drawn behind
    with torch.no_grad():
        assert torch.allclose(found.log_observed, model.log_prob(x * known, observed=known))
        one = torch.tensor([[0, 2, 0], [0, 2, 1], [0, 2, 2]])
        mass = model.log_prob(one)
    counts = (found.values[0, :, 2, None] == torch.arange(3)).sum(dim=0)
    assert chi_square(counts, mass.softmax(dim=0)) < 6.5


def test_a_gap_in_a_string_is_weighed_and_no_end_is_put_before_what_is_known() -> None:
    model, rows = strings(), 30
    x = torch.tensor([[0, 9, 2, 1]]).expand(rows, 4)
    known = torch.tensor([[1, 0, 1, 1]]).bool().expand(rows, 4)
    found = complete(model, x, known, num=50, candidates=100, max_steps=6, seed=0)
    assert not found.exact
    assert bool((found.values[:, :, 1] != 1).all())
    assert bool((found.values[:, :, 2] == 2).all())
    assert bool((found.values[:, :, 3:] == 1).all())
    with torch.no_grad():
        joint = model.log_prob(torch.tensor([[0, 0, 2, 1], [0, 2, 2, 1]])).exp()
    estimates = found.log_observed.exp()
    assert abs(estimates.mean() - joint.sum()) < 5 * estimates.std() / math.sqrt(rows)
    share = (found.values[:, :, 1] == 2).double().mean(dim=1)
    assert abs(share.mean() - joint[1] / joint.sum()) < 5 * share.std() / math.sqrt(rows) + 1e-3


def test_greedy_takes_the_most_likely_value_step_by_step() -> None:
    for model in (nade(Categorical(3), 5), orderless(Categorical(3), 5), orderless(MIXED)):
        length = model.event_shape[0]
        x = torch.zeros(4, length, dtype=torch.float64)
        known = torch.zeros(4, length, dtype=torch.bool)
        known[1, model.dims(1, length)[0]] = True
        found = complete(model, x, known, greedy=True)
        assert found.exact
        assert found.values.shape == (4, 1, length)
        assert torch.equal(found.values[0], found.values[2])
        values = found.values[:, 0]
        how = {} if found.order is None else {"order": found.order}
        with torch.no_grad():
            terms = model.log_conditionals(values, **how)
            for row in range(2):
                for dim in (~known[row]).nonzero()[:, 0].tolist():
                    family = candidates_module.family_of(model.conditional, dim)
                    for other in range(family.num_symbols or 0):
                        moved = values.clone()
                        moved[row, dim] = other
                        there = model.log_conditionals(moved, **how)
                        assert there[row, dim] <= terms[row, dim] + 1e-12
    parts = [nade(length=5, seed=seed) for seed in (0, 1)]
    mixture = Mixture(parts)
    one = complete(mixture, torch.zeros(1, 5), torch.zeros(1, 5, dtype=torch.bool), greedy=True)
    with torch.no_grad():
        terms = mixture.log_conditionals(one.values[:, 0])
    assert bool((terms >= math.log(0.5)).all())


def test_real_and_mixed_columns_are_completed_with_junk_where_nothing_is_observed() -> None:
    model, count = orderless(MIXED), 20000
    x = torch.tensor([[1.0, math.nan, 0.4, math.nan]], dtype=torch.float64)
    known = x.isfinite()
    found = complete(model, x, known, num=count, seed=0)
    assert found.exact
    assert bool((found.values[0, :, [0, 2]] == x[0, [0, 2]]).all())
    with torch.no_grad():
        every = torch.cartesian_prod(torch.arange(3.0), torch.arange(4.0)).double()
        rows = x.expand(12, 4).clone()
        rows[:, [1, 3]] = every
        assert found.order is not None
        mass = model.log_prob(rows, order=found.order[0]).softmax(dim=0)
    counts = (found.values[0][:, None, [1, 3]] == every).all(dim=2).sum(dim=0)
    assert chi_square(counts, mass) < 6.5
    real = complete(model, x, torch.tensor([[True, True, False, True]]) & known, num=200, seed=0)
    assert bool(real.values.isfinite().all())
    assert real.values[0, :, 2].unique().numel() == 200


def test_late_evidence_about_a_real_number_is_weighed() -> None:
    model = nade(Mixed((Bernoulli(), GaussianMixture(2))), 2, ordering=Raster((2,)))
    x = torch.tensor([[0.0, 0.3]], dtype=torch.float64)
    listed = complete(model, x, torch.tensor([[False, True]]), num=4000, seed=0)
    assert listed.exact  # a bit is missing before it: two fillings
    with torch.no_grad():
        both = model.log_prob(torch.tensor([[0.0, 0.3], [1.0, 0.3]], dtype=torch.float64))
    share = listed.values[0, :, 0].mean()
    assert abs(share - both.softmax(dim=0)[1]) < 6 * 0.5 / math.sqrt(4000)
    late = nade(Mixed((GaussianMixture(2), Bernoulli())), 2, ordering=Raster((2,)))
    found = complete(late, torch.tensor([[math.nan, 1.0]]), torch.tensor([[False, True]]), seed=0)
    assert not found.exact  # a real number cannot be listed


@pytest.mark.parametrize("model", [nade(length=1), orderless(length=1)], ids=["fixed", "any order"])
def test_one_variable_all_observed_none_observed(model: AutoregressiveModel) -> None:
    x = torch.tensor([[1], [0]])
    known = torch.tensor([[True], [False]])
    found = complete(model, x, known, num=3, seed=0)
    assert bool((found.values[0] == 1).all())
    with torch.no_grad():
        assert abs(found.log_observed[0] - model.log_prob(x[:1])[0]) < 1e-12
    assert abs(found.log_observed[1]) < 1e-12
    assert torch.equal(complete(model, x, ~known & known, num=3, seed=0).values[1], found.values[1])


def test_draws_do_not_hang_on_the_other_rows_nor_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in (
        nade(length=6),
        orderless(length=6),
        Mixture([nade(length=6, seed=s) for s in (0, 1)]),
    ):
        x = some_events(Bernoulli(), (6,), 9)
        known = torch.rand(9, 6, generator=generator(1)) < 0.5
        whole = complete(model, x, known, num=4, seed=3)
        for size in (1, 2, 9):
            part = complete(model, x, known, num=4, seed=3, batch_size=size)
            assert torch.equal(part.values, whole.values)
            assert torch.equal(part.exact_rows, whole.exact_rows)
        few = complete(model, x[:4], known[:4], num=4, seed=3)
        assert torch.equal(few.values, whole.values[:4])
        assert not torch.equal(complete(model, x, known, num=4, seed=4).values, whole.values)
        source = generator(5)
        first = complete(model, x, known, num=4, generator=source)
        assert not torch.equal(
            complete(model, x, known, num=4, generator=source).values, first.values
        )
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    model = nade(length=6)
    whole = complete(model, x, known, num=4, seed=3)
    assert torch.equal(complete(model, x, known, num=4, seed=3, batch_size=2).values, whole.values)


def test_a_class_moves_the_completion() -> None:
    model = orderless(length=4, context_size=3)
    x, known = torch.zeros(3, 4), torch.zeros(3, 4, dtype=torch.bool)
    known[:, 0] = True
    classes = torch.eye(3, dtype=torch.float64)
    found = complete(model, x, known, classes, seed=0)
    for row in range(3):
        order = found.order[row] if found.order is not None else None
        expected = marginal(model, x[row], known[row], context=classes[row], order=order)
        assert abs(found.log_observed[row] - expected) < 1e-8
    assert found.log_observed.unique().numel() == 3


def test_what_cannot_be_is_refused() -> None:
    model, any_order = nade(length=4), orderless(length=4)
    x, known = torch.zeros(2, 4), torch.zeros(2, 4, dtype=torch.bool)
    late = known.clone()
    late[:, model.dims(1, 4)[-1]] = True
    refusals: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("num: expected at least 1, got 0", (model, x, known), {"num": 0}),
        ("candidates: expected at least 1, got 0", (model, x, known), {"candidates": 0}),
        ("seed, generator: expected one", (model, x, known), {"seed": 1, "generator": generator()}),
        ("batch_size: expected at least 1", (model, x, known), {"batch_size": 0}),
        ("num: expected 1 with greedy", (model, x, known), {"num": 2, "greedy": True}),
        ("would not be heeded", (model, x, late), {"greedy": True}),
        ("observed: expected booleans, got torch.int64", (model, x, known.long()), {}),
        ("observed: expected the shape of x", (model, x, known[:, :3]), {}),
        (r"x: expected shape \(B, 4\)", (model, x[:, :3], known[:, :3]), {}),
        ("x: row 1, variable 2 holds 7", (any_order, _with(x, 1, 2, 7), ~known), {}),
        ("x: row 0, variable 0 holds nan", (any_order, _with(x, 0, 0, math.nan), ~known), {}),
        ("context: this model takes none", (model, x, known, torch.eye(2)), {}),
        ("max_steps: expected None", (model, x, known), {"max_steps": 9}),
        ("max_steps: expected at least 4", (strings(), x, known), {}),
        ("x: expected at least one row", (model, x[:0], known[:0]), {}),
        ("no steps whose most likely", (Mixture([model, any_order]), x, known), {"greedy": True}),
    ]
    for told, arguments, how in refusals:
        with pytest.raises(InputError, match=told):
            complete(*arguments, **how)


def _with(x: Tensor, row: int, column: int, value: float) -> Tensor:
    changed = x.clone()
    changed[row, column] = value
    return changed


def test_evidence_of_no_probability_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(Markov, MarkovOptions(1), Bernoulli(), Raster((3,)))
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.fill_(-math.inf)  # every bit is a zero
    x, known = torch.tensor([[0, 0, 0], [0, 0, 1]]), torch.tensor([[False, False, True]] * 2)
    with pytest.raises(InputError, match="observed in row 1 has probability 0"):
        complete(model, x, known, seed=0)
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    with pytest.raises(InputError, match="observed in row 1 has probability 0"):
        complete(model, x, known, seed=0, candidates=5)


def test_a_transformer_and_images_of_channels() -> None:
    options = AnyOrderTransformerOptions(8, heads=2, layers=1)
    model = build(AnyOrderTransformer, options, Categorical(3), Zigzag((1, 2, 3)))
    x = some_events(model.conditional, (1, 2, 3), 4)
    known = torch.rand(x.shape, generator=generator(2)) < 0.5
    found = complete(model, x, known, num=2, seed=0)
    assert found.values.shape == (4, 2, 1, 2, 3)
    assert torch.equal(
        found.values[known[:, None].expand_as(found.values)].reshape(-1),
        x[:, None].expand_as(found.values)[known[:, None].expand_as(found.values)],
    )
