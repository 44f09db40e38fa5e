"""In processes of their own: help at once, Ctrl-C and kill -9 in the middle of a fit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

import arden
from arden.storage.model_files import load, read_card
from tests.cli.words import done, environment, refused, sentence

ARDEN = (sys.executable, "-m", "arden")

# Says what was loaded after the words were answered; torch alone takes seconds.
PROGRAM = """
import sys
from arden.cli import main
try:
    main(sys.argv[1:])
except SystemExit as left:
    code = left.code
heavy = {"torch", "numpy", "matplotlib", "sklearn", "numba", "scipy"} & set(sys.modules)
sys.exit(f"{code} {sorted(heavy)}")
"""


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fit"],
        ["fit", "nade"],
        *([name] for name in ("score", "sample", "verify", "models", "bound")),
    ],
)
def test_help_needs_no_torch(words: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, "--help"],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert "Usage: arden" in ran.stdout
    assert ran.stderr.strip() == "0 []"


def test_what_draws_nothing_waits_for_no_picture_library(tmp_path: Path) -> None:
    data = arden.load_data("digits")
    model = arden.fit("independent", data, progress=False)
    card = {"system": "independent", "schema": data.schema.to_dict()}
    run = arden.save(model, tmp_path / "run", card=card)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "score", str(run), "digits"],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert ran.stderr.strip() == "0 ['numpy', 'torch']"  # nor for scikit-learn, for its digits


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["fit", "nade", "--help"]])
def test_help_comes_in_well_under_a_second(words: list[str]) -> None:
    taken = []
    for _ in range(3):
        before = os.times()
        ran = subprocess.run([*ARDEN, *words], capture_output=True, text=True, env=environment())
        after = os.times()
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "Usage: arden" in ran.stdout
        # Of the processor, not of the clock: other tests run at the same time.
        taken.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    # Measured 0.39 to 0.59 while both cores were busy; a quiet core has not been measured.
    assert min(taken) < 0.8


def test_an_error_is_one_line_and_an_exit_code() -> None:
    words = [*ARDEN, "fit", "nade", "nothing.csv"]
    ran = subprocess.run(words, capture_output=True, text=True, env=environment())
    assert (ran.returncode, ran.stdout) == (1, "")
    assert sentence(ran.stderr) == "nothing.csv: there is no such file."


@pytest.mark.parametrize("words", [["models", "--json"], ["data", "--json"], ["data"]])
def test_a_reader_who_goes_away_is_no_error(words: list[str]) -> None:
    with subprocess.Popen(
        [*ARDEN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # as `| head -0` does
        assert process.stderr.read() == b""
        assert process.wait() in (0, 1)  # rich, which draws the tables, says 1


# A shell may have told its background jobs to ignore Ctrl-C, and children inherit that.
HEEDS_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("arden", run_name="__main__")
"""


@contextmanager
def started(run: Path, epochs: int) -> Iterator[subprocess.Popen[str]]:
    """A folder -> a fit that would go on for ever, so many epochs later; killed in the end."""
    words = ["fit", "nade", "digits", "--hidden", "4", "--epochs", "100000", "--out", str(run)]
    words += ["--patience", "100000", "--batch-size", "256"]
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDS_CTRL_C, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    metrics, until = run / "metrics.jsonl", time.monotonic() + 300
    try:
        while not metrics.is_file() or metrics.read_text().count("\n") < epochs:
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                pytest.fail(f"the fit did not begin: {process.communicate()}")
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.communicate()


# What C calls back, as a compiler does, and a destructor cannot let an exception out.
DEAF = {
    "callback": "ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(signal.SIGINT))()",
    "destructor": "type('It', (), {'__del__': lambda it: signal.raise_signal(signal.SIGINT)})()",
}


@pytest.mark.parametrize("where", DEAF)
def test_ctrl_c_is_told_again_where_it_cannot_be_raised(where: str) -> None:
    code = f"""
import ctypes, signal, sys, time
from arden.cli import app
signal.signal(signal.SIGINT, signal.default_int_handler)
def make_app():
    {DEAF[where]}
    print("went on", flush=True)
    time.sleep(60)
app.make_app = make_app
app.main(["models"])
"""
    words = [sys.executable, "-c", code]
    told = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=50)
    assert (told.returncode, told.stdout) == (130, "went on\n")
    assert told.stderr == "arden: stopped by Ctrl-C\n"


def usable(run: Path, capfd: pytest.CaptureFixture[str]) -> float:
    """A run that was cut short -> the mean ln p of the test rows; it loads, scores and samples."""
    model = load(run)
    assert bool(torch.isfinite(arden.score(model, arden.load_data("digits").test.values)).all())
    done(capfd, "sample", run, "-n", 2, "--out", run / "drawn.csv")
    summary = json.loads(done(capfd, "score", run, "digits", "--json"))
    return float(summary["mean_log_prob"])


def test_ctrl_c_ends_a_fit_with_all_its_figures(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    with started(run, epochs=2) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (130, "")
    assert "stopped by Ctrl-C" in out
    assert "the same command with --resume goes on where it stopped" in out
    figures = read_card(run)["figures"]
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert figures["ended"] == "stopped by Ctrl-C"
    assert figures["epochs"] == len(epochs) >= 2
    best = min(epochs, key=lambda epoch: epoch["valid"])
    assert figures["best_epoch"] == best["epoch"]
    assert usable(run, capfd) == pytest.approx(-figures["test_nats"], rel=1e-6)
    valid = arden.score(load(run), arden.load_data("digits").valid.values).mean().item()
    assert valid == pytest.approx(-best["valid"], rel=1e-6)
    for line in out.splitlines():
        assert not line.startswith("Picture: ") or Path(line.removeprefix("Picture: ")).is_file()


def test_kill_9_leaves_a_loadable_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    with started(run, epochs=3) as process:
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    usable(run, capfd)
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    valid = arden.score(load(run), arden.load_data("digits").valid.values).mean().item()
    assert -valid <= min(epoch["valid"] for epoch in epochs) * (1 + 1e-6)  # the best so far
    assert "figures" not in read_card(run)
    words = ["fit", "independent", "digits", "--out", run]
    assert "say --overwrite" in refused(capfd, *words)
    done(capfd, *words, "--overwrite")
    assert load(run).num_parameters == 64
