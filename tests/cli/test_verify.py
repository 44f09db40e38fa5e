"""`arden verify`: the audit's verdict is the exit code, and every check is told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from arden.audit.report import Check, Report
from arden.data import Schema
from arden.storage.model_files import save
from tests.cli.words import call, done, refused
from tests.training.toys import bits, fresh

Capture = pytest.CaptureFixture[str]


def test_a_real_model_passes(run: Path, files: Path, capfd: Capture) -> None:
    found = json.loads(done(capfd, "verify", run, "--data", files / "bits.csv", "--json"))
    assert found["passed"] is True
    assert len(found["checks"]) > 10


def test_the_structure_is_pictured(run: Path, tmp_path: Path, capfd: Capture) -> None:
    picture = tmp_path / "structure.png"
    assert f"Picture: {picture}" in done(capfd, "verify", run, "--picture", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "exists already" in refused(capfd, "verify", run, "--picture", picture)
    wrong = tmp_path / "structure.gif"
    assert "picture: expected a name ending in .png" in refused(
        capfd, "verify", run, "--picture", wrong
    )


def reporting(
    monkeypatch: pytest.MonkeyPatch, passed: bool
) -> list[tuple[torch.Tensor | None, torch.Tensor | None, int]]:
    """A verdict -> a list in which every audit notes its rows, classes and seed."""
    calls: list[tuple[torch.Tensor | None, torch.Tensor | None, int]] = []
    check = Check(passed, 0.5, 1e-10, "What [red] means.", name="sums")
    skipped = Check(None, None, None, "Nothing to see.", name="orders")

    def audit(model: Any, rows: Any, context: Any, seed: int) -> Report:
        calls.append((rows, context, seed))
        return Report("a model", seed, (check, skipped))

    monkeypatch.setattr("arden.audit.verify.verify", audit)
    return calls


@pytest.mark.parametrize("passed", [True, False])
def test_the_verdict_is_the_exit_code(
    passed: bool, run: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporting(monkeypatch, passed)
    code, out, err = call(capfd, "verify", run)
    assert (code, err) == (0 if passed else 1, "")
    for words in ("sums", "5.0e-01", "1e-10", "What [red] means.", "orders", "n/a"):
        assert words in out
    assert ("FAIL" in out) is not passed
    assert ("Every check passed" in out) is passed
    code, out, _ = call(capfd, "verify", run, "--json")
    assert code == (0 if passed else 1)
    assert json.loads(out)["passed"] is passed


def test_rows_are_those_asked_for_or_the_runs_own(
    run: Path, files: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = reporting(monkeypatch, True)
    monkeypatch.chdir(files)  # where the run's own bits.csv lies
    done(capfd, "verify", run, "--seed", 7)
    monkeypatch.chdir("/")  # and where it does not
    done(capfd, "verify", run)
    done(capfd, "verify", run, "--data", files / "one.csv")
    (own, _, seed), (none, _, _), (one, _, _) = calls
    assert own is not None
    assert one is not None
    assert (own.shape, seed, none, one.tolist()) == ((60, 3), 7, None, [[0, 1, 1]])


def test_another_file_of_the_same_name_is_not_taken_for_the_runs_own(
    run: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = reporting(monkeypatch, True)
    (tmp_path / "bits.csv").write_text("x,y\n0.5,1\n0.25,7\n0.125,3\n")
    monkeypatch.chdir(tmp_path)
    done(capfd, "verify", run)
    assert calls[0][0] is None


def test_classes_go_with_their_rows(
    tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = reporting(monkeypatch, True)
    names = tuple(map(str, range(10)))
    schema = Schema("image", (8, 8), 2, class_names=names)
    data = dataclasses.replace(bits(40, (8, 8)), schema=schema)
    card = {"schema": schema.to_dict(), "data": "digits"}
    run = save(fresh("nade", data, context_size=10), tmp_path / "run", card=card)
    done(capfd, "verify", run)
    rows, context, _ = calls[0]
    assert rows is not None
    assert context is not None
    assert (rows.shape, context.shape) == ((64, 8, 8), (64, 10))
    assert bool((context.sum(1) == 1).all())
