"""Work is counted: products, function values, and what the machine could do at best."""

from __future__ import annotations

import pytest
import torch

from arden.assembly import assemble, split_options
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.data.dataset import Dataset
from arden.kernels import register
from arden.systems import SYSTEMS
from arden.timing import TASKS, Rates, Work, measure_rates, trials, work_of_row
from tests.training.toys import bits, fresh, natural


def of(name: str, data: Dataset, **options: object) -> AutoregressiveModel:
    model = fresh(name, data, **options)
    assert isinstance(model, AutoregressiveModel)
    return model


def test_products_are_counted() -> None:
    data = bits()
    x, n = data.train.values, data.train.values[0].numel()
    assert work_of_row(of("fvsbn", data), x).flops == 2 * n * n
    made = work_of_row(of("made", data, hidden=[5], direct=False), x)
    assert made.flops == 2 * (n * 5 + 5 * n)
    assert made.weights == 2 * n * 5 + 5 + n
    # A recurrent layer, which torch hides in one operation, and the read-out of every step.
    h = 6
    lstm = work_of_row(of("lstm", data, hidden=h), x)
    assert lstm.flops == 2 * ((n - 1) * 4 * h * (1 + h) + n * h)
    assert lstm.transcendentals == (n - 1) * 5 * h + n  # and softplus in a bit's probability


def test_units_that_do_not_change_are_not_counted() -> None:
    data, h = bits(), 7
    model = of("nade", data, hidden=h)
    n = data.train.values[0].numel()
    blank = torch.zeros_like(data.train.values[:3])
    full = torch.ones_like(blank)
    one = blank.clone()
    one.view(3, -1)[:, 0] = 1
    found = [work_of_row(model, x) for x in (blank, one, full)]
    assert [work.transcendentals for work in found] == [h + n, 2 * h + n, n * h + n]
    assert [work.flops for work in found] == [2 * h * (n + changed) for changed in (0, 1, n - 1)]


def test_the_least_time_grows_with_the_work() -> None:
    rates = Rates(matrix=100.0, vector=10.0, sigmoids=5.0, traffic=28.0)
    work = Work(flops=200, transcendentals=10, weights=3)
    assert rates.seconds("score", work, 4) == 8 + 8
    assert rates.seconds("train", work, 4) == 24 + 8 + 3
    assert rates.seconds("train", work, 4, half=True) == 24 + 8 + 3  # its rate is not known
    halves = Rates(matrix=100.0, vector=10.0, sigmoids=5.0, traffic=28.0, half=400.0)
    assert halves.seconds("train", work, 4, half=True) == 6 + 8 + 3
    assert halves.seconds("train", work, 4) == 24 + 8 + 3
    assert rates.seconds("sample", work, 4) == 20 + 8  # by a vector: every weight is read
    assert rates.seconds("sample", work, 64) == 128 + 128


def test_the_machine_is_measured() -> None:
    rates = measure_rates(rounds=2)
    assert rates.matrix > rates.vector > 1e6
    assert rates.sigmoids > 1e6
    assert rates.traffic > 1e6
    assert rates.half > 1e6


@pytest.mark.parametrize("name", [n for n, s in SYSTEMS.items() if "score" in s.verbs])
def test_every_exact_system_can_be_timed(name: str) -> None:
    system, data = SYSTEMS[name], natural(name)
    options = split_options(name, dict(system.small))
    model = assemble(name, data, options)
    assert isinstance(model, AutoregressiveModel)
    rates = Rates(1e9, 1e8, 1e8, 1e9)
    told = list(trials(model, data, options[2], 2, rates, rounds=1))
    counted = isinstance(model.network, CountedNetwork)
    assert [trial.task for trial in told] == [t for t in TASKS if t != "train" or not counted]
    for trial in told:
        assert trial.rows == 2
        assert trial.seconds > 0
        assert trial.share == pytest.approx(trial.limit / trial.seconds)
        assert (trial.gain is None) == ("torch" not in trial.ways)
    if register() and name in ("fvsbn", "nade", "made"):
        assert told[-1].gain is not None
