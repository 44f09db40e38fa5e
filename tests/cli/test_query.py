"""`arden query`: a probability told as exact or with its error, and rows that fulfil it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import arden
from arden.data import load_data
from arden.storage.model_files import load, save
from tests.cli.words import done, refused
from tests.training.toys import fresh, mixed

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> the run of an any-order MADE over a flag, a kind and a real y. Look, do not write."""
    data = mixed()
    folder = tmp_path_factory.mktemp("runs") / "made"
    return save(fresh("any-order-made", data), folder, card={"schema": data.schema.to_dict()})


def test_an_answer_is_exact_or_has_an_error(run: Path, capfd: Capture) -> None:
    model = load(run)
    out = done(capfd, "query", run, "flag = 1 and kind in {0, 2}")
    expected = arden.query(model, {0: {1}, 1: {0, 2}})
    assert out.splitlines()[0] == (f"P(flag = 1 and kind in {{0, 2}}) = {expected.probability:.6g}")
    assert "Exact, of the joint that visits the scalars of the question first" in out
    words = ["query", run, "kind = 1", "--given", "y > 0.5 and flag = 0", "--seed", 4]
    out = done(capfd, *words)
    found = arden.query(model, {1: {1}}, {2: (0.5, np.inf), 0: {0}}, seed=4)
    assert out.startswith(f"P(kind = 1 | y > 0.5 and flag = 0) = {found.probability:.6g}")
    told = json.loads(done(capfd, *words, "--json"))
    assert told["probability"] == pytest.approx(found.probability)
    assert told["exact"] == found.exact
    few = done(capfd, "query", run, "y > 0.5 and y < 4 and kind = 1", "--given", "flag = 1")
    assert "Exact" in few or " ± " in few


def test_late_reals_are_estimated(tmp_path: Path, capfd: Capture) -> None:
    data = mixed()
    fixed = fresh("rnade", data, ordering="given", steps=(2, 0, 1))
    run = save(fixed, tmp_path / "rnade", card={"schema": data.schema.to_dict()})
    out = done(capfd, "query", run, "kind = 1", "--candidates", 500)
    assert " ± " in out.splitlines()[0]
    assert "An estimate, of the joint in given order: 500 walks" in out
    told = json.loads(done(capfd, "query", run, "kind = 1", "--candidates", 500, "--json"))
    assert 0 < told["standard_error"] < 0.1
    assert 1 <= told["effective_sample_size"] <= 500


def test_rows_that_fulfil_are_written(run: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["query", run, "y > 1 and kind = 2", "--given", "flag = 1 and y < 3", "-n", 50]
    out = done(capfd, *words, "--out", tmp_path / "x.csv")
    assert "50 rows that fulfil the conditions" in out
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "flag,kind,y"
    rows = np.array([line.split(",") for line in lines[1:]], dtype=float)
    assert rows.shape == (50, 3)
    assert (rows[:, 0] == 1).all()
    assert (rows[:, 1] == 2).all()
    assert ((rows[:, 2] > 1) & (rows[:, 2] < 3)).all()
    done(capfd, *words, "--out", tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npz")["x"].shape == (50, 3)
    assert "exists already" in refused(capfd, *words, "--out", tmp_path / "x.csv")


def test_what_is_refused(run: Path, tmp_path: Path, capfd: Capture) -> None:
    assert "asked: there is no column 'flags'" in refused(capfd, "query", run, "flags = 1")
    told = refused(capfd, "query", run, "flag = 1", "--given", "y = 1")
    assert told.startswith("given: y is real")
    assert "label: this model was not fitted with classes" in refused(
        capfd, "query", run, "flag = 1", "--label", "a"
    )
    told = refused(capfd, "query", run, "flag = 1", "--given", "kind < 0")
    assert "given: it has probability 0" in told
    assert "number: expected at least 1" in refused(capfd, "query", run, "flag = 1", "-n", 0)
    (tmp_path / "names.txt").write_text("anna\nbob\nada\n" * 20)
    data = load_data(tmp_path / "names.txt", lines=True)
    strings = save(fresh("gru", data), tmp_path / "gru", card={"schema": data.schema.to_dict()})
    assert "got one of strings" in refused(capfd, "query", strings, "x0 = 1")
