"""Models measured seed by seed: what is there is kept, what is missing is measured, no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from arden.data import load_data
from arden.data.dataset import Dataset
from benchmarks.each_seed import Benchmark, Key, subset

RECIPES = """
[digits]
seeds = [0, 1]
rows = 100

[digits.models]
"fast" = { system = "made" }
"slow" = { system = "lstm", seeds = [0] }
"""
WAYS = ({"trained": True}, {"trained": False})


class Measured:
    """Stands for fits: keeps what it was asked, and stops as Ctrl-C does after so many."""

    def __init__(self, most: int = 99) -> None:
        self.asked: list[Key] = []
        self.most = most

    def __call__(self, data: Dataset, key: Key, options: dict[str, Any]) -> dict[str, Any]:
        assert len(data.train) == 100
        assert options.get("system") == {"fast": "made", "slow": "lstm"}.get(key["model"])
        if len(self.asked) == self.most:
            raise KeyboardInterrupt
        self.asked.append(key)
        return {"accuracy": 0.5}


def benchmark(folder: Path, measured: Measured) -> Benchmark:
    (folder / "recipes.toml").write_text(RECIPES)
    return Benchmark(
        folder / "run.py", "pixels", measured, lambda model: WAYS if model == "fast" else ({},)
    )


def test_what_was_stopped_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    first = Measured(most=3)
    with pytest.raises(KeyboardInterrupt):
        benchmark(tmp_path, first).run("digits", None)
    second = Measured()
    benchmark(tmp_path, second).run("digits", None)
    every = [{"model": "pixels", "seed": s} for s in (0, 1)]
    every += [{"model": "fast", "seed": s, **way} for s in (0, 1) for way in WAYS]
    every += [{"model": "slow", "seed": 0}]
    asked = first.asked + second.asked
    assert len(first.asked) == 3
    assert sorted(map(str, asked)) == sorted(map(str, every))
    found = json.loads((tmp_path / "results" / "digits.json").read_text())
    assert [
        {k: run[k] for k in run if k in ("model", "seed", "trained")} for run in found["runs"]
    ] == asked
    assert all("commit" in run and run["accuracy"] == 0.5 for run in found["runs"])
    assert not benchmark(tmp_path, second).missing("digits")


def test_models_and_seeds_can_be_shared_among_processes(tmp_path: Path) -> None:
    class Slower(Measured):
        def __call__(self, data: Dataset, key: Key, options: dict[str, Any]) -> dict[str, Any]:
            # While this run is measured another process adds its own.
            benchmark(tmp_path, other).run("digits", None, ["slow"])
            return super().__call__(data, key, options)

    other, mine = Measured(), Slower()
    benchmark(tmp_path, mine).run("digits", None, ["fast"], [1])
    assert mine.asked == [{"model": "fast", "seed": 1, **way} for way in WAYS]
    assert other.asked == [{"model": "slow", "seed": 0}]
    found = json.loads((tmp_path / "results" / "digits.json").read_text())["runs"]
    assert [run["model"] for run in found] == ["slow", "fast", "fast"]


def test_a_subset_is_of_training_rows_by_seed_and_of_validation_rows_for_all() -> None:
    data = load_data("digits")
    some, same, other = (subset(data, 100, seed, 50) for seed in (3, 3, 4))
    assert (len(some.train), len(some.valid)) == (100, 50)
    assert torch.equal(some.train.values, same.train.values)
    assert not torch.equal(some.train.values, other.train.values)
    assert torch.equal(some.valid.values, other.valid.values)
    assert torch.equal(some.test.values, data.test.values)
    assert subset(data, None, 0) is data
