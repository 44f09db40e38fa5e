"""Posteriors are Bayes' rule to the last digit, step by step, with classes beside or among x."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from torch import Tensor

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks import classify as classify_module
from arden.tasks.classify import class_log_probs, classify, progressive_posterior
from arden.tasks.judge import Judge
from arden.tasks.orders import in_orders
from tests.core.models import build, every_event, some_events
from tests.training.toys import bits, fresh, fresh_any, quick, reals

SHAPE = (2, 3)
X = some_events(Bernoulli(), SHAPE, 11)
PRIOR = [0.2, 0.5, 0.3]
CLASSES = 3


def conditional(seed: int = 0, ordering: Any = None, **how: Any) -> AutoregressiveModel:
    """() -> a NADE of six bits given one of three classes, shaken, in float64."""
    ordering = Shuffled(SHAPE, 2) if ordering is None else ordering
    return build(NADE, NADEOptions(hidden=5), Bernoulli(), ordering, CLASSES, seed, **how)


def told(label: int, rows: int) -> Tensor:
    """A class, N -> (N, 3) one-hot."""
    return torch.eye(CLASSES, dtype=torch.float64)[label].expand(rows, -1)


def by_hand(model: AutoregressiveModel | Mixture, x: Tensor, prior: Tensor) -> Tensor:
    """-> (N, 3): probabilities multiplied and divided, no logarithm in sight."""
    joint = torch.stack([prior[k] * model.log_prob(x, told(k, len(x))).exp() for k in range(3)], 1)
    return (joint / joint.sum(dim=1, keepdim=True)).detach()


@pytest.mark.parametrize("kind", ["single", "one order", "several orders"])
@pytest.mark.parametrize("batch_size", [None, 1, 4])
def test_it_is_bayes_rule(kind: str, batch_size: int | None) -> None:
    model: AutoregressiveModel | Mixture = conditional()
    if kind != "single":
        other = None if kind == "one order" else Shuffled(SHAPE, 5)
        model = Mixture([conditional(), conditional(1, other)], [1, 3])
    weights = torch.tensor(PRIOR, dtype=torch.float64)
    found = classify(model, X, [2, 5, 3], batch_size=batch_size)  # weights need not sum to one
    torch.testing.assert_close(found.exp(), by_hand(model, X, weights), rtol=1e-10, atol=0)
    assert found.dtype == torch.float64
    assert not torch.allclose(found, classify(model, X, torch.ones(3)))


def test_a_row_does_not_depend_on_the_others() -> None:
    model = conditional()
    alone = torch.cat([classify(model, X[row : row + 1], PRIOR) for row in range(len(X))])
    torch.testing.assert_close(alone, classify(model, X, PRIOR), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("mixed", [False, True])
def test_the_progressive_posterior_is_that_of_every_prefix(mixed: bool) -> None:
    model: AutoregressiveModel | Mixture = conditional()
    if mixed:
        model = Mixture([conditional(), conditional(1)], [1, 3])
    first = conditional()
    weights = torch.tensor(PRIOR, dtype=torch.float64)
    found = progressive_posterior(model, X, PRIOR, batch_size=3)
    assert found.shape == (11, 7, 3)
    torch.testing.assert_close(found[:, 0].exp(), weights.expand(11, -1))
    torch.testing.assert_close(found[:, -1], classify(model, X, PRIOR))
    # By enumeration: p(first t values | y) is summed over everything that may follow them.
    events, order = every_event(SHAPE, 2), first.ordering.order()
    joint = torch.stack([model.log_prob(events, told(k, 64)).exp() for k in range(3)], 1).detach()
    for steps in range(7):
        seen = order[:steps]
        same = (events.flatten(1)[:, seen][None] == X.flatten(1)[:, seen][:, None]).all(dim=2)
        marginal = same.double() @ joint * weights
        expected = marginal / marginal.sum(dim=1, keepdim=True)
        torch.testing.assert_close(found[:, steps].exp(), expected, rtol=1e-9, atol=1e-12)


def test_what_is_not_observed_changes_nothing() -> None:
    model = build(NADE, NADEOptions(5), Bernoulli(), Raster(SHAPE), CLASSES)
    observed = torch.arange(6).reshape(SHAPE).expand(11, -1, -1) < 4
    found = classify(model, X, PRIOR, observed=observed)
    changed = torch.where(observed, X, 1 - X)
    assert torch.equal(found, classify(model, changed, PRIOR, observed=observed))
    steps = progressive_posterior(model, X, PRIOR, observed=observed)
    torch.testing.assert_close(steps[:, 4], found)
    assert torch.equal(steps[:, 4], steps[:, 6])
    with pytest.raises(InputError, match="every observed scalar must come before"):
        classify(model, X, PRIOR, observed=~observed)


def test_what_is_scored_is_given_the_rest() -> None:
    model = build(NADE, NADEOptions(5), Bernoulli(), Raster(SHAPE), CLASSES)
    scored = torch.arange(6).reshape(SHAPE).expand(11, -1, -1) >= 4
    terms = [model.log_conditionals(X, told(k, 11)).flatten(1)[:, 4:].sum(1) for k in range(3)]
    expected = (torch.stack(terms, 1) + torch.tensor(PRIOR).double().log()).log_softmax(1)
    torch.testing.assert_close(classify(model, X, PRIOR, scored=scored), expected.detach())


def test_strings_are_read_to_their_ends() -> None:
    model = build(GRU, GRUOptions(4), Categorical(3), UntilEnd(0), CLASSES)
    x = torch.tensor([[1, 2, 0, 0, 0], [2, 2, 1, 2, 0], [0, 0, 0, 0, 0]])
    padded = torch.tensor([[1, 2, 0, 1, 2], [2, 2, 1, 2, 0], [0, 1, 1, 1, 1]])
    weights = torch.tensor(PRIOR, dtype=torch.float64)
    found = classify(model, x, PRIOR)
    torch.testing.assert_close(found.exp(), by_hand(model, x, weights))
    torch.testing.assert_close(found, classify(model, padded, PRIOR))
    steps = progressive_posterior(model, x, PRIOR)
    torch.testing.assert_close(steps[:, -1], found)
    assert torch.equal(steps[0, 3], steps[0, 5])


def test_a_row_that_no_class_explains_has_no_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    nats = torch.full((11,), -3.0, dtype=torch.float64)
    nats[4] = -torch.inf
    monkeypatch.setattr(classify_module, "score", lambda *rows, **how: nats)
    found = classify(conditional(), X, PRIOR)
    assert bool(found[4].isnan().all())
    assert not bool(found[:4].isnan().any() | found[5:].isnan().any())


def test_the_prior_is_that_of_the_training_rows(tmp_path: Path) -> None:
    data = bits(90)
    labels = (torch.arange(len(data.train)) % 4 > 0).long()  # three of four are odd
    data = type(data)(
        "uneven",
        data.schema,
        type(data.train)(data.train.values, labels),
        data.valid,
        data.test,
        "Uneven.",
    )
    counts = tuple(torch.bincount(labels).tolist())
    for name, options in (("nade", {"hidden": 3}), ("made", {"hidden": [4], "masks": 2})):
        model = arden.fit(name, data, condition="label", epochs=1, progress=False, **options)
        assert isinstance(model, AutoregressiveModel | Mixture)
        assert model.class_counts == counts
        x = data.test.values
        expected = classify(model, x, counts)
        assert torch.equal(classify(model, x), expected)
        assert not torch.allclose(classify(model, x, [1, 1]), expected)
        again = arden.load(arden.save(model, tmp_path / name))
        assert isinstance(again, AutoregressiveModel | Mixture)
        assert again.class_counts == counts
        assert torch.equal(classify(again, x), expected)
    orderless = fresh("orderless-nade", data, 2)
    assert in_orders(orderless, 2)[1].class_counts == counts == orderless.class_counts
    assert fresh("nade", data).class_counts == ()


def test_components_of_other_classes_have_no_prior_in_common() -> None:
    models = [conditional(), conditional(1)]
    models[0].class_counts, models[1].class_counts = (3, 4, 5), (3, 4, 5)
    assert Mixture(models).class_counts == (3, 4, 5)
    models[1].class_counts = (5, 4, 3)
    with pytest.raises(InputError, match="or its components differ in them; expected 3 weights"):
        classify(Mixture(models), X)
    for wrong in ((1, 2), (0, 0, 0), (1, -1, 2), (0.5, 0.2, 0.3)):
        with pytest.raises(InputError, match="class_counts: expected a number of rows for each"):
            models[0].class_counts = wrong  # type: ignore[assignment]


# A class among the variables.

TABLE = Mixed((Bernoulli(), Categorical(3), GaussianMixture(2), Bernoulli()))


def table_rows(count: int = 9) -> Tensor:
    """N -> (N, 4) float64: a bit, three levels, a real, a bit."""
    source = torch.Generator().manual_seed(4)
    levels = torch.randint(0, 2, (count, 4), generator=source).double()
    levels[:, 1] += torch.randint(0, 2, (count,), generator=source)
    levels[:, 2] = torch.randn(count, generator=source, dtype=torch.float64)
    return levels


@pytest.mark.parametrize("steps", [(0, 1, 2, 3), (1, 0, 3, 2), (3, 2, 0, 1)])
@pytest.mark.parametrize("column", [0, 1, 3])
def test_a_column_is_found_wherever_it_stands(steps: tuple[int, ...], column: int) -> None:
    model = build(MADE, MADEOptions((7,)), TABLE, Given((4,), steps))
    x, size = table_rows(), 3 if column == 1 else 2
    found = classify(model, x, column=column, batch_size=4)
    joint = []
    for value in range(size):
        tried = x.clone()
        tried[:, column] = value
        joint.append(model.log_prob(tried).exp())
    expected = torch.stack(joint, 1) / torch.stack(joint, 1).sum(1, keepdim=True)
    torch.testing.assert_close(found.exp(), expected.detach(), rtol=1e-10, atol=0)
    hidden = x.clone()
    hidden[:, column] = torch.nan
    assert torch.equal(classify(model, hidden, column=column, batch_size=4), found)


def any_order(name: str, family: Conditional, shape: tuple[int, ...]) -> AutoregressiveModel:
    """A network's name -> one that takes any order, shaken."""
    if name == "nade":
        options = OrderlessNADEOptions((6, 5), "tanh")
        return build(OrderlessNADE, options, family, Shuffled(shape, 3))
    return build(
        AnyOrderTransformer, AnyOrderTransformerOptions(8, 2, 1), family, Shuffled(shape, 3)
    )


