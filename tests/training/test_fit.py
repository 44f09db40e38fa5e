"""The loop: what it minimises, which weights it keeps, what it never touches, how it ends."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.data.dataset import Dataset
from arden.errors import ArdenError, InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.storage.model_files import fingerprint
from arden.tasks.score import score
from arden.training import fit as loop
from arden.training.fit import DivergedError, FitResult, Progress, fit_model
from arden.training.options import TrainingOptions
from tests.core.models import build
from tests.storage.models import Fading, FadingOptions
from tests.training.toys import REAL_SYSTEMS, bits, fresh, mixed, one_hot, parts, reals, symbols

QUICK = TrainingOptions(epochs=5, batch_size=16, learning_rate=0.02)


def nats(model: Any, data: Dataset, split: str = "valid") -> float:
    """−mean ln p of a split."""
    return -score(model, data.split(split).values).mean().item()


def quick(**changes: Any) -> TrainingOptions:
    """The options of this file with changes."""
    return dataclasses.replace(QUICK, **changes)


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


class Watched(torch.optim.SGD):
    """Writes down the norm of every gradient that arrives."""

    norms: list[float]

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        gradients = [p.grad.flatten() for group in self.param_groups for p in group["params"]]
        self.norms.append(torch.cat(gradients).norm().item())
        super().step(closure)


@pytest.mark.parametrize(("clip", "clipped"), [(0.01, True), (1e6, False)])
def test_gradients_are_clipped_to_their_norm(
    clip: float, clipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []

    def watched(model: nn.Module, options: TrainingOptions) -> Watched:
        optimizer = Watched(model.parameters(), lr=1e-3)
        optimizer.norms = norms
        return optimizer

    monkeypatch.setattr(loop, "_optimizer", watched)
    data = bits()
    fit_model(fresh("nade", data), data, quick(clip=clip))
    assert len(norms) == 5 * math.ceil(60 / 16)
    if clipped:
        assert norms == pytest.approx([clip] * len(norms), rel=1e-3)
    else:
        assert min(norms) > 0.02


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (quick(), {0: 1.0, 5: 1.0, 99: 1.0}),
        (quick(warmup=4), {0: 0.25, 1: 0.5, 3: 1.0, 4: 1.0, 99: 1.0}),
        (quick(schedule="cosine"), {0: 1.0, 25: 0.853553, 50: 0.5, 100: 0.0}),
        (quick(schedule="cosine", warmup=50), {0: 0.02, 24: 0.5 * 0.864484, 50: 0.5, 100: 0.0}),
    ],
)
def test_factors_of_the_learning_rate(options: TrainingOptions, expected: dict[int, float]) -> None:
    factor = loop._factor(options, 100)
    assert {step: factor(step) for step in expected} == pytest.approx(expected, abs=1e-6)


def test_the_schedule_reaches_the_optimiser(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []

    class Rates(torch.optim.SGD):
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            rates.append(self.param_groups[0]["lr"])
            super().step(closure)

    monkeypatch.setattr(loop, "_optimizer", lambda model, o: Rates(model.parameters(), lr=1.0))
    data = bits(80)  # 40 rows: 3 steps an epoch
    fit_model(fresh("nade", data), data, quick(epochs=2, schedule="cosine", warmup=2))
    cosine = [0.5 * (1 + math.cos(math.pi * step / 6)) for step in range(6)]
    assert rates == pytest.approx([0.5 * cosine[0], *cosine[1:]])


def test_matrices_decay_and_vectors_do_not() -> None:
    model = fresh("made", bits(), context_size=2, hidden=(5, 4))
    optimizer = loop._optimizer(model, quick(weight_decay=0.3))
    decay = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    for name, parameter in model.named_parameters():
        assert decay[id(parameter)] == (0.0 if name.endswith("bias") else 0.3), name
    assert isinstance(optimizer, torch.optim.AdamW)


def test_frozen_weights_stay() -> None:
    data = bits()
    model = fresh("nade", data)
    model.network.inputs.requires_grad_(False)
    before = model.network.inputs.clone()
    fit_model(model, data, QUICK)
    assert torch.equal(model.network.inputs, before)


def interrupt_after(epochs: int, in_epoch: bool = False) -> Callable[[Progress], None]:
    """-> a report callback in which Ctrl-C is pressed after so many epochs."""

    def report(progress: Progress) -> None:
        if progress.epoch > epochs - (not in_epoch) and (progress.valid is None) == in_epoch:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize("in_epoch", [False, True])
def test_ctrl_c_leaves_the_best_weights(in_epoch: bool) -> None:
    data = bits()
    model = fresh("nade", data)
    result = fit_model(model, data, quick(epochs=50), report=interrupt_after(2, in_epoch))
    assert result.ended == "stopped by Ctrl-C"
    assert len(result.records) == 2
    assert nats(model, data) == result.best_valid
    assert not model.training


def test_ctrl_c_before_the_first_epoch_leaves_the_first_weights() -> None:
    data = bits()
    model = fresh("nade", data)
    before = fingerprint(model)
    result = fit_model(model, data, QUICK, report=interrupt_after(0, in_epoch=True))
    assert (result.best_epoch, result.records) == (0, [])
    assert fingerprint(model) == before


class Breaking(nn.Module):
    """An activation that turns every number into NaN from the given call on."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        return x.sigmoid() if self.left >= 0 else x * math.nan


