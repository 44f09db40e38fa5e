"""Choices are made on the validation rows, once, and the fit that is kept is the chosen one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arden.errors import InputError
from arden.reproduction import find_recipe, measuring, recipes
from arden.reproduction.choosing import choose
from arden.reproduction.joining import load_fitted
from arden.reproduction.measuring import reproduce
from arden.tasks.score import score
from benchmarks.likelihood.table import read_results
from tests.training.toys import bits


def test_the_best_on_validation_rows_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = {
        "system": "nade",
        "data": "bits",
        "seeds": [3, 4],
        "options": {"epochs": 2},
        "choices": {"hidden": [1, 7], "learning_rate": [1e-6, 1e-2]},
    }
    data = bits()
    monkeypatch.setattr("arden.reproduction.catalogue.recipes", lambda: {"some": recipe})
    monkeypatch.setattr(measuring, "load_data", lambda *_, **__: data)
    runs = tmp_path / "runs"
    found = json.loads(reproduce("some", runs, tmp_path).read_text())
    tried = found["recipe"]["tried"]
    assert [(told["hidden"], told["learning_rate"]) for told in tried] == [
        (1, 1e-6),
        (1, 1e-2),
        (7, 1e-6),
        (7, 1e-2),
    ]
    best = min(tried, key=lambda told: told["valid_nats"])
    options = found["recipe"]["options"]
    assert {key: options[key] for key in recipe["choices"]} == {
        key: best[key] for key in recipe["choices"]
    }
    assert best["learning_rate"] == 1e-2
    first, second = found["runs"]
    assert first["valid_nats"] == best["valid_nats"] != second["valid_nats"]
    assert (first["seed"], second["seed"]) == (3, 4)
    model = load_fitted("some", 3, runs)
    nats = -score(model, data.valid.values).mean().item()
    assert nats == pytest.approx(best["valid_nats"], abs=1e-5)
    assert model.network.options.hidden == best["hidden"]
    assert not list(runs.glob("*candidate*"))


def test_what_was_tried_is_not_tried_again(tmp_path: Path) -> None:
    worth = {"a": 3.0, "b": 1.0, "c": 2.0}
    fitted: list[str] = []

    def fit(options: dict[str, str], where: Path) -> dict[str, float]:
        name = options["name"]
        if name == "c" and "c" not in fitted:
            fitted.append(name)
            where.mkdir()
            raise KeyboardInterrupt
        assert where.exists() == (fitted == ["a", "b", "c"])  # what was interrupted goes on there
        fitted.append(name)
        where.mkdir(exist_ok=True)
        (where / "name").write_text(name)
        return {"valid_nats": worth[name]}

    candidates = [{"name": name} for name in worth]
    with pytest.raises(KeyboardInterrupt):
        choose(candidates, tmp_path / "run", fit)
    options, run, runs = choose(candidates, tmp_path / "run", fit)
    assert fitted == ["a", "b", "c", "c"]
    assert (options, run) == ({"name": "b"}, {"valid_nats": 1.0})
    assert [told["valid_nats"] for told in runs] == [3.0, 1.0, 2.0]
    assert (tmp_path / "run" / "name").read_text() == "b"
    (tmp_path / "run-candidate").mkdir()  # as if interrupted
    others = [{"name": "c"}, {"name": "a"}]  # another recipe: nothing of the former counts
    options, _, runs = choose(others, tmp_path / "run", fit)
    assert (options, len(runs)) == ({"name": "c"}, 2)
    assert (tmp_path / "run" / "name").read_text() == "c"


def test_every_binary_table_has_a_recipe_of_every_system() -> None:
    known = recipes()
    nade = known["nade-dna-nade-split"]
    assert (nade["system"], nade["data"], nade["published"]) == ("nade", "dna-nade-split", 84.81)
    assert "published" not in known["nade-nltcs"]
    orders = known["orderless-nade-orders-nips"]
    assert (orders["of"], orders["orders"]) == ("orderless-nade-nips", 16)
    assert orders["published"] == 272.39
    assert "choices" not in orders
    assert known[orders["of"]]["choices"]["weight_decay"] == [0.5, 2.0, 5.0, 10.0]  # of the table
    assert known["made-nips"]["choices"]["activation"] == ["relu", "sigmoid"]  # of the system
    sizes = [known[f"nade-{table}"]["options"]["batch_size"] for table in ("adult", "msweb")]
    assert sizes == [50, 200]
    with pytest.raises(InputError, match="nade-nltcs"):
        find_recipe("nade-nltc")


def test_the_options_shown_are_those_that_were_chosen() -> None:
    from arden.reproduction import RESULTS

    chosen = [told for told in read_results(RESULTS) if "tried" in told["recipe"]]
    for told in chosen:
        recipe = told["recipe"]
        best = min(recipe["tried"], key=lambda tried: tried["valid_nats"])
        for key, value in best.items():
            if key == "valid_nats":
                assert told["runs"][0][key] == value
            else:
                assert recipe["options"][key] == value