@pytest.mark.parametrize("name", ["nade", "transformer"])
@pytest.mark.parametrize("column", [0, 4])
def test_by_the_observed_first_it_is_the_joint_of_that_order(name: str, column: int) -> None:
    model = any_order(name, Bernoulli(), SHAPE)
    masks = every_event((6,), 2).bool()
    x = some_events(Bernoulli(), SHAPE, len(masks))
    found = classify(
        model, x, column=column, observed=masks.reshape(-1, *SHAPE), observed_first=True
    )
    own = model.ordering.order().tolist()
    for row, mask in enumerate(masks.tolist()):
        known = [d for d in own if mask[d] and d != column]
        order = torch.tensor([*known, column, *(d for d in own if d not in (*known, column))])
        joint = torch.zeros(2, dtype=torch.float64)
        for event in every_event((6,), 2):  # summed over all that is not observed
            if all(event[d] == x.flatten(1)[row, d] for d in known):
                there = event.reshape(1, *SHAPE)
                joint[event[column]] += model.log_prob(there, order=order).exp().detach()[0]
        torch.testing.assert_close(found[row].exp(), joint / joint.sum(), rtol=1e-9, atol=0)


def test_by_the_observed_first_a_mixed_table_may_have_gaps() -> None:
    model = any_order("nade", TABLE, (4,))
    x, observed = table_rows(), torch.rand(9, 4, generator=torch.Generator().manual_seed(1)) < 0.6
    gaps = torch.where(observed, x, torch.nan)
    found = classify(model, gaps, column=1, observed=observed, observed_first=True, batch_size=2)
    assert found.shape == (9, 3)
    torch.testing.assert_close(found.exp().sum(1), torch.ones(9).double())
    for row in range(9):
        known = [d for d in model.ordering.order().tolist() if observed[row, d] and d != 1]
        rest = [d for d in model.ordering.order().tolist() if d not in (*known, 1)]
        order, terms = torch.tensor([*known, 1, *rest]), []
        for value in range(3):
            tried = torch.where(observed[row], x[row], 0.0)[None].clone()
            tried[0, 1] = value
            terms.append(model.log_conditionals(tried, order=order)[0, 1])
        torch.testing.assert_close(found[row], torch.stack(terms).detach())


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "too few weights": ({"prior": [1, 2]}, "prior: expected 3 non-negative weights"),
    "a negative weight": ({"prior": [1, -2, 3]}, "prior: expected 3 non-negative weights"),
    "no weight": ({"prior": [0, 0, 0]}, "prior: expected 3 non-negative weights"),
    "NaN": ({"prior": [1, float("nan"), 3]}, "prior: expected 3 non-negative weights"),
    "nothing stored": ({}, "prior: no class frequencies are stored"),
    "a class twice": ({"column": 0}, "column: this model is told the class"),
    "a prior of a column": ({"prior": PRIOR, "column": 0}, "prior: expected none with a column"),
    "no column": ({"prior": PRIOR, "observed_first": True}, "observed_first: expected a column"),
    "other rows": (
        {"prior": PRIOR, "observed": torch.ones(3, *SHAPE).bool()},
        "observed: expected 11 rows",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_answered_is_refused(case: str) -> None:
    how, told_of = REFUSED[case]
    with pytest.raises(InputError, match=told_of):
        classify(conditional(), X, **how)


def test_models_without_classes_say_how_to_have_them() -> None:
    joint = build(NADE, NADEOptions(3), Bernoulli(), Raster(SHAPE))
    with pytest.raises(InputError, match="fit one to labelled data with `arden fit … --condition"):
        classify(joint, X)
    with pytest.raises(InputError, match="--condition label"):
        class_log_probs(joint, X)
    with pytest.raises(InputError, match=r"column: expected a place in 0 … 5, got 6"):
        classify(joint, X, column=6)
    with pytest.raises(InputError, match="observed_first: expected a model with an any-order"):
        classify(joint, X, column=1, observed_first=True)
    with pytest.raises(InputError, match="scored: expected none with a column"):
        classify(joint, X, column=1, scored=torch.ones_like(X).bool())
    table = build(MADE, MADEOptions((7,)), TABLE, Raster((4,)))
    with pytest.raises(InputError, match="column 2 holds real numbers"):
        classify(table, table_rows(), column=2)
    strings = build(GRU, GRUOptions(4), Categorical(3), UntilEnd(0))
    with pytest.raises(InputError, match="strings have no column"):
        classify(strings, torch.zeros(2, 3).long(), column=0)
    with pytest.raises(InputError, match=r"classify: .*only a lower bound"):
        classify(fresh_any("vae", bits()), X)  # type: ignore[arg-type]
    several = Mixture([conditional(), conditional(1, Shuffled(SHAPE, 5))])
    with pytest.raises(InputError, match="components with different orders"):
        progressive_posterior(several, X, PRIOR)


def test_densities_are_classified_as_well() -> None:
    data = reals(400)
    model = arden.fit("rnade", data, condition="label", hidden=4, epochs=3, progress=False)
    assert isinstance(model, AutoregressiveModel)
    found = arden.classify(model, data.test.values)
    assert data.test.labels is not None
    assert accuracy_score(data.test.labels, found.argmax(dim=1)) > 0.95


def test_figures_are_those_of_scikit_learn() -> None:
    source = torch.Generator().manual_seed(3)
    posterior = (2 * torch.randn(301, 4, generator=source)).double().log_softmax(dim=1)
    labels = torch.randint(0, 4, (301,), generator=source)
    judge = Judge(4)
    for piece in (slice(0, 100), slice(100, 100), slice(100, 301)):
        judge.add(posterior[piece], labels[piece])
    found, named = judge.figures(), posterior.argmax(dim=1)
    assert found.accuracy == accuracy_score(labels, named)
    assert found.log_loss == pytest.approx(log_loss(labels, posterior.exp().numpy()))
    assert judge.confusion.tolist() == confusion_matrix(labels, named).tolist()
    losses = -posterior.gather(1, labels[:, None])[:, 0]
    assert found.log_loss_error == pytest.approx(losses.std().item() / 301**0.5)
    confidence = posterior.exp().amax(dim=1)
    gap = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            right = (named == labels)[inside].double().mean()
            gap += inside.double().mean().item() * abs(confidence[inside].mean() - right).item()
    assert found.calibration_error == pytest.approx(gap)
    assert found.confidence == pytest.approx(confidence.mean().item())


def test_rows_without_a_posterior_are_wrong() -> None:
    judge = Judge(2)
    judge.add(torch.tensor([[0.9, 0.1], [torch.nan, torch.nan]]).log(), torch.tensor([0, 0]))
    found = judge.figures()
    assert (found.rows, found.accuracy, found.unexplained) == (2, 0.5, 1)
    assert found.log_loss == float("inf")
    with pytest.raises(InputError, match=r"labels: expected 0 … 1"):
        judge.add(torch.zeros(1, 2), torch.tensor([2]))
    with pytest.raises(InputError, match=r"log_posterior: expected shape \(1, 2\)"):
        judge.add(torch.zeros(1, 3), torch.tensor([1]))


def test_a_fit_of_ones_own_model_notes_the_classes_too() -> None:
    data = bits(60)
    model = fresh("nade", data, 2)
    model.class_counts = ()
    arden.fit(model, data, **{"epochs": quick(epochs=1).epochs}, progress=False)
    assert data.train.labels is not None
    assert model.class_counts == tuple(torch.bincount(data.train.labels).tolist())
