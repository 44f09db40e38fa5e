"""P(A | B) of sets and intervals, and rows that fulfil them, against enumeration and draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.any_order_made import AnyOrderMADE, AnyOrderMADEOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks.particles import Particles, weighted_walk
from arden.tasks.query import query, sample_where
from arden.tasks.sample import sample
from tests.core.models import build, chi_square, every_event

LENGTH = 4
SYMBOLS = Categorical(3)
TABLE = Mixed(
    (Bernoulli(), Standardised(GaussianMixture(2), 40.0, 9.0), Categorical(4), GaussianMixture(2))
)
ASKED = {0: {1, 2}, 2: {0}}
GIVEN = {3: {0, 1}}


def nade(family: Any = SYMBOLS, seed: int = 0) -> AutoregressiveModel:
    return build(NADE, NADEOptions(6), family, Shuffled((LENGTH,), 1), seed=seed)


def made(family: Any = SYMBOLS, seed: int = 0, context_size: int = 0) -> AutoregressiveModel:
    options = AnyOrderMADEOptions((7,), "tanh")
    return build(AnyOrderMADE, options, family, Shuffled((LENGTH,), 1), context_size, seed)


def orderless(family: Any = SYMBOLS) -> AutoregressiveModel:
    options = OrderlessNADEOptions((7, 6), "tanh")
    return build(OrderlessNADE, options, family, Shuffled((LENGTH,), 1))


MODELS: dict[str, Callable[[], Any]] = {
    "fixed order": nade,
    "any-order MADE": made,
    "orderless NADE": orderless,
    "mixture": lambda: Mixture([nade(), nade(seed=1)], [1, 2]),
    "mixture of any orders": lambda: Mixture([made(), made(seed=1)], [1, 2]),
}
every_model = pytest.mark.parametrize("name", MODELS)


def joint_of(model: Any, concerned: set[int], given: set[int]) -> Tensor:
    """A model, scalars -> (3⁴,) ln p of every event, of the joint that the question names."""
    if isinstance(model, Mixture):
        parts = [joint_of(part, concerned, given) for part in model.models]
        return (torch.stack(parts) + model.log_weights[:, None]).logsumexp(dim=0)
    events = every_event((LENGTH,), 3)
    how = {}
    if not isinstance(model.network, NADE):
        masks = torch.zeros(2, 1, LENGTH, dtype=torch.bool)
        masks[0, 0, list(given)], masks[1, 0, list(concerned | given)] = True, True
        how = {
            "order": observed_first(masks[0], observed_first(masks[1], model.dims(1, LENGTH)))[0]
        }
    with torch.no_grad():
        return model.log_prob(events, **how)


def holds(conditions: dict[int, set[int]]) -> Tensor:
    """Conditions -> (3⁴,) bool: the events that fulfil them."""
    events = every_event((LENGTH,), 3)
    agree = torch.ones(len(events), dtype=torch.bool)
    for dim, levels in conditions.items():
        agree &= (events[:, dim, None] == torch.tensor(sorted(levels))).any(dim=1)
    return agree


@every_model
def test_sets_by_enumeration(name: str) -> None:
    model = MODELS[name]()
    for asked, given in (
        (ASKED, {}),
        (ASKED, GIVEN),
        ({0: {2}}, GIVEN),
        ({0: {0, 1}, 3: {1, 2}}, GIVEN),  # one scalar both asked and given
        ({1: (1, 2)}, {}),  # levels as an interval
        ({}, GIVEN),
        ({0: {0, 1, 2}}, {1: {0}}),  # certain
        ({0: set()}, {}),  # impossible
    ):
        found = query(model, asked, given)
        joint = joint_of(model, set(asked), set(given)).exp()
        levels = {d: set(a) if not isinstance(a, tuple) else {1, 2} for d, a in asked.items()}
        first = holds(given)
        expected = joint[first & holds(levels)].sum() / joint[first].sum()
        assert found.exact
        assert abs(found.probability - expected) < 1e-8
        assert found.standard_error == 0
        assert found.effective_sample_size == math.inf


@every_model
def test_what_cannot_be_listed_is_estimated_with_an_error(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = MODELS[name]()
    exact = query(model, ASKED, GIVEN)
    monkeypatch.setattr("arden.tasks._question._MOST_LISTED", 1)
    answers = [query(model, ASKED, GIVEN, candidates=500, seed=seed) for seed in range(0, 40, 2)]
    off = torch.tensor([(a.probability - exact.probability) / a.standard_error for a in answers])
    assert not any(answer.exact for answer in answers)
    assert abs(off.mean()) < 5 / math.sqrt(20)
    assert 0.6 < off.std() < 1.5
    assert all(1 <= answer.effective_sample_size <= 1000 for answer in answers)
    assert query(model, ASKED, GIVEN, seed=3) == query(model, ASKED, GIVEN, seed=3)


def test_walks_are_not_kept_once_they_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arden.tasks._question._MOST_LISTED", 1)
    widths: list[int] = []

    def watched(model: AutoregressiveModel, noise: Tensor, *others: Any, **named: Any) -> Particles:
        widths.append(noise.shape[1])
        found = weighted_walk(model, noise, *others, **named)
        return replace(found, values=Gone())

    monkeypatch.setattr("arden.tasks._question.weighted_walk", watched)
    monkeypatch.setattr(torch, "zeros", narrow(torch.zeros, 4096))
    query(nade(), ASKED, candidates=20_000)
    assert widths == [4096] * 4 + [20_000 - 4 * 4096]


def narrow(made: Callable[..., Tensor], most: int) -> Callable[..., Tensor]:
    """A function that makes tensors -> the same, of no more rows than so many."""

    def watched(*shape: Any, **how: Any) -> Tensor:
        found = made(*shape, **how)
        assert not found.dim() or len(found) <= most
        return found

    return watched


class Gone(Tensor):
    """Values that nobody may look at."""

    def __getitem__(self, _: Any) -> Any:
        raise AssertionError("the walk is kept")


def test_one_scalar_visited_first_is_exact_whatever_it_is() -> None:
    for model in (made(TABLE), orderless(TABLE)):
        for asked in ({0: {1}}, {1: (30.0, 50.0)}, {2: {0, 3}}, {3: (-math.inf, 0.1)}):
            assert query(model, asked).exact
        halves = [query(model, {1: ends}).probability for ends in ((-math.inf, 37), (37, math.inf))]
        assert abs(sum(halves) - 1) < 1e-12
        first = model.begin(1, order=torch.tensor([1, 0, 2, 3])).step
        grid = torch.linspace(30, 50, 200_001, dtype=torch.float64)
        density = first.family.log_prob(first.params.expand(len(grid), -1), grid).exp()
        area = torch.trapezoid(density, grid).item()
        assert abs(query(model, {1: (30.0, 50.0)}).probability - area) < 1e-6


@pytest.mark.parametrize("build_model", [nade, made], ids=["fixed order", "any order"])
def test_intervals_agree_with_counting_draws(build_model: Any) -> None:
    model = build_model(TABLE)
    asked: dict[int, Any] = {1: (35.0, 60.0), 3: (-0.5, math.inf), 2: {1, 2, 3}}
    found = query(model, asked, candidates=4000)
    drawn = sample(model, 20_000, seed=0)
    inside = (drawn[:, 1] >= 35) & (drawn[:, 1] <= 60) & (drawn[:, 3] >= -0.5) & (drawn[:, 2] >= 1)
    if build_model is made:  # samples are of the model's own order, not of the question's
        order = [1, 2, 3, 0]
        own = [dim for dim in model.dims(1, LENGTH).tolist() if dim in asked]
        walk = torch.tensor([*own, *[dim for dim in order if dim not in own]])
        from arden.core.draw import draw
        from tests.core.models import noise_for

        drawn = draw(model, noise_for(model, 20_000), order=walk)
        inside = (drawn[:, 1] >= 35) & (drawn[:, 1] <= 60) & (drawn[:, 3] >= -0.5)
        inside &= drawn[:, 2] >= 1
    share = inside.double().mean().item()
    error = math.hypot(found.standard_error, math.sqrt(share * (1 - share) / 20_000))
    assert abs(found.probability - share) < 5 * error
    assert found.standard_error < 0.05 * found.probability
    assert not found.exact


@every_model
@pytest.mark.parametrize("listed", [True, False])
def test_rows_that_fulfil_conditions(
    name: str, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, conditions = MODELS[name](), {0: {1, 2}, 2: {0, 1}}
    if not listed:
        monkeypatch.setattr("arden.tasks._question._MOST_LISTED", 1)
    found = sample_where(model, 4000, conditions, candidates=40_000, seed=0)
    assert found.values.shape == (4000, LENGTH)
    assert found.exact == listed
    agree = holds(conditions)
    events = every_event((LENGTH,), 3)[agree]
    counts = (found.values[:, None] == events[None]).all(dim=2).sum(dim=0)
    assert counts.sum() == 4000
    joint = joint_of(model, set(conditions), set())[agree]
    # Drawn by weight from ten times as many walks: nearly independent.
    assert chi_square(counts, joint.softmax(dim=0)) < 6.5
    assert abs(found.log_probability - joint.logsumexp(dim=0)) < (1e-8 if listed else 0.05)
    assert found.effective_sample_size == math.inf or found.effective_sample_size > 4000


def test_rows_of_a_table_lie_in_their_intervals() -> None:
    model = made(TABLE)
    conditions: dict[int, Any] = {1: (30.0, 33.0), 0: {1}, 3: (0.0, 0.25)}
    found = sample_where(model, 300, conditions, candidates=2000, seed=1)
    assert bool(((found.values[:, 1] >= 30) & (found.values[:, 1] <= 33)).all())
    assert bool(((found.values[:, 3] >= 0) & (found.values[:, 3] <= 0.25)).all())
    assert bool((found.values[:, 0] == 1).all())
    assert not found.exact
    one = sample_where(model, 50, {1: (30.0, 33.0)}, seed=1)
    assert one.exact
    assert one.values[:, 1].unique().numel() == 50
    assert torch.equal(sample_where(model, 50, {1: (30.0, 33.0)}, seed=1).values, one.values)
    assert not torch.equal(sample_where(model, 50, {1: (30.0, 33.0)}).values, one.values)


def test_a_class_moves_the_answer() -> None:
    model = made(context_size=2)
    answers = [query(model, ASKED, context=row[None]) for row in torch.eye(2, dtype=torch.float64)]
    assert answers[0].probability != answers[1].probability
    with pytest.raises(InputError, match=r"context: expected shape \(1, 2\), got None"):
        query(model, ASKED)


def test_what_is_refused() -> None:
    model, table = nade(), made(TABLE)
    refusals: list[tuple[str, Callable[[], object]]] = [
        ("asked: expected scalars 0 … 3, got 9", lambda: query(model, {9: {0}})),
        (r"asked\[0\]: expected levels 0 … 2, got 5", lambda: query(model, {0: {5}})),
        (r"asked\[0\]: expected levels 0 … 2, got 1.5", lambda: query(model, {0: {1.5}})),  # type: ignore[dict-item]
        (r"given\[1\]: a real number has no levels", lambda: query(table, {0: {1}}, {1: {3}})),
        (r"asked\[1\]: expected \(low, high\)", lambda: query(table, {1: (3.0, 2.0)})),
        (r"asked\[1\]: expected \(low, high\)", lambda: query(table, {1: (math.nan, 2.0)})),
        ("given: it has probability 0", lambda: query(model, {0: {1}}, {1: set()})),
        ("candidates: expected at least 2", lambda: query(model, ASKED, candidates=1)),
        ("num_samples: expected at least 1", lambda: sample_where(model, 0, ASKED)),
        ("conditions: they have probability 0", lambda: sample_where(model, 3, {0: set()})),
        ("got strings", lambda: query(build(GRU, GRUOptions(3), SYMBOLS, UntilEnd(1)), {0: {1}})),
    ]
    for told, ask in refusals:
        with pytest.raises(InputError, match=told):
            ask()
    empty = query(table, {1: (3.0, 3.0)})
    assert (empty.probability, empty.exact) == (0.0, True)


def test_the_first_of_a_fixed_order_is_exact_and_a_late_real_one_is_not() -> None:
    model = build(NADE, NADEOptions(4), TABLE, Raster((LENGTH,)))
    assert query(model, {0: {1}}).exact
    assert query(model, {1: (0.0, 40.0)}).exact  # a bit before it: two fillings
    assert not query(model, {2: {1}}, candidates=50).exact
