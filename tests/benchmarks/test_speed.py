"""The speed benchmark runs, at a tiny size; nothing here looks at how fast."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from arden.assembly import assemble, split_options
from arden.core.draw import draw, uniform_noise
from arden.core.model import AutoregressiveModel
from arden.systems import SYSTEMS
from arden.timing import Rates
from benchmarks.speed import every, reference, run, scaling
from benchmarks.speed.cases import CASES, Case
from tests.core.models import shake

RATES = Rates(1e9, 1e8, 1e8, 1e9)


def small(case: Case, rows: int, side: int = 4) -> AutoregressiveModel:
    """A case -> its model on 4×4 bits, or on texts, all weights shaken."""
    data = run.dataset(case.data, rows, side)
    model = assemble(case.system, data, split_options(case.system, case.options))
    assert isinstance(model, AutoregressiveModel)
    shake(model, 0.1)
    return model


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_measured(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_WINDOW", 12)
    sizes = SYSTEMS[case.system].small
    # Compiling takes a minute, whatever the size: tests/training looks at that.
    options = {name: value for name, value in case.options.items() if name != "compile"}
    options |= {name: sizes[name] for name in sizes if name in options}
    tiny = Case(case.system, case.task, {2: 1.0}, case.by, {2: 0.5}, options, case.data)
    told = run.measure(tiny, 2, RATES, rounds=1, side=4)
    assert told["rows"] == 2
    assert told["seconds"]["arden"] > 0
    assert (told["ratio"] is not None) == (case.by != "none")
    shown = run.table({"cases": [told]}).splitlines()[-1]
    assert shown.startswith(f"| {tiny.name} | 2 |")
    assert ("✗" in shown) == (
        told["share"] < 0.5 or (told["ratio"] is not None and told["ratio"] < 1)
    )


def test_bfloat16_is_measured_where_there_is_any() -> None:
    case = next(case for case in CASES if case.half)
    assert run.refused(case, Rates(1e9, 1e8, 1e8, 1e9, half=3e9)) is None
    why = run.refused(case, Rates(40e9, 1e8, 1e8, 1e9, half=0.5e9))
    assert (
        why == "no bfloat16 arithmetic on this processor (its products: 0.5 GFLOP/s, of float32 40)"
    )
    shown = run.table({"cases": [{"case": case.name, "rows": 7, "refused": why}]})
    assert f"| {case.name} | 7 | {why} |" in shown
    full = next(case for case in CASES if not case.half)
    assert run.refused(full, Rates(40e9, 1e8, 1e8, 1e9, half=0.5e9)) is None


@pytest.mark.parametrize("name", reference.LOOPS)
def test_the_textbook_gives_our_numbers(name: str) -> None:
    case = next(case for case in CASES if case.system == name)
    model = small(case, 3)
    x = run.dataset("bits", 3, 4).train.values
    reference.check(model, x)
    before = model.log_prob(x)
    shake(model)
    reference.check(model, x)
    assert not torch.allclose(model.log_prob(x), before)


def test_the_textbook_draws_what_we_draw() -> None:
    for name in ("nade", "lstm"):
        case = next(case for case in CASES if case.system == name and case.task == "sample")
        model = small(case, 5)
        steps = model.ordering.num_steps or 0
        noise = uniform_noise(torch.Generator().manual_seed(0), (5, steps, 1))
        told = reference.sample(model, noise[..., 0])()
        drawn = draw(model, noise.reshape(5, *model.event_shape, 1)).reshape(5, steps)
        assert (told.long() == drawn).all()


def test_curves_are_measured_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "SIDES", (3, 4))
    monkeypatch.setattr(scaling, "UNITS", (4, 8))
    monkeypatch.setattr(scaling, "BATCHES", (1, 2))
    curves = scaling.measure_all()
    assert [[value for value, _ in points] for points in curves["n"].values()] == [[9, 16]] * 3
    assert set(curves["units"]) == {"nade", "made"}
    assert scaling.draw(curves, tmp_path / "x.png").stat().st_size > 10_000


def test_the_power_of_a_curve() -> None:
    points = [[4, {"sample": 9.0}], [10, {"sample": 2.0}], [20, {"sample": 16.0}]]
    assert scaling.slope(points, "sample") == pytest.approx(3)


def test_every_system_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(every._DATA, "16×16 bits", lambda rows: run.dataset("bits", rows, 3))
    monkeypatch.setattr("arden.timing.measure_rates", lambda: RATES)
    path, asked = tmp_path / "every.json", ["fvsbn", "markov", "rnade"]
    told = every.run_all(asked, (1, 2), 1, path)
    cases = {(one["system"], one["task"], one["rows"]) for one in told["cases"]}
    assert len(cases) == len(told["cases"]) == 2 * (3 + 2 + 3)
    monkeypatch.setattr(every, "measure", None)  # what is there is not measured again
    again = every.run_all(asked, (1, 2), 1, path)
    assert again["cases"] == told["cases"]
    page = every.page(again)
    assert "| fvsbn | 16×16 bits | train | 1 |" in page
    assert "| rnade | 64 real columns | sample | 2 |" in page
    assert "Not yet measured: B = 16, 64, 256." in page
