"""`arden reproduce`: the list, a recipe carried out, refusals."""

from __future__ import annotations

import json

import pytest

from arden.cli import main
from arden.reproduction import recipes


def test_the_list_shows_every_recipe_and_claims_nothing_that_was_not_run(capsys):
    with pytest.raises(SystemExit) as left:
        main(["reproduce", "--json"])
    assert left.value.code == 0
    found = {told["name"]: told for told in json.loads(capsys.readouterr().out)}
    assert list(found) == list(recipes())
    for told in found.values():
        assert (told["ours"] is None) == (told["status"] == "not run")


def test_the_list_names_every_recipe_whole_and_says_where_it_runs(capsys):
    with pytest.raises(SystemExit) as left:
        main(["reproduce", "--list"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in printed.splitlines() if line.split()}
    for name, recipe in recipes().items():
        assert rows[name][1] == recipe.get("machine", "CPU")


def test_a_recipe_is_carried_out_and_held_against_what_is_known(tmp_path, capsys):
    words = ["reproduce", "independent-digits", "--out", str(tmp_path), "--seeds", "3"]
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    assert "measured" in capsys.readouterr().out
    told = json.loads((tmp_path / "independent-digits.json").read_text())
    assert [run["seed"] for run in told["runs"]] == [3]
    assert told["runs"][0]["test_nats"] == pytest.approx(25.24, abs=0.01)
    assert (tmp_path / "independent-digits-3" / "config.json").exists()


def test_an_unknown_recipe_is_one_sentence(capsys):
    with pytest.raises(SystemExit) as left:
        main(["reproduce", "nade-digit"])
    assert left.value.code == 1
    assert "recipe: expected a name that arden reproduce lists" in capsys.readouterr().err
