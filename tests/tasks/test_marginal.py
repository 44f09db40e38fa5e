"""ln p(x_A) and ln p(x_A | x_B) against enumeration, for every kind of model."""

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
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.errors import InputError
from arden.networks.any_order_made import AnyOrderMADE, AnyOrderMADEOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks import candidates as candidates_module
from arden.tasks.marginal import log_conditional, log_marginal
from arden.tasks.orders import in_orders
from tests.core.models import build, every_event, some_events
from tests.networks.cases import CASES, Case, model_of, names

LENGTH = 4
any_order_cases = pytest.mark.parametrize(
    "case",
    [c for c in CASES if issubclass(c.network, AnyOrderNetwork) and "bernoulli" in c.families],
    ids=names,
)


def nade(seed: int = 0, family: Any = None, length: int = LENGTH) -> AutoregressiveModel:
    return build(
        NADE, NADEOptions(5), family or Bernoulli(), Shuffled((length,), 1 + seed), seed=seed
    )


def made(seed: int = 0, context_size: int = 0) -> AutoregressiveModel:
    options = AnyOrderMADEOptions((7,), "tanh")
    return build(AnyOrderMADE, options, Bernoulli(), Shuffled((LENGTH,), 1), context_size, seed)


def every_pair() -> tuple[Tensor, Tensor]:
    """() -> (3⁴, 4) asked and given: every scalar is asked, given or neither."""
    roles = every_event((LENGTH,), 3)
    return roles == 1, roles == 2


def enumerated(x: Tensor, known: Tensor, log_joint: Tensor) -> Tensor:
    """(D,), (D,) bool, (2^D,) of every event -> (): ln of the sum of those that agree."""
    agree = (every_event((len(x),), 2) == x)[:, known].all(dim=1)
    return log_joint[agree].logsumexp(dim=0)


@any_order_cases
def test_any_order_networks_are_exact_for_the_joint_of_their_named_order(case: Case) -> None:
    model = model_of(case, "bernoulli", (2, 2))
    asked, given = every_pair()
    x = some_events(Bernoulli(), (LENGTH,), len(asked))
    found = log_conditional(
        model, x.reshape(-1, 2, 2), asked.reshape(-1, 2, 2), given.reshape(-1, 2, 2)
    )
    assert found.exact
    assert not bool(found.standard_error.any())
    assert not bool(found.spread.any())
    assert "the observed first" in found.joint
    events = every_event((2, 2), 2)
    for row in range(len(asked)):
        known = asked[row : row + 1] | given[row : row + 1]
        order = observed_first(given[row : row + 1], observed_first(known, model.dims(1, LENGTH)))
        with torch.no_grad():
            joint = model.log_prob(events, order=order[0])
        expected = enumerated(x[row], known[0], joint) - enumerated(x[row], given[row], joint)
        assert abs(found.log_prob[row] - expected) < 1e-8


def test_orders_are_averaged_as_probabilities_and_their_spread_is_told() -> None:
    model, (asked, given) = made(), every_pair()
    x = some_events(Bernoulli(), (LENGTH,), len(asked))
    found = log_conditional(model, x, asked, given, orders=5, seed=3)
    assert found.exact
    assert found.joint.startswith("the average of 5 joints")
    singles = [log_conditional(member, x, asked, given) for member in in_orders(model, 5, 3)]
    before = [log_marginal(member, x, given).log_prob for member in in_orders(model, 5, 3)]
    each = torch.stack([single.log_prob for single in singles])
    first = torch.stack(before)
    mean = (each + first).logsumexp(dim=0) - first.logsumexp(dim=0)
    assert torch.allclose(found.log_prob, mean, atol=1e-12)
    assert torch.allclose(found.spread, each.std(dim=0), atol=1e-12)
    assert found.spread.max() > 1e-3
    # A conditional of one average: over both values of what is asked it sums to one.
    one = torch.zeros(2, LENGTH, dtype=torch.bool)
    one[:, 2] = True
    values = torch.tensor([[0, 1, 0, 1], [0, 1, 1, 1]])
    both = log_conditional(model, values, one, ~one, orders=5, seed=3)
    assert abs(both.log_prob.exp().sum() - 1) < 1e-12


