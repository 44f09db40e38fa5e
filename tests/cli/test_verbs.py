"""Every verb of the command line asked of every system: what is declared is done, the rest refused
in one sentence that names the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import arden
from arden.audit import verify as auditing
from arden.cli import main
from arden.cli.app import make_app
from arden.errors import InputError
from arden.kernels import without_kernels
from arden.systems import SYSTEMS
from arden.tasks.predict import predict
from arden.tasks.score import score_conditionals
from tests.cli.words import VERBS, done, natural_file, refused
from tests.training.toys import bits, fresh_any

Capture = pytest.CaptureFixture[str]

OF_NO_MODEL = {"bench", "fit", "models", "orderings", "data", "fetch", "reproduce"}
OF_ANY_MODEL = {"serve", "publish", "studio"}  # they have tests of their own

# What a refusal must say, of the verbs that a kind of system does not answer.
REASONS = {
    "autoencoder": "an autoencoder has no density",
    "vae": "only a lower bound can be computed; ask for `arden bound`",
}
_REAL = "is real; its density"
EXACT_REASONS = {
    "bound": "is computed, not bounded; ask for `arden score`",
    "represent": "hidden units to read",
    "compress": _REAL,
    "decompress": _REAL,
}


@pytest.fixture(scope="module")
def fitted(
    files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, Path]]:
    """() -> (a system's name -> its run, the data it was fitted to), each fitted once."""
    folder = tmp_path_factory.mktemp("systems")

    def run_of(name: str) -> tuple[Path, Path]:
        run, system = folder / name, SYSTEMS[name]
        data = natural_file(name, files)
        if not run.exists():
            small = [
                str(word)
                for option, value in system.small.items()
                for one in (value if isinstance(value, tuple) else (value,))
                for word in (f"--{option.replace('_', '-')}", one)
            ]
            words = ["fit", name, str(data), "--out", str(run), "--epochs", "1", *small]
            with without_kernels(), pytest.raises(SystemExit) as exited:
                main(words)
            assert exited.value.code == 0
        return run, data

    return run_of


def test_no_verb_was_forgotten() -> None:
    commands = {name for name in make_app() if not name.startswith("-")}
    assert commands == {*VERBS, *OF_NO_MODEL, *OF_ANY_MODEL}
    for system in SYSTEMS.values():
        assert set(system.verbs) <= {*VERBS, "fit"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_declared_verbs_are_answered_and_others_refused(
    name: str,
    verb: str,
    fitted: Callable[[str], tuple[Path, Path]],
    tmp_path: Path,
    capfd: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What the audit finds has tests of its own: here it is enough that it is made.
    check = "every scalar has one step"
    monkeypatch.setattr(auditing, "CHECKS", {check: auditing.CHECKS[check]})
    words = [verb, *VERBS[verb](*fitted(name), tmp_path)]
    if verb in SYSTEMS[name].verbs:
        done(capfd, *words)
        return
    told = refused(capfd, *words)
    assert told.startswith(f"{verb}: ")
    assert (REASONS[name] if name in REASONS else EXACT_REASONS[verb]) in told
    assert list(tmp_path.iterdir()) == []


def packed(model: Any, x: torch.Tensor) -> bytes:
    """A model, rows -> what it compresses them to; nothing where it cannot."""
    try:
        return arden.compress(model, x)
    except InputError:
        return b""


ASKED: dict[str, Callable[[Any, torch.Tensor], object]] = {
    "score": lambda model, x: arden.score(model, x),
    "sample": lambda model, x: arden.sample(model, 2),
    "complete": lambda model, x: arden.complete(model, x, torch.ones_like(x).bool()),
    "query": lambda model, x: arden.query(model, {0: {1}}),
    "verify": lambda model, x: arden.verify(model, x, budget="quick"),
    "classify": lambda model, x: arden.classify(model, x, column=0),
    "compare": lambda model, x: arden.compare([model, model], x),
    "detect": lambda model, x: arden.detect(model, x, x, false_alarms=0.2),
    "ensemble": lambda model, x: arden.ensemble([model, model]),
    "compress": lambda model, x: arden.compress(model, x),
    "decompress": lambda model, x: arden.decompress(model, packed(model, x)),
    "represent": lambda model, x: arden.represent(model, x),
    "bound": lambda model, x: arden.bound(model, x, samples=2),
}


@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize("name", ["autoencoder", "vae", "nade"])
def test_python_gives_the_same_reasons(name: str, verb: str) -> None:
    data = bits(40)
    model = fresh_any(name, data)
    if verb in SYSTEMS[name].verbs:
        ASKED[verb](model, data.test.values)
        return
    reason = REASONS[name] if name in REASONS else EXACT_REASONS[verb]
    with pytest.raises(InputError) as told:
        ASKED[verb](model, data.test.values)
    assert str(told.value).startswith(f"{verb}: ")
    assert reason in str(told.value)


@pytest.mark.parametrize("name", REASONS)
def test_what_has_no_word_on_the_command_line_is_refused_too(name: str) -> None:
    data = bits(40)
    model = fresh_any(name, data)
    with pytest.raises(InputError, match=f"predict: .*{REASONS[name]}"):
        predict(model, data.test.values)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"score: .*{REASONS[name]}"):
        score_conditionals(model, data.test.values)  # type: ignore[arg-type]


def test_mixed_runs_are_not_compared(
    fitted: Callable[[str], tuple[Path, Path]], capfd: Capture
) -> None:
    (exact, data), (bounded, _) = fitted("nade"), fitted("vae")
    assert "only a lower bound" in refused(capfd, "compare", exact, bounded, data)


def test_the_list_says_why(capfd: Capture) -> None:
    table = " ".join(done(capfd, "models").split())
    for name in REASONS:
        assert f"answers {', '.join(SYSTEMS[name].verbs)}" in table
        assert SYSTEMS[name].refusal in table


def test_features_go_to_a_table_or_an_archive(
    fitted: Callable[[str], tuple[Path, Path]], tmp_path: Path, capfd: Capture
) -> None:
    run, data = fitted("autoencoder")
    x = arden.load_data(data)
    whole = torch.cat([getattr(x, part).values for part in ("train", "valid", "test")])
    expected = arden.represent(arden.load(run), whole).numpy()
    for name in ("x.csv", "x.npz"):
        out = done(capfd, "represent", run, data, "--out", tmp_path / name)
        assert "2 features of 60 rows" in out
    found = np.load(tmp_path / "x.npz")["features"]
    assert found.shape == (60, 2)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "h0,h1"
    table = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
    assert np.allclose(table, found)
    assert np.allclose(np.sort(found, axis=0), np.sort(expected, axis=0), atol=1e-6)
    told = refused(capfd, "represent", run, data, "--out", tmp_path / "x.csv")
    assert "exists already; say --overwrite" in told


def test_a_bound_is_printed_as_one(
    fitted: Callable[[str], tuple[Path, Path]], tmp_path: Path, capfd: Capture
) -> None:
    import json

    run, data = fitted("vae")
    summary = json.loads(done(capfd, "bound", run, data, "--samples", 20, "--json"))
    assert summary["samples"] == 20
    assert summary["rows"] == 60
    out = done(capfd, "bound", run, data, "--samples", 20, "--out", tmp_path / "x.csv")
    table = " ".join(out.split())
    assert "is at least (nats, 20 draws a row)" in table
    assert f"≥ {summary['mean_lower_bound']:.4f} ±" in table
    assert "log_prob" not in out
    assert "=" not in table.replace("━", "")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "lower_bound"
    mean = np.mean([float(line) for line in lines[1:]])
    assert mean == pytest.approx(summary["mean_lower_bound"])
    again = json.loads(done(capfd, "bound", run, data, "--samples", 20, "--json", "--seed", 1))
    assert again["mean_lower_bound"] != summary["mean_lower_bound"]
    assert "samples: expected at least 1, got 0" in refused(
        capfd, "bound", run, data, "--samples", 0
    )
