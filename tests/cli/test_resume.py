"""A run that was interrupted: said to be unfinished, resumed exactly, never mixed with another."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from arden.runs import fitting
from arden.storage.folders import held
from arden.storage.model_files import fingerprint, load, read_card
from arden.training import descent
from tests.cli.words import call, done, environment, refused

Capture = pytest.CaptureFixture[str]


class Killed(BaseException):
    """Nothing may catch this: it stands for kill -9."""


def fit_words(files: Path, run: Path) -> list[object]:
    options = ["--hidden", 4, "--epochs", 6, "--batch-size", 8, "--average", 0.5]
    return ["fit", "nade", files / "images.npz", "--out", run, *options]


def killed(steps: int, *words: object) -> None:
    """Words -> (): the command, killed after so many gradient steps."""
    whole, left = descent.Descent._step, [steps]

    def step(self: Any, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return whole(self, *arguments)

    from arden.cli import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descent.Descent, "_step", step)
        with pytest.raises(Killed):
            main([str(word) for word in (*words, "--checkpoint-seconds", 0)])


def curve(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: line[name] for name in ("epoch", "train", "valid")} for line in lines]


@pytest.mark.parametrize("steps", [1, 9, 14])
def test_resumed_is_as_if_it_had_not_been_interrupted(
    steps: int, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    straight, run = tmp_path / "straight", tmp_path / "run"
    done(capfd, *fit_words(files, straight))
    words = fit_words(files, run)
    killed(steps, *words)
    assert (run / "checkpoint.safetensors").is_file()
    (run / ".part-abc").write_bytes(b"of a process that was killed while it wrote")
    load(run)
    assert "holds an unfinished fit; say --resume to go on" in refused(capfd, *words)
    out = done(capfd, *words, "--resume")
    assert "all 6 epochs" in out
    assert sorted(path.name for path in run.iterdir()) == sorted(
        path.name for path in straight.iterdir()
    )
    assert fingerprint(load(run)) == fingerprint(load(straight))
    assert curve(run) == curve(straight)
    mine, theirs = (read_card(folder)["figures"] for folder in (run, straight))
    assert {**mine, "seconds": 0} == {**theirs, "seconds": 0}


@pytest.mark.parametrize("stage", ["measure", "draw_pictures"])
def test_killed_between_the_last_epoch_and_the_figures(
    stage: str, files: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, run = tmp_path / "straight", tmp_path / "run"
    done(capfd, *fit_words(files, straight))

    def killed(*arguments: object) -> None:
        raise Killed

    from arden.cli import main

    with monkeypatch.context() as patch:
        patch.setattr(fitting, stage, killed)
        with pytest.raises(Killed):
            main([str(word) for word in fit_words(files, run)])
    assert "holds an unfinished fit" in refused(capfd, *fit_words(files, run))
    done(capfd, *fit_words(files, run), "--resume")
    assert fingerprint(load(run)) == fingerprint(load(straight))
    assert sorted(path.name for path in run.iterdir()) == sorted(
        path.name for path in straight.iterdir()
    )


def test_a_finished_run_is_not_fitted_again(files: Path, tmp_path: Path, capfd: Capture) -> None:
    words = fit_words(files, tmp_path / "run")
    first = done(capfd, *words)
    config = tmp_path / "run" / "config.json"
    before = config.stat().st_mtime_ns
    again = done(capfd, *words, "--resume")
    assert config.stat().st_mtime_ns == before
    assert [line for line in again.splitlines() if "│" in line or "Picture" in line] == [
        line for line in first.splitlines() if "│" in line or "Picture" in line
    ]


def test_a_finished_run_of_one_test_row(files: Path, tmp_path: Path, capfd: Capture) -> None:
    """It has no standard error, and JSON no word for that."""
    few = tmp_path / "few.csv"
    few.write_text("a,b\n0,1\n1,1\n0,1\n1,0\n")
    words = ["fit", "independent", few, "--out", tmp_path / "run"]
    assert "± nan" in done(capfd, *words)
    assert "± nan" in done(capfd, *words, "--resume")


def test_resume_begins_where_there_is_nothing(files: Path, tmp_path: Path, capfd: Capture) -> None:
    """So that a job may always say it."""
    done(capfd, *fit_words(files, tmp_path / "run"), "--resume")
    assert load(tmp_path / "run").event_shape == (4, 4)


def test_a_run_from_before_an_option_had_its_default(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run = tmp_path / "run"
    words = fit_words(files, run)
    killed(5, *words)
    config = run / "config.json"
    card = json.loads(config.read_text())
    del card["card"]["options"][2]["compile"]
    config.write_text(json.dumps(card))
    assert "was fitted with compile False" in refused(capfd, *words, "--resume", "--compile")
    assert "all 6 epochs" in done(capfd, *words, "--resume")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--hidden", 5], "was fitted with hidden 4, but this fit has 5"),
        (["--learning-rate", 0.5], "was fitted with learning_rate 0.003, but this fit has 0.5"),
        (["--ordering", "zigzag"], "was fitted with ordering raster, but this fit has zigzag"),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_another_fit_is_not_resumed(
    changes: list[object], told: str, finished: bool, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run = tmp_path / "run"
    words = fit_words(files, run)
    done(capfd, *words) if finished else killed(5, *words)
    before = (run / "model.safetensors").read_bytes()
    flags = {str(word) for word in changes if str(word).startswith("--")}
    kept = [w for i, w in enumerate(words) if not ({str(w), str(words[i - 1])} & flags)]
    assert told in refused(capfd, *kept, *changes, "--resume")
    assert (run / "model.safetensors").read_bytes() == before


def test_overwrite_begins_again(files: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    killed(9, *fit_words(files, run))
    assert "expected one of them" in refused(
        capfd, *fit_words(files, run), "--overwrite", "--resume"
    )
    done(capfd, "fit", "independent", files / "images.npz", "--out", run, "--overwrite")
    assert len(curve(run)) == 1
    assert not (run / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("flag", ["--overwrite", "--resume"])
def test_a_folder_belongs_to_one_fit_at_a_time(
    flag: str, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run = tmp_path / "run"
    words = fit_words(files, run)
    done(capfd, *words)
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    with held(run):
        assert "another fit is writing to it now" in refused(capfd, *words, flag)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    done(capfd, *words, flag)  # and it is let go of


def test_two_processes_do_not_fit_into_one_folder(
    files: Path, tmp_path: Path, capfd: Capture
) -> None:
    run = tmp_path / "run"
    words = [*fit_words(files, run), "--epochs", "100000", "--patience", "100000"]
    words = [str(word) for word in words]
    first = words.index("--epochs")
    del words[first : first + 2]
    process = subprocess.Popen(
        [sys.executable, "-m", "arden", *words, "--checkpoint-seconds", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        until = time.monotonic() + 120
        while not (run / "checkpoint.safetensors").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        for flag in ("--overwrite", "--resume"):
            assert "another fit is writing to it now" in refused(capfd, *words, flag)
    finally:
        process.kill()
        process.communicate()
    code, _, err = call(capfd, *fit_words(files, run), "--overwrite")  # killed, it lets go
    assert (code, err) == (0, "")


def test_classes_condition_a_model(files: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    words = ["fit", "made", "digits", "--hidden", 16, "--epochs", 3, "--out", run]
    done(capfd, *words, "--condition", "label")
    model = load(run)
    assert model.context_size == 10
    scored = json.loads(done(capfd, "score", run, "digits", "--json"))
    assert scored["mean_log_prob"] == pytest.approx(-read_card(run)["figures"]["test_nats"])
    done(capfd, "sample", run, "-n", 2, "--label", "3", "--out", tmp_path / "threes.csv")
    assert "label: expected one of 0, 1" in refused(
        capfd, "sample", run, "-n", 2, "--out", tmp_path / "none.csv"
    )
    bits = files / "bits.csv"
    assert "condition: expected data with labels, but bits.csv has none" in refused(
        capfd, "fit", "made", bits, "--condition", "label", "--out", tmp_path / "no"
    )
    assert not (tmp_path / "no").exists()


def test_half_precision_says_what_it_costs(files: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    words = ["fit", "made", files / "images.npz", "--hidden", 16, "--epochs", 3, "--out", run]
    out = done(capfd, *words, "--precision", "bfloat16")
    figures = read_card(run)["figures"]
    cost = figures["bfloat16_nats"] - figures["test_nats"]
    assert 0 < abs(cost) < 0.05
    assert f"{figures['bfloat16_nats']:.3f} ({cost:+.4f})" in out
    done(capfd, *words, "--overwrite")
    assert read_card(run)["figures"]["bfloat16_nats"] is None
