"""Recipes of published figures: options that exist, what was interrupted, how far ours are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch import Tensor

from arden.assembly import split_options
from arden.data.catalogue import DATASETS
from arden.errors import InputError
from arden.reproduction import RESULTS, find_recipe, measuring, recipes, standings
from arden.reproduction.measuring import fit_and_tell, reproduce
from arden.storage.model_files import fingerprint, load
from arden.systems import SYSTEMS
from arden.tasks.ensemble import ensemble
from arden.tasks.score import score
from benchmarks.likelihood.table import read_results, table
from tests.training.toys import bits


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_names_what_there_is(name: str) -> None:
    recipe = recipes()[name]
    assert recipe["data"] in DATASETS
    if "members" in recipe:
        assert recipe["system"] == "ensemble"
        for member in recipe["members"]:
            assert recipes()[member]["data"] == recipe["data"]
            assert set(recipe.get("seeds", [0])) <= set(recipes()[member].get("seeds", [0]))
        return
    assert recipe["system"] in SYSTEMS
    split_options(recipe["system"], recipe.get("options", {}))
    assert "window" not in recipe or DATASETS[recipe["data"]].kind in ("text", "audio")
    assert ("published" in recipe) == ("source" in recipe)
    assert recipe.get("machine", "CPU") in ("CPU", "GPU")


def test_a_recipe_of_a_text_has_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.txt").write_text("that is that. " * 30)
    recipe = {"system": "markov", "data": str(tmp_path / "x.txt"), "window": 20, "stride": 5}
    monkeypatch.setattr("arden.reproduction.catalogue.recipes", lambda: {"some": recipe})
    found = json.loads(reproduce("some", tmp_path / "runs", tmp_path).read_text())
    [measured] = found["runs"]
    assert "windows of 20, in valid and test 5 apart" in measured["protocol"]
    assert measured["unit"] == "symbol"
    assert measured["cpu_seconds"] > 0


def test_an_any_order_run_is_measured_over_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, options = bits(), {"hidden": [5], "epochs": 2}
    recipe = {"system": "orderless-nade", "data": "bits", "options": options}
    known = {"one": recipe, "some": {**recipe, "of": "one", "orders": 3}}
    monkeypatch.setattr("arden.reproduction.catalogue.recipes", lambda: known)
    monkeypatch.setattr(measuring, "load_data", lambda *_, **__: data)
    runs, results = tmp_path / "runs", tmp_path / "results"
    with pytest.raises(InputError, match="some measures the fit of one with seed 0, which has not"):
        reproduce("some", runs, results)
    reproduce("one", runs, results)
    with pytest.raises(InputError, match=r"which .*elsewhere does not hold"):
        reproduce("some", tmp_path / "elsewhere", results)
    [measured] = json.loads(reproduce("some", runs, results).read_text())["runs"]
    model = load(runs / "one-0")
    both = ensemble(model, orders=3)
    alone = -score(model, data.test.values).mean().item()
    together = [-score(both, split.values).mean().item() for split in (data.test, data.valid)]
    assert measured["one_order_nats"] == pytest.approx(alone)
    assert [measured["test_nats"], measured["valid_nats"]] == pytest.approx(together)
    assert measured["test_nats"] != pytest.approx(alone, abs=1e-6)
    assert measured["num_parameters"] == model.num_parameters + 2
    told = f"orderless-nade (orders 3, hidden [5]) | {together[0]:.2f}"
    assert told in table(read_results(tmp_path / "results"), [])


def test_what_was_interrupted_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, options = bits(), split_options("nade", {"hidden": 3, "epochs": 4})
    told: list[int] = []

    def stop(title: str, progress: object) -> str:
        told.append(progress.epoch)  # type: ignore[attr-defined]
        if len(told) == 2:
            raise KeyboardInterrupt
        return title

    monkeypatch.setattr(measuring, "_line", stop)
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        fit_and_tell("a fit", "nade", data, options, folder)
    assert told == [1, 2]
    fit_and_tell("a fit", "nade", data, options, folder)
    before = fingerprint(load(folder))
    fit_and_tell("a fit", "nade", data, options, folder)  # finished: measured anew
    assert fingerprint(load(folder)) == before
    assert told[-4:] == [1, 2, 3, 4]


def test_rows_that_are_left_out_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = {"system": "independent", "data": "bits", "rows": {"train": 20, "test": 5}}
    data = bits()
    monkeypatch.setattr("arden.reproduction.catalogue.recipes", lambda: {"some": recipe})
    monkeypatch.setattr(measuring, "load_data", lambda *_, **__: data)
    path = reproduce("some", tmp_path / "runs", tmp_path, about={"commit": "abc"})
    found = json.loads(path.read_text())
    [measured] = found["runs"]
    assert measured["protocol"].endswith("Only rows evenly spread: 20 of train, 5 of test.")
    assert measured["test_rows"] == 5
    model = load(tmp_path / "runs" / "some-0")
    places = [at * len(data.test) // 5 for at in range(5)]
    nats = -score(model, data.test.values[places]).mean().item()
    assert measured["test_nats"] == pytest.approx(nats)
    assert found["commit"] == "abc"


def test_several_models_are_weighted_on_validation_rows_and_measured_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bits()
    options = {"epochs": 3, "learning_rate": 0.01}
    known = {
        "one": {"system": "independent", "data": "bits"},
        "two": {"system": "nade", "data": "bits", "options": {**options, "hidden": 3}},
        "three": {"system": "made", "data": "bits", "options": {**options, "hidden": [9]}},
        "all": {"system": "ensemble", "data": "bits", "members": ["one", "two", "three"]},
    }
    monkeypatch.setattr("arden.reproduction.catalogue.recipes", lambda: known)
    monkeypatch.setattr(measuring, "load_data", lambda *_, **__: data)
    runs, results = tmp_path / "runs", tmp_path / "results"
    for name in ("one", "two"):
        reproduce(name, runs, results)
    with pytest.raises(InputError, match="all measures the fit of three with seed 0, which"):
        reproduce("all", runs, results)
    reproduce("three", runs, results)
    [measured] = json.loads(reproduce("all", runs, results).read_text())["runs"]
    models = {name: load(runs / f"{name}-0") for name in known["all"]["members"]}
    weights = list(measured["weights"].values())
    assert list(measured["weights"]) == list(models)
    assert sum(weights) == pytest.approx(1)

    def nats(shares: list[float]) -> list[Tensor]:
        joined = ensemble(list(models.values()), shares)
        return [-score(joined, split.values) for split in (data.valid, data.test)]

    valid, test = nats(weights)
    assert measured["valid_nats"] == pytest.approx(valid.mean().item())
    assert measured["test_nats"] == pytest.approx(test.mean().item())
    for other in ([1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [w + 0.1 for w in weights]):
        assert measured["valid_nats"] <= nats(other)[0].mean().item() + 1e-6
    alone = {name: nats([float(name == one) for one in models]) for name in models}
    best = min(models, key=lambda name: alone[name][0].mean().item())
    gain = alone[best][1] - test
    # A small difference of figures that were computed in float32.
    assert measured["best_member"] == best
    assert measured["gain"]["nats"] == pytest.approx(gain.mean().item(), abs=1e-6)
    error = (gain.std() / len(gain) ** 0.5).item()
    assert measured["gain"]["standard_error"] == pytest.approx(error, rel=1e-4)
    assert "ensemble of 3, " in table(read_results(results), [])


def test_how_a_recipe_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"system": "nade", "data": "digits"}
    known = {
        "good": {**plain, "published": 88.0},
        "short": {**plain, "published": 88.0},
        "new": plain,
        "bound": {**plain, "published": 90.0},
        "waiting": {**plain, "published": 88.0},
    }
    monkeypatch.setattr("arden.reproduction.catalogue.recipes", lambda: known)
    runs = {
        "good": [{"test_nats": 86.0, "standard_error": 0.2}, {"test_nats": 88.0}],
        "short": [{"test_nats": 88.5, "standard_error": 0.2}],
        "new": [{"test_nats": 1.0, "standard_error": 0.1}],
        "bound": [{"bound": -89.0, "bound_error": 0.3, "test_rows": 5}],
    }
    for name, of_seeds in runs.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"runs": of_seeds}))
    found = {told.name: told for told in standings(tmp_path)}
    assert {name: told.status for name, told in found.items()} == {
        "good": "reached",
        "short": "short by 0.50",
        "new": "measured",
        "bound": "reached",
        "waiting": "not run",
    }
    assert (found["good"].ours, found["good"].seeds) == (87.0, 2)
    assert (found["bound"].ours, found["bound"].figure) == (89.0, "bound")


def test_what_was_run_is_of_a_recipe_and_says_where_it_comes_from() -> None:
    for told in read_results(RESULTS):
        assert told["recipe"]["name"] in recipes()
        assert told["runs"]
        assert told["commit"]


def test_an_unknown_recipe_is_refused_with_the_closest() -> None:
    with pytest.raises(InputError, match=r"got 'nade-digit' \(.*nade-digits"):
        find_recipe("nade-digit")
