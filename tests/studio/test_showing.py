"""The gallery tells what cards, curves and pictures hold, and audits a model when asked."""

from __future__ import annotations

import json
import shutil

import pytest

from arden.errors import InputError
from arden.runs.folder import METRICS
from arden.studio.shelf import Shelf
from arden.studio.showing import audit_run, list_runs, show_run


@pytest.fixture
def whole(folder, tmp_path):
    """() -> the shelf of one run with figures and a curve."""
    run = tmp_path / "nade"
    shutil.copytree(folder / "one", run)
    config = json.loads((run / "config.json").read_text())
    config["card"]["figures"] = {
        "test_nats": 20.25,
        "standard_error": 0.5,
        "bits_per_dim": 0.4565,
        "num_parameters": 2112,
        "epochs": 2,
        "unit": "row",
        "full_table": "2^64 − 1",
        "ended": "all 2 epochs",
        "protocol": "digits <script>",
    }
    (run / "config.json").write_text(json.dumps(config))
    lines = [{"epoch": at, "train": 30 - at, "valid": 31 - at, "seconds": at} for at in (1, 2)]
    (run / METRICS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Shelf(tmp_path)


def test_runs_are_listed_with_their_figures(whole):
    listed = list_runs(whole.runs())
    for words in ("nade", "few digits", "20.25 ± 0.50 nats / row", "2,112"):
        assert words in listed


def test_a_run_is_shown_with_its_curve(whole):
    shown = show_run(whole.run("nade"))
    assert "digits &lt;script&gt;" in shown
    assert "0.4565 bits per scalar" in shown
    assert shown.count("<img") == 1


def test_runs_without_figures_are_shown_all_the_same(shelf):
    assert list_runs(shelf.runs()).count("<tr>") == 7
    assert "not measured" in show_run(shelf.run("any"))


def test_an_audit_is_told_check_by_check(shelf):
    found = audit_run(shelf, shelf.run("by-class"))
    assert "checks that apply have passed" in found
    assert "conditionals sum to one" in found


def test_a_model_without_a_density_cannot_be_audited(shelf):
    with pytest.raises(InputError, match="lower bound"):
        audit_run(shelf, shelf.run("vae"))
