"""The loop: which weights it keeps, what it depends on, what it never touches."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.errors import InputError
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.storage.model_files import fingerprint
from arden.training.fit import FitResult, Progress, fit_model
from tests.core.models import build
from tests.training.toys import (
    QUICK,
    bits,
    fresh,
    nats,
    quick,
    symbols,
)


class Unseen:
    """Stands in for a split that nobody may look at."""

    def __getattribute__(self, name: str) -> Any:
        pytest.fail(f"the fit looked at the test rows: {name}")


@pytest.mark.parametrize("name", ["nade", "independent"])
def test_the_best_epoch_of_the_validation_rows_is_kept(name: str) -> None:
    data = bits(40)
    model = fresh(name, data, **({"hidden": 40} if name == "nade" else {}))
    kept: list[tuple[float, str]] = []
    best = lambda: kept.append((nats(model, data), fingerprint(model)))  # noqa: E731
    result = fit_model(model, data, quick(epochs=60, learning_rate=0.01, patience=3), keep=best)
    valid = [record["valid"] for record in result.records]
    assert result.best_valid == min(valid) == valid[result.best_epoch - 1]
    assert nats(model, data) == result.best_valid
    assert kept[-1] == (result.best_valid, fingerprint(model))
    assert [worse for worse, _ in kept] == sorted((worse for worse, _ in kept), reverse=True)
    assert not model.training
    if name == "nade":  # else this test would show nothing
        assert len(valid) == result.best_epoch + 3 < 60
        assert result.ended == "no better for 3 epochs"
        assert 1 < len(kept) < len(valid)


def test_all_epochs_are_used_when_it_keeps_getting_better() -> None:
    data = bits(400)
    model = fresh("nade", data)
    before = nats(model, data)
    reports: list[Progress] = []
    result = fit_model(model, data, quick(patience=5), report=reports.append)
    assert result.ended == "all 5 epochs"
    assert [record["epoch"] for record in result.records] == [1, 2, 3, 4, 5]
    assert result.best_valid < before - 0.1
    ends = [report for report in reports if report.valid is not None]
    assert [(r.epoch, r.valid) for r in ends] == [(r["epoch"], r["valid"]) for r in result.records]
    assert all(r.rows == r.rows_per_epoch == len(data.train) for r in ends)
    assert [r.improved for r in ends] == [
        r.valid == r.best_valid for r in ends
    ]  # the first best of equals
    assert 0 < result.records[0]["seconds"] <= result.seconds + 1e-3


def test_the_training_figure_is_the_mean_over_rows_of_the_epoch() -> None:
    data = bits(88)  # 44 rows: 16 + 16 + 12
    model = fresh("nade", data)
    expected = nats(model, data, "train")
    result = fit_model(model, data, quick(epochs=1, learning_rate=1e-12))
    assert result.records[0]["train"] == pytest.approx(expected, rel=1e-5)


def states(seed: int, name: str = "nade", **options: Any) -> dict[str, Tensor]:
    """A seed -> the weights of a small fit, first weights included."""
    model = arden.fit(
        name, bits(), progress=False, device="cpu", seed=seed, epochs=2, batch_size=16, **options
    )
    return model.state_dict()


@pytest.mark.parametrize(("name", "options"), [("nade", {"hidden": 4}), ("made", {"masks": 3})])
def test_a_fit_is_a_function_of_its_seed(name: str, options: dict[str, Any]) -> None:
    first, again, other = (states(seed, name, **options) for seed in (1, 1, 2))
    assert first.keys() == again.keys()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_the_order_of_the_rows_follows_the_seed() -> None:
    data = bits()
    found = []
    for seed in (1, 2):
        model = fresh("nade", data, seed=0)
        fit_model(model, data, quick(epochs=1, seed=seed))
        found.append(fingerprint(model))
    assert found[0] != found[1]


@pytest.mark.parametrize("name", ["nade", "made", "table", "independent"])
def test_nobody_elses_random_numbers_are_touched(name: str) -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    options = {"masks": 2} if name == "made" else {}
    arden.fit(name, bits(), progress=False, device="cpu", epochs=2, **options)
    after = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


@pytest.mark.parametrize("name", ["nade", "table"])
def test_test_rows_are_never_looked_at(name: str) -> None:
    data = bits()
    model = fresh(name, data)
    object.__setattr__(data, "test", Unseen())
    fit_model(model, data, quick(epochs=2))
    with pytest.raises(pytest.fail.Exception):  # the trap works
        len(data.test.values)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 0}, "epochs: expected a number ≥ 1, got 0"),
        ({"batch_size": 0}, "batch_size: expected a number ≥ 1, got 0"),
        ({"patience": 0}, "patience: expected a number ≥ 1, got 0"),
        ({"warmup": -1}, "warmup: expected a number ≥ 0, got -1"),
        ({"learning_rate": 0.0}, "learning_rate: expected a positive number, got 0.0"),
        ({"learning_rate": math.nan}, "learning_rate: expected a positive number, got nan"),
        ({"clip": math.inf}, "clip: expected a positive number, got inf"),
        ({"weight_decay": -0.1}, "weight_decay: expected a number ≥ 0, got -0.1"),
        ({"weight_decay": math.nan}, "weight_decay: expected a number ≥ 0, got nan"),
        ({"smoothing": -1.0}, "smoothing: expected a number ≥ 0, got -1.0"),
    ],
)
def test_options_out_of_range(changes: dict[str, Any], told: str) -> None:
    data = bits()
    with pytest.raises(InputError) as caught:
        fit_model(fresh("nade", data), data, quick(**changes))
    assert str(caught.value) == told
    with pytest.raises(InputError, match=told):
        arden.fit("nade", data, progress=False, **changes)


def test_data_that_do_not_fit_the_model() -> None:
    model = fresh("nade", bits())
    with pytest.raises(InputError, match=r"expected events of shape \(2, 3\), got \(4,\)"):
        fit_model(model, symbols(), QUICK)
    more = symbols(columns=6)
    reshaped = build(NADE, NADEOptions(hidden=2), Bernoulli(), Raster((6,)))
    with pytest.raises(InputError, match=r"x: row \d+, variable \d holds 2, outside the support"):
        fit_model(reshaped, more, QUICK)
    with pytest.raises(InputError, match="expected labels for a model of 2 classes, got none"):
        fit_model(build(NADE, NADEOptions(2), Bernoulli(), Raster((6,)), 2), more, QUICK)
    with pytest.raises(InputError, match="expected labels below 1, got 1"):
        fit_model(build(NADE, NADEOptions(2), Bernoulli(), Raster((2, 3)), 1), bits(), QUICK)
    with pytest.raises(InputError, match="condition: expected data with labels, but symbols has"):
        arden.fit("nade", more, condition="label", progress=False)


def test_a_result_starts_empty() -> None:
    result = FitResult()
    assert (result.best_epoch, result.best_valid, result.records) == (0, math.inf, [])
