"""The zoo's script: a finished run goes in, its figures measured again on what was stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from arden.assembly import split_options
from arden.data import load_data
from arden.reproduction import recipes
from arden.runs import fit_run
from arden.storage.model_files import fingerprint, load, read_card
from arden.storage.zoo import zoo_index
from arden.systems import SYSTEMS
from arden.training.validation import nats_of_rows
from benchmarks.zoo import make


def fitted(system: str, folder: Path, **options: object) -> Path:
    data = load_data("digits")
    chosen = split_options(system, {**SYSTEMS[system].small, "epochs": 1, **options})
    fit_run(system, data, chosen, folder)
    return folder


def test_every_model_is_of_a_recipe_that_exists_or_says_what_is_fitted() -> None:
    for made in make.models().values():
        if isinstance(made, str):
            assert "of" not in recipes()[made]
        else:
            split_options(made["system"], made.get("options", {}))


@pytest.mark.parametrize("system", ["nade", "vae"])
def test_a_run_goes_in(system: str, tmp_path: Path) -> None:
    run = fitted(system, tmp_path / "run")
    place = tmp_path / "zoo"
    told = make.add(run, "one", place)
    assert zoo_index(place) == {"one": json.loads(json.dumps(told))}
    model, whole = load(place / "one"), load(run)
    assert fingerprint(model) == told["fingerprint"] != fingerprint(whole)
    rows = load_data("digits").test
    after, before = (nats_of_rows(m, rows, slice(0, len(rows))) for m in (model, whole))
    assert told["rounding"] == pytest.approx((after - before).mean().item(), abs=1e-9)
    assert told["rounding"] != 0
    figures, old = read_card(place / "one")["figures"], read_card(run)["figures"]
    if system == "nade":
        assert figures["test_nats"] == pytest.approx(after.mean().item())
        assert figures["test_nats"] != old["test_nats"]
        assert figures["valid_nats"] != old["valid_nats"]
    assert figures["seconds"] == old["seconds"]
    names = {path.name for path in (place / "one").iterdir()}
    assert {"README.md", "config.json", "model.safetensors"} <= names
    readme = (place / "one" / "README.md").read_text(encoding="utf-8")
    assert 'arden.load("zoo:one")' in readme
    assert "Stored in float16" in readme
    assert "| `zoo:one` |" in make.table(place)
    make.add(run, "one", place)  # again, and another beside it
    make.add(run, "other", place)
    assert list(zoo_index(place)) == ["one", "other"]


def test_what_is_not_finished_stays_outside(tmp_path: Path) -> None:
    run = fitted("fvsbn", tmp_path / "run")
    (run / "checkpoint.safetensors").touch()
    with pytest.raises(SystemExit, match="is not finished"):
        make.add(run, "one", tmp_path / "zoo")
    assert not (tmp_path / "zoo").exists()


def test_other_rows_are_noticed(tmp_path: Path) -> None:
    card = read_card(fitted("fvsbn", tmp_path / "run"))
    with pytest.raises(SystemExit, match="is of other rows than digits"):
        make.data_of({**card, "protocol": "Some rows of the digits."})


def test_a_paired_difference() -> None:
    found = make.paired(torch.tensor([1.0, 3.0]), torch.tensor([1.5, 2.0]))
    assert found == {"mean": 0.25, "standard_error": pytest.approx(0.75), "most": 1.0}
