"""The likelihood recipes: options that exist, members of a mixture, what was interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from arden.assembly import split_options
from arden.data.catalogue import DATASETS
from arden.storage.model_files import fingerprint, load, save
from arden.systems import SYSTEMS
from arden.tasks.score import score
from benchmarks import reporting
from benchmarks.likelihood import members, run
from benchmarks.reporting import fit_and_tell
from tests.training.toys import bits, fresh


@pytest.mark.parametrize("name", run.recipes())
def test_a_recipe_names_what_there_is(name: str) -> None:
    recipe = run.recipes()[name]
    assert recipe["system"] in SYSTEMS
    assert recipe["data"] in DATASETS
    split_options(recipe["system"], recipe.get("options", {}))
    assert "window" not in recipe or DATASETS[recipe["data"]].kind in ("text", "audio")
    assert ("published" in recipe) == ("source" in recipe)


def a_result(data: str, protocol: str, **figures: object) -> str:
    """A data set, its protocol, figures -> the JSON of a result with them."""
    measured = {
        **{"seed": 0, "test_nats": 1.5, "standard_error": 0.0125, "num_parameters": 7},
        **{"ended": "all 3 epochs", "seconds": 60.0, "protocol": protocol, **figures},
    }
    return json.dumps({"recipe": {"system": "lstm", "data": data}, "runs": [measured]})


def test_figures_of_one_protocol_make_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    (tmp_path / "a.json").write_text(a_result("digits", "Rows."))
    of_text = {"unit": "symbol", "bits_per_dim": 2.164, "valid_nats": 1.6}
    for name, protocol in (("b", "Windows of 64."), ("c", "Windows of 128."), ("d", "Rows.")):
        data = "digits" if name == "d" else "tinyshakespeare"
        how = {} if name == "d" else of_text
        (tmp_path / f"{name}.json").write_text(a_result(data, protocol, **how))
    told = run.table()
    assert [line for line in told.splitlines() if line.startswith("**")] == [
        "**digits** — Rows.",
        "**tinyshakespeare** — Windows of 128.",
        "**tinyshakespeare** — Windows of 64.",
    ]
    assert told.count("| lstm | 1.50 ± 0.01 | one seed | – | 7 | 60 |") == 2
    assert told.count("| lstm | 1.500 ± 0.013 | 2.164 | 1.600 | one seed | – | 7 | 60 |") == 2
    assert told.count("test nats per row ± standard error | over seeds") == 1
    assert told.count("nats per symbol ± standard error | test bits | validation nats |") == 2


def test_a_recipe_of_a_text_has_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.txt").write_text("that is that. " * 30)
    recipe = {"system": "markov", "data": str(tmp_path / "x.txt"), "window": 20, "stride": 5}
    monkeypatch.setattr(run, "recipes", lambda: {"some": recipe})
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    found = json.loads(run.run("some", None).read_text())
    [measured] = found["runs"]
    assert "windows of 20, in valid and test 5 apart" in measured["protocol"]
    assert measured["unit"] == "symbol"
    assert measured["cpu_seconds"] > 0


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


def test_what_was_interrupted_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, options = bits(), split_options("nade", {"hidden": 3, "epochs": 4})
    told: list[int] = []

    def stop(title: str, progress: object) -> str:
        told.append(progress.epoch)  # type: ignore[attr-defined]
        if len(told) == 2:
            raise KeyboardInterrupt
        return title

    monkeypatch.setattr(reporting, "_line", stop)
    folder = tmp_path / "run"
    with pytest.raises(SystemExit) as left:
        fit_and_tell("a fit", "nade", data, options, folder)
    assert left.value.code == 130
    assert told == [1, 2]
    fit_and_tell("a fit", "nade", data, options, folder)
    before = fingerprint(load(folder))
    fit_and_tell("a fit", "nade", data, options, folder)  # finished: measured anew
    assert fingerprint(load(folder)) == before
    assert told[-4:] == [1, 2, 3, 4]