@pytest.mark.parametrize("kind", ["one", "mixture"])
def test_fixed_orders_by_enumeration_of_what_is_missing(kind: str) -> None:
    model: Any = nade() if kind == "one" else Mixture([nade(0), nade(1)], [1, 2])
    asked, given = every_pair()
    x = some_events(Bernoulli(), (LENGTH,), len(asked))
    found = log_conditional(model, x, asked, given)
    assert found.exact
    with torch.no_grad():
        joint = model.log_prob(every_event((LENGTH,), 2))
    for row in range(len(asked)):
        known = asked[row] | given[row]
        expected = enumerated(x[row], known, joint) - enumerated(x[row], given[row], joint)
        assert abs(found.log_prob[row] - expected) < 1e-8
    if kind == "one":
        assert not bool(found.spread.any())


def test_estimates_come_with_an_error_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = nade(length=8), 60
    asked, given = torch.zeros(2, rows, 8, dtype=torch.bool)
    order = model.dims(1, 8)
    asked[:, order[5]], given[:, order[3]], given[:, order[7]] = True, True, True
    x = some_events(Bernoulli(), (8,), 1).expand(rows, 8)
    expected = log_conditional(model, x[:1], asked[:1], given[:1])
    assert expected.exact
    monkeypatch.setattr(candidates_module, "_MOST_LISTED", 1)
    found = log_conditional(model, x, asked, given, candidates=256)
    assert not found.exact
    assert bool((found.standard_error > 0).all())
    off = (found.log_prob - expected.log_prob) / found.standard_error
    # Eight groups give a t with 7 degrees: a spread of √(7/5), and an error of that over 60 rows.
    assert abs(off.mean()) < 5 * 1.2 / math.sqrt(rows)
    assert 0.7 < off.std() < 1.7
    again = log_conditional(model, x, asked, given, candidates=256)
    assert torch.equal(again.log_prob, found.log_prob)
    other = log_conditional(model, x, asked, given, candidates=256, seed=1)
    assert not torch.equal(other.log_prob, found.log_prob)


def test_a_class_reals_and_junk_where_nothing_is_known() -> None:
    model = made(context_size=2)
    classes = torch.eye(2, dtype=torch.float64)
    x = torch.tensor([[1.0, math.nan, 0.0, -5.0]]).expand(2, 4)
    known = torch.tensor([[True, False, True, False]]).expand(2, 4)
    found = log_marginal(model, x, known, classes)
    assert found.log_prob[0] != found.log_prob[1]
    real = build(NADE, NADEOptions(4), Mixed((Bernoulli(), GaussianMixture(2))), Raster((2,)))
    rows = torch.tensor([[math.nan, 0.3]], dtype=torch.float64)
    late = log_marginal(real, rows, torch.tensor([[False, True]]))
    assert late.exact  # the bit before it has two values
    with torch.no_grad():
        both = real.log_prob(torch.tensor([[0, 0.3], [1, 0.3]], dtype=torch.float64))
    assert abs(late.log_prob[0] - both.logsumexp(dim=0)) < 1e-10


def test_beginnings_of_strings_are_exact() -> None:
    model = build(GRU, GRUOptions(5), Categorical(3), UntilEnd(1))
    x = torch.tensor([[0, 2, 2], [2, 1, 1]])
    asked = torch.tensor([[False, True, False], [False, True, True]])
    given = torch.tensor([[True, False, False], [True, False, False]])
    found = log_conditional(model, x, asked, given, max_steps=5)
    assert found.exact
    with torch.no_grad():
        terms = model.log_conditionals(x)
    assert torch.allclose(found.log_prob, terms[:, 1], atol=1e-12)


def test_nothing_asked_is_certain_and_everything_is_the_joint() -> None:
    for model in (nade(), made()):
        x, none = some_events(Bernoulli(), (LENGTH,), 3), torch.zeros(3, LENGTH, dtype=torch.bool)
        assert not bool(log_marginal(model, x, none).log_prob.any())
        with torch.no_grad():
            assert torch.allclose(log_marginal(model, x, ~none).log_prob, model.log_prob(x))


def test_what_is_refused() -> None:
    model, x = nade(), torch.zeros(2, LENGTH)
    none = torch.zeros(2, LENGTH, dtype=torch.bool)
    with pytest.raises(InputError, match="no scalar in both"):
        log_conditional(model, x, ~none, ~none)
    with pytest.raises(InputError, match="expected booleans of one shape"):
        log_conditional(model, x, none.long(), none)
    with pytest.raises(InputError, match="NADE has one order, its own"):
        log_marginal(model, x, ~none, orders=2)
    with pytest.raises(InputError, match="candidates: expected at least 16"):
        log_marginal(model, x, ~none, candidates=3)
    with pytest.raises(InputError, match="variable 1 holds 7"):
        log_marginal(model, torch.tensor([[0, 7, 0, 0]]), ~none[:1])
