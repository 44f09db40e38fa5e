"""Anomalies in tables: protocols that keep rows apart, every method, and going on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.adbench import run

TINY = run.Setup(most_rows=90, steps=20, hidden=4, components=1)


def made(rows: int = 120, seed: int = 0) -> run.Sets:
    """-> one set: a cloud, a constant column, and a few rows far from it."""
    source = np.random.default_rng(seed)
    x = source.normal(size=(rows, 4))
    x[:, 2] = 7.0
    y = np.zeros(rows, dtype=np.int64)
    y[::12] = 1
    x[::12] += 6.0 * source.choice([-1, 1], size=(len(x[::12]), 1))
    x[:, 2] = 7.0
    return {"cloud": (x, y)}


def test_every_method_finds_what_is_far_away_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = made()
    run.run((0,), sets, TINY, tmp_path)
    path = tmp_path / "seed-0.json"
    found = json.loads(path.read_text())["sets"]["cloud"]
    for protocol in run.PROTOCOLS:
        assert found[protocol]["columns"] == 3  # the constant one is dropped
        for method in run.METHODS:
            figures = found[protocol][method]
            low = 0.0 if method == "LocalOutlierFactor" else 0.8
            assert low <= figures["auroc"] <= 1, (protocol, method)
            assert 0 < figures["average_precision"] <= 1
    stamp = path.stat().st_mtime_ns
    run.run((0,), sets, TINY, tmp_path)
    assert path.stat().st_mtime_ns == stamp
    monkeypatch.setattr(run, "METHODS", {"IsolationForest": run.isolation_forest})
    run.run((0,), {**sets, "again": sets["cloud"]}, TINY, tmp_path)
    assert set(json.loads(path.read_text())["sets"]) == {"cloud", "again"}


def test_clean_training_never_sees_what_it_ranks() -> None:
    x, y = made()["cloud"]
    x[:, 0] = np.arange(len(x))
    fit, rank, marks = run.prepared(x, y, "clean train", 1_000, seed=1)
    assert len(fit) + len(rank) == len(x)
    assert marks.sum() == y.sum()
    assert not set(fit[:, 0].round(6)) & set(rank[:, 0].round(6))
    np.testing.assert_allclose(fit.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(fit.std(axis=0), 1)


def test_rare_anomalies_survive_the_sample() -> None:
    x, y = made(1_000)["cloud"]
    y[:] = 0
    y[:3] = 1
    for seed in range(4):
        fit, rank, marks = run.prepared(x, y, "transductive", 20, seed)
        assert fit.shape == rank.shape == (20, 3)
        assert marks.sum() >= 2


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_rows(seed: int) -> None:
    x, y = made()["cloud"]
    one, two = (run.prepared(x, y, "clean train", 50, seed)[1] for _ in range(2))
    np.testing.assert_array_equal(one, two)
