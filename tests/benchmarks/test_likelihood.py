"""Tables of likelihoods: one for each protocol, members of a mixture, paired differences."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import torch

from arden.reproduction.measuring import reproduce
from arden.storage.model_files import load, save
from arden.systems import SYSTEMS
from arden.tasks.score import score
from benchmarks.likelihood import members, paired
from benchmarks.likelihood.overview import overview
from benchmarks.likelihood.table import read_results, table
from tests.training.toys import bits, fresh

# What is imported for the first time while a test lends out another `load_data` would keep it.
importlib.import_module("arden.api")


def a_result(data: str, protocol: str, **figures: object) -> str:
    """A data set, its protocol, figures -> the JSON of a result with them."""
    measured = {
        **{"seed": 0, "test_nats": 1.5, "standard_error": 0.0125, "num_parameters": 7},
        **{"ended": "all 3 epochs", "seconds": 60.0, "protocol": protocol, **figures},
    }
    return json.dumps({"recipe": {"system": "lstm", "data": data}, "runs": [measured]})


def test_figures_of_one_protocol_make_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(a_result("digits", "Rows."))
    of_text = {"unit": "symbol", "bits_per_dim": 2.164, "valid_nats": 1.6}
    for name, protocol in (("b", "Windows of 64."), ("c", "Windows of 128."), ("d", "Rows.")):
        data = "digits" if name == "d" else "tinyshakespeare"
        how = {} if name == "d" else of_text
        (tmp_path / f"{name}.json").write_text(a_result(data, protocol, **how))
    told = table(read_results(tmp_path), [])
    assert [line for line in told.splitlines() if line.startswith("**")] == [
        "**digits** — Rows.",
        "**tinyshakespeare** — Windows of 128.",
        "**tinyshakespeare** — Windows of 64.",
    ]
    assert told.count("| lstm | 1.50 ± 0.01 | one seed | – | 7 | 60 |") == 2
    assert told.count("| lstm | 1.500 ± 0.013 | 2.164 | 1.600 | one seed | – | 7 | 60 |") == 2
    assert told.count("test nats per row ± standard error | over seeds") == 1
    assert told.count("nats per symbol ± standard error | test bits | validation nats |") == 2


def test_the_one_table_shows_the_best_by_validation_rows(tmp_path: Path) -> None:
    figures = ((1, 8.0, 7.0), (2, 9.0, 6.0), (3, 5.0, 9.0))
    for name, test, valid in figures:
        told = a_result("digits", "Rows.", test_nats=test, valid_nats=valid)
        (tmp_path / f"{name}.json").write_text(told)
    waiting = {"later": {"system": "gru", "data": "digits"}}
    densities = [
        {"data": "red-wine", "recipe": recipe, "min_scale": 1e-3, "folds": folds}
        for recipe, folds in (
            ({"system": "rnade"}, [{"test": -1.0, "valid": -2.0}]),
            (
                {"system": "rnade", "orders": 3},
                [{"test": -2.0, "valid": -1.0}, {"test": -3.0, "valid": -2.0}],
            ),
        )
    ]
    lines = overview(read_results(tmp_path), densities, waiting).splitlines()
    cells = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in lines[2:]}
    assert [name.strip("`") for name in cells] == list(SYSTEMS)
    assert cells["`lstm`"][0].strip() == "9.00"  # neither the first nor the best on test rows
    assert cells["`gru`"][0].strip() == "not run"
    assert cells["`rnade`"][-2].strip() == "−2.50, 3 orders"
    assert cells["`nade`"][0].strip() == "–"


def test_members_are_measured_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, model = bits(), fresh("made", bits(), masks=3)
    save(model, tmp_path / "runs" / "likelihood" / "some-0")
    monkeypatch.setattr(members, "ROOT", tmp_path)
    monkeypatch.setattr(members, "RESULTS", tmp_path / "members")
    monkeypatch.setattr(members, "recipes", lambda: {"some": {"data": "bits"}})
    monkeypatch.setattr("arden.data.load_data", lambda *_, **__: data)
    found = json.loads(members.measure("some", None).read_text())
    [measured] = found["runs"]
    test, valid = (
        torch.stack([score(m, split.values) for m in model.models])
        for split in (data.test, data.valid)
    )
    best = int(valid.mean(dim=1).argmax())
    together = score(model, data.test.values)
    assert measured["members"] == pytest.approx((-test.mean(dim=1)).tolist())
    assert measured["best"]["member"] == best
    assert measured["mixture"]["nats"] == pytest.approx(-together.mean().item())
    assert measured["gain"]["nats"] == pytest.approx((together - test[best]).mean().item())
    row = members.table().splitlines()[2]
    for figure in (measured["best"], measured["mixture"], measured["gain"]):
        assert f"{figure['nats']:.2f} ± {figure['standard_error']:.2f}" in row


def test_a_bound_is_called_one_and_an_error_stands_in_no_table(tmp_path: Path) -> None:
    bound = {"bound": -1.25, "bound_error": 0.02, "samples": 64}
    (tmp_path / "vae.json").write_text(a_result("digits", "Rows.", **bound))
    (tmp_path / "made.json").write_text(a_result("digits", "Rows."))
    (tmp_path / "x.json").write_text(a_result("digits", "Rows.", reconstruction_error=0.5))
    rows = table(read_results(tmp_path), []).splitlines()[4:]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| lstm", "1.50 ± 0.01"],
        ["| lstm, a bound by 64 samples", "≤ 1.25 ± 0.02"],
    ]


def test_paired_differences_stand_beside_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bits()
    known = {
        name: {"system": name, "data": "bits", "seeds": [0, 1], "options": options}
        for name, options in (("fvsbn", {"epochs": 2}), ("made", {"epochs": 3, "hidden": [5]}))
    }
    known["vae"] = {"system": "vae", "data": "bits", "options": {"epochs": 1}}
    runs, results = tmp_path / "runs", tmp_path / "results"
    monkeypatch.setattr(paired, "RUNS", runs)
    for module in ("arden.reproduction.catalogue", "benchmarks.likelihood.paired"):
        monkeypatch.setattr(f"{module}.recipes", lambda: known)
    for module in ("arden.data", "arden.reproduction.measuring"):
        monkeypatch.setattr(f"{module}.load_data", lambda *_, **__: data)
    for name in known:
        reproduce(name, runs, results)
    told = paired.differences("fvsbn")
    [gain] = told["models"]
    found = {
        name: [score(load(runs / f"{name}-{seed}"), data.test.values)
               for seed in (0, 1)]
        for name in ("fvsbn", "made")
    }  # fmt: skip
    rows = sum(found["made"]) / 2 - sum(found["fvsbn"]) / 2
    assert gain["nats"] == pytest.approx(rows.mean().item(), abs=1e-6)
    assert gain["standard_error"] == pytest.approx(rows.std().item() / len(rows) ** 0.5, rel=1e-4)
    lines = table(read_results(results), [told]).splitlines()
    assert "gain over fvsbn, paired" in lines[2]
    shown = f"{gain['nats']:+.2f} ± {gain['standard_error']:.2f}"
    assert [row.split(" | ")[2] for row in lines[4:]].count(shown) == 1
