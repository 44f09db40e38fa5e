"""Closed-form fits: counts are the analytic frequencies, smoothing is chosen by validation."""

from __future__ import annotations

import math

import pytest
import torch

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.data.dataset import Dataset, Split
from arden.data.schema import Schema
from arden.errors import InputError
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.tasks.score import score
from arden.training.counting import SMOOTHINGS, fit_by_counting
from arden.training.fit import fit_model
from arden.training.options import TrainingOptions
from arden.training.world import World
from tests.core.models import build, every_event
from tests.training.toys import CLASSES, bits, fresh, one_hot, symbols

# Three of four rows begin with 1; given a first 1, two of three go on with 0.
TRAIN = torch.tensor([[1, 0], [1, 0], [1, 1], [0, 1]], dtype=torch.uint8)


def toy(valid: torch.Tensor = TRAIN, train: torch.Tensor = TRAIN, **how: torch.Tensor) -> Dataset:
    """(N, 2) -> a data set of bits."""
    schema = Schema("table", (2,), 2)
    return Dataset("toy", schema, Split(train, **how), Split(valid), Split(TRAIN), "Four rows.")


def probabilities(name: str, data: Dataset, smoothing: float | None) -> list[float]:
    """A system, data, what is added -> p of 00, 01, 10, 11."""
    model = fresh(name, data).double()
    fit_model(model, data, TrainingOptions(smoothing=smoothing))
    found: list[float] = score(model, every_event((2,), 2)).exp().tolist()
    return found


@pytest.mark.parametrize("name", ["markov", "table"])
def test_counts_without_smoothing_are_the_frequencies(name: str) -> None:
    assert probabilities(name, toy(), 0.0) == pytest.approx([0, 0.25, 0.5, 0.25], abs=1e-12)


@pytest.mark.parametrize("name", ["markov", "table"])
def test_additive_smoothing(name: str) -> None:
    first, after_0, after_1 = (3 + 0.5) / 5, (1 + 0.5) / 2, (1 + 0.5) / 4
    expected = [
        (1 - first) * (1 - after_0),
        (1 - first) * after_0,
        first * (1 - after_1),
        first * after_1,
    ]
    assert probabilities(name, toy(), 0.5) == pytest.approx(expected, abs=1e-12)


def test_independent_columns() -> None:
    first, second = 0.75, 0.5
    expected = [0.25 * 0.5, 0.25 * 0.5, first * (1 - second), first * second]
    assert probabilities("independent", toy(), 0.0) == pytest.approx(expected, abs=1e-12)


def test_an_impossible_value_has_probability_zero_and_no_nan() -> None:
    model = fresh("table", toy()).double()
    fit_model(model, toy(), TrainingOptions(smoothing=0.0))
    impossible = score(model, torch.tensor([[0, 0]]))
    assert impossible.item() < -9000
    assert arden.sample(model, 200, seed=0).tolist().count([0, 0]) == 0


def test_smoothing_is_chosen_on_the_validation_rows() -> None:
    """Rows unlike the training rows ask for much of it, the same rows for none."""
    unlike = toy(valid=torch.tensor([[0, 0]], dtype=torch.uint8))
    for data, expected in ((unlike, max(SMOOTHINGS)), (toy(), min(SMOOTHINGS))):
        assert probabilities("table", data, None) == probabilities("table", data, expected)
    model = fresh("table", unlike)
    result = fit_model(model, unlike, TrainingOptions())
    best = min(-math.log(probabilities("table", unlike, smoothing)[0]) for smoothing in SMOOTHINGS)
    assert result.best_valid == pytest.approx(best, rel=1e-5)
    assert result.ended == "counted in closed form"
    assert (result.best_epoch, len(result.records)) == (1, 1)


def test_figures_are_those_of_the_fitted_model() -> None:
    data = symbols()
    model = fresh("markov", data)
    train, valid = fit_by_counting(model, data, 1.0, World())
    assert train == pytest.approx(-score(model, data.train.values).mean().item())
    assert valid == pytest.approx(-score(model, data.valid.values).mean().item())


def test_unobserved_cells_are_not_counted() -> None:
    observed = torch.tensor([[True, True], [True, False], [True, False], [True, False]])
    data = toy(observed=observed)
    # First: 3 of 4. After a first 1 only one row is known, and it goes on with 0.
    assert probabilities("table", data, 0.0)[3] == pytest.approx(0.0, abs=1e-12)
    assert probabilities("table", data, 0.0)[2] == pytest.approx(0.75, abs=1e-12)


def test_orders_are_counted_in_their_own_order() -> None:
    model = fresh("markov", toy(), ordering="given", steps=(1, 0)).double()
    fit_model(model, toy(), TrainingOptions(smoothing=0.5))
    second, first_given_0 = (2 + 0.5) / 5, (2 + 0.5) / 3  # the second column comes first
    expected = math.log(1 - second) + math.log(first_given_0)
    assert score(model, torch.tensor([[1, 0]])).item() == pytest.approx(expected, abs=1e-12)


def test_classes_have_tables_of_their_own() -> None:
    data = bits(400)
    model = fresh("independent", data, context_size=2).double()
    fit_model(model, data, TrainingOptions(smoothing=0.0))
    labels = torch.arange(len(CLASSES))
    for label in labels.tolist():
        rows = data.train.values[data.train.labels == label].double().mean(dim=0).flatten()
        expected = (rows.log() * 1 + (1 - rows).log() * 0).sum().item()
        ones = torch.ones(1, 2, 3, dtype=torch.uint8)
        found = score(model, ones, one_hot(labels, torch.float64)[label : label + 1])
        assert found.item() == pytest.approx(expected, abs=1e-9)


def test_strings_are_counted_up_to_their_end() -> None:
    """p(end) = 2/5: what follows the first end is padding, and not one count of it."""
    rows = torch.tensor([[1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]], dtype=torch.uint8)
    schema = Schema("table", (6,), 2)
    data = Dataset("strings", schema, Split(rows), Split(rows), Split(rows), "Two strings.")
    options = MarkovOptions(memory=0, homogeneous=True)
    model = build(Markov, options, Bernoulli(), UntilEnd(0))
    fit_model(model, data, TrainingOptions(smoothing=0.0))
    ended = score(model, torch.tensor([[0]])).exp().item()
    assert ended == pytest.approx(2 / 5, abs=1e-12)


def test_values_outside_the_support_are_refused_and_never_counted_elsewhere() -> None:
    data = symbols(columns=3)
    model = build(Independent, IndependentOptions(), Bernoulli(), Raster((3,)))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(InputError, match=r"training row \d+, variable \d holds 2, outside the sup"):
        fit_model(model, data, TrainingOptions())
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    halves = Dataset("x", Schema("table", (3,)), *[Split(torch.full((2, 3), 0.5))] * 3, "Halves.")
    with pytest.raises(InputError, match=r"holds 0\.5, outside the support"):
        fit_model(model, halves, TrainingOptions())
