"""The benchmarks of classes and of probes: what they fit, and what their tables say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from arden.assembly import split_options
from arden.data import load_data
from arden.systems import SYSTEMS
from benchmarks.classify import run as classes
from benchmarks.classify import table as class_table
from benchmarks.each_seed import fit_options, tables
from benchmarks.probe import run as probes
from benchmarks.probe import table as probe_table


def test_the_recipes_name_systems_and_options_that_exist() -> None:
    for recipes, verb in (
        (classes.BENCHMARK.recipes(), "classify"),
        (probes.BENCHMARK.recipes(), "represent"),
    ):
        for recipe in recipes.values():
            for options in recipe["models"].values():
                system = options["system"]
                split_options(system, fit_options(options))
                assert verb in SYSTEMS[system].verbs


def test_a_class_is_a_column_at_either_end() -> None:
    data = load_data("digits")
    for first, place in ((True, 0), (False, 64)):
        table = classes.with_class_column(data, first=first)
        assert table.schema.columns[place].name == "class"
        assert torch.equal(table.test.values[:, place].long(), data.test.labels)
        others = torch.cat([table.test.values[:, :place], table.test.values[:, place + 1 :]], 1)
        assert torch.equal(others.long(), data.test.values.flatten(1).long())


def test_tables_hold_means_and_spreads_over_seeds(tmp_path: Path) -> None:
    about: dict[str, Any] = {"train_rows": 9, "protocol": "P.", "commit": "c", "machine": "m"}
    run = {"model": "logistic regression", "rows": 7, "seconds": 60, "calibration_error": 0.1}
    runs = [{**run, "seed": s, "accuracy": a, "log_loss": 0.5} for s, a in ((0, 0.9), (1, 0.8))]
    (tmp_path / "digits.json").write_text(json.dumps({**about, "runs": runs}))
    told = tables(classes.BENCHMARK.recipes(), tmp_path, class_table.AGAINST, class_table.table)
    assert "| logistic regression | 85.00 ± 7.07 | 0.500 | 10.0 | 2 |" in told
    assert "mnist" not in told
    probed = [
        {"model": "NADE", "seed": 0, "trained": t, "accuracy": a, "features": 5, "seconds": 6}
        for t, a in ((True, 0.9), (False, 0.6))
    ]
    (tmp_path / "digits.json").write_text(json.dumps({**about, "test_rows": 7, "runs": probed}))
    assert "| NADE | 5 | 90.0 | 60.0 | 1 |" in tables(
        probes.BENCHMARK.recipes(), tmp_path, probe_table.AGAINST, probe_table.table
    )
