"""The benchmark of numerics: what it measures, that it would find what it looks for, its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.systems import SYSTEMS
from benchmarks.numerics.precision import CASES, cases_of, data_of, measure
from benchmarks.numerics.repeating import WAYS, compared, observe
from benchmarks.numerics.table import precision_tables, repeating_table

ABOUT = {"machine": "m", "versions": {"torch": "2"}, "commit": "c", "rows": 4, "seed": 0}


def test_every_system_is_measured_on_something() -> None:
    assert all(cases_of(name) for name in SYSTEMS)
    for case, (side, _) in CASES.items():
        data = data_of(case, 6)
        assert data.test.values.shape == (6, side, side)
        assert len(data.train) == 6


@pytest.mark.parametrize(
    ("name", "case"), [("nade", "bits 8×8"), ("vae", "bits 8×8"), ("rnade", "reals 8×8")]
)
def test_float32_is_off_a_little(name: str, case: str) -> None:
    told = measure(name, case, rows=4)
    assert 0 < told["mean_abs"] <= told["max_abs"] < 1e-2
    assert 0 < told["mean_rel"] <= told["max_rel"] < 1e-4
    assert told["mean_nats"] > 1


def test_another_computation_in_float32_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Bernoulli.log_prob

    def planted(self: Bernoulli, params: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return whole(self, params, value) - (0.01 if params.dtype == torch.float32 else 0)

    monkeypatch.setattr(Bernoulli, "log_prob", planted)
    assert measure("fvsbn", "bits 8×8", rows=4)["mean_abs"] == pytest.approx(0.64, abs=0.01)


def test_what_comes_out_is_observed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "models").mkdir()
    found = []
    for name in ("one.npz", "other.npz"):
        observe(["fvsbn", "vae"], tmp_path / "models", tmp_path / name)
        with np.load(tmp_path / name) as arrays:
            found.append({key: arrays[key] for key in arrays.files})
    assert set(found[0]) == {
        *("fvsbn weights", "vae weights"),
        *(f"fvsbn {what}" for what in ("scores", "alone", "odd", "draws")),
    }
    for what in ("weights", "scores", "draws"):
        told = compared(*found, what)
        assert told["same"] == told["systems"] == (2 if what == "weights" else 1)
    assert compared(found[0], found[0], "alone", "scores")["worst"] < 1e-4
    other = {**found[1], "fvsbn draws": 1 - found[1]["fvsbn draws"]}
    assert compared(found[0], other, "draws") == {
        **{"systems": 1, "same": 0, "worst": 1.0, "worst_of": "fvsbn"}
    }


def test_tables_say_what_was_measured() -> None:
    errors = {"max_abs": 2e-5, "mean_abs": 1e-6, "max_rel": 3e-7, "mean_rel": 1e-8}
    nade: dict[str, Any] = {"system": "nade", "case": "bits 8×8", **errors}
    nade["fused"] = {**errors, "max_abs": 5e-5}
    text = precision_tables({**ABOUT, "systems": [nade]}).splitlines()
    assert "| system | bits 8×8 |" in text
    assert "| nade | 2e-05 / 1e-06 |" in text
    assert "| nade, fused | 5e-05 / 1e-06 |" in text
    assert "| nade | 3e-07 / 1e-08 |" in text
    same = {"systems": 2, "same": 2, "worst": 0.0, "worst_of": None}
    some = {"systems": 2, "same": 1, "worst": 0.25, "worst_of": "nade"}
    ways = {next(iter(WAYS)): {"weights": same, "scores": some, "draws": some}}
    text = repeating_table({**ABOUT, "ways": ways}).splitlines()
    told = "the same bits: 1 of 2; at most"
    cells = ("the same again", "the same bits: all 2", f"{told} 2e-01 (nade)")
    assert text[-1] == f"| {' | '.join(cells)} | {told} 25 % others (nade) |"