@pytest.mark.parametrize("calls", [9, 4, 5])
def test_nan_stops_the_fit_with_the_best_weights(calls: int) -> None:
    """5 calls an epoch: 4 of training and 1 of validation. NaN comes in the one or the other."""
    data = bits()
    model = fresh("nade", data)
    kept = [fingerprint(model)]
    model.network.activation = Breaking(calls)
    keep = lambda: kept.append(fingerprint(model))  # noqa: E731
    epoch = 1 + calls // 5
    sentence = f"became nan in epoch {epoch}; the model keeps the weights of epoch {epoch - 1}; try"
    with pytest.raises(DivergedError, match=sentence) as caught:
        fit_model(model, data, QUICK, keep=keep)
    assert isinstance(caught.value, ArdenError)
    assert len(kept) == epoch
    assert fingerprint(model) == kept[-1]
    assert not model.training


def test_an_infinite_gradient_stops_the_fit() -> None:
    data = bits()
    model = fresh("nade", data)
    model.network.outputs.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(DivergedError, match="the gradient became infinite in epoch 1"):
        fit_model(model, data, QUICK)
    assert math.isfinite(nats(model, data))


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
        fit_model(fresh("nade", more, context_size=2), more, QUICK)
    with pytest.raises(InputError, match="expected labels below 1, got 1"):
        fit_model(fresh("nade", bits(), context_size=1), bits(), QUICK)


@pytest.mark.parametrize("name", ["nade", "made", "fvsbn", "independent", "markov", "table"])
def test_classes_are_learnt(name: str) -> None:
    data = bits(400)
    plain, model = fresh(name, data), fresh(name, data, context_size=2)
    options = quick(epochs=10)
    fit_model(plain, data, options)
    fit_model(model, data, options)
    x, context = data.test.values, one_hot(data.test.labels)
    right, wrong = (-score(model, x, c).mean().item() for c in (context, context.flip(1)))
    assert right < nats(plain, data, "test") - 0.15
    assert right < wrong - 2.0


def test_a_model_of_the_users_own_trains_in_place() -> None:
    data = bits(400)
    model = build(Fading, FadingOptions(), Bernoulli(), Raster((2, 3)), dtype=torch.float32)
    before = nats(model, data, "test")
    back = arden.fit(model, data, progress=False, device="cpu", epochs=8, learning_rate=0.02)
    assert back is model
    assert nats(model, data, "test") < before - 0.15


def test_strings_with_an_end_symbol_train() -> None:
    """Rows 2 2 2 0 0: an end symbol, then padding, which counts for nothing."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 5, (80,), generator=generator)
    values = torch.where(torch.arange(5) < lengths[:, None], 2, 0)
    data = symbols(columns=5)
    strings = Dataset("strings", data.schema, **parts(values), protocol="Strings for a test.")
    model = build(GRU, GRUOptions(hidden=6), Categorical(3), UntilEnd(0), dtype=torch.float32)
    result = fit_model(model, strings, quick(epochs=30, batch_size=8))
    # Four lengths, all equally likely: ln 4 nats, and nothing for what follows an end.
    assert result.best_valid == pytest.approx(math.log(4), abs=0.25)


@pytest.mark.parametrize("name", REAL_SYSTEMS)
@pytest.mark.parametrize("make", [reals, mixed])
def test_reals_and_mixed_tables_train(name: str, make: Callable[[], Dataset]) -> None:
    data = make()
    model = fresh(name, data, components=3)
    before = nats(model, data, "test")
    result = fit_model(model, data, quick(epochs=15))
    assert nats(model, data, "test") < before - 0.2
    assert result.ended != "counted in closed form"


@pytest.mark.parametrize("name", REAL_SYSTEMS)
def test_a_density_is_one_per_unit_of_the_data(name: str) -> None:
    """In units ten times smaller every density is a tenth, for each of the three columns."""
    scores = []
    for scale in (1.0, 10.0):
        data = reals(scale=scale)
        model = fresh(name, data, components=2)
        fit_model(model, data, quick(epochs=3))
        scores.append(score(model, data.test.values))
    # The values differ in the last place once they are divided by their deviation.
    assert torch.allclose(scores[0] - scores[1], torch.tensor(3 * math.log(10)).double(), atol=1e-3)


def test_a_result_starts_empty() -> None:
    result = FitResult()
    assert (result.best_epoch, result.best_valid, result.records) == (0, math.inf, [])
