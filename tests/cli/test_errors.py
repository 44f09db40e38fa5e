"""Whatever a new user may get wrong is told in one line, with a suggestion where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.words import call, refused

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fti"], 'Did you mean "fit"?'),
        (["fit", "nad", "digits"], 'Did you mean "nade"?'),
        (["fit", "glow", "digits"], "Available commands: independent, markov, table,"),
        (["fit", "nade"], "parameter DATA requires an argument"),
        (["fit", "nade", "digits", "more"], "more"),
        (["fit", "nade", "digits", "--hiden", "3"], "Did you mean --hidden?"),
        (["fit", "nade", "digits", "--hidden"], "--hidden"),
        (["fit", "nade", "digits", "--hidden", "many"], "expected a whole number, got 'many'"),
        (["fit", "nade", "digits", "--hidden", "2.5"], "expected a whole number, got '2.5'"),
        (["fit", "nade", "digits", "--seed", "1.5"], "expected a whole number, got '1.5'"),
        (
            ["fit", "made", "digits", "--hidden", "4", "--hidden", "5.5"],
            "a whole number, got '5.5'",
        ),
        (["fit", "fvsbn", "digits", "--window", "2.5"], "expected a whole number, got '2.5'"),
        (["fit", "nade", "digits", "--ordering-seed", "2.5"], "a whole number, got '2.5'"),
        (["sample", "/nowhere", "--seed", "2.5"], "expected a whole number, got '2.5'"),
        (["sample", "/nowhere", "-n", "2.5"], "expected a whole number, got '2.5'"),
        (["verify", "/nowhere", "--seed", "2.5"], "expected a whole number, got '2.5'"),
        (["score", "/nowhere", "x", "--batch-size", "2.5"], "a whole number, got '2.5'"),
        (["fit", "nade", "digits", "--hidden", "0"], "hidden: expected at least 1, got 0"),
        (["fit", "nade", "digits", "--ordering", "zigag"], 'Did you mean "zigzag"?'),
        (["fit", "nade", "digits", "--learning-rate", "0"], "learning_rate: expected a positive"),
        (["fit", "nade", "digits", "--learning-rate", "nan"], "learning_rate: expected a positive"),
        (["fit", "nade", "digits", "--batch-size", "0"], "batch_size: expected a number ≥ 1"),
        (["fit", "nade", "digits", "--device", "tpu"], "device: expected auto, cpu or cuda"),
        (["fit", "nade", "digits", "--ordering", "given"], "steps: expected the 64 variables'"),
        (["fit", "made", "digits", "--mask", "1"], "Unknown option: --mask"),
        (["fit", "made", "digits", "--hidden", "0"], "hidden: expected widths of at least 1"),
        (["fit", "markov", "digits", "--memory", "40"], "expected at most 1,048,576"),
        (["fit", "nade", "dgits"], 'Did you mean "digits"?'),
        (["fit", "nade", "mnist", "--data-dir", "/nowhere"], "mnist.npz"),
        (["score"], "requires an argument"),
        (["score", "/nowhere", "digits"], "no such folder; expected one written by arden fit"),
        (["sample", "/nowhere"], "no such folder"),
        (["verify", "/nowhere"], "no such folder"),
        (["data", "dgits"], 'Did you mean "digits"?'),
        (["models", "--jsn"], "Did you mean --json?"),
        (["models", "nad"], "got 'nad'; arden models lists them. Did you mean \"nade\"?"),
        (["verify", "run", "digits", "7"], "expected nothing more, got 'digits 7'"),
        (["--vers"], "Unknown"),
        (["fit", "nade", "digits", "--config"], "--config: expected a TOML file"),
    ],
)
def test_wrong_words(
    words: list[str],
    told: str,
    capfd: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # nothing of this may write anything, wherever it is called
    assert told in refused(capfd, *words)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.csv", "nothing.csv: there is no such file"),
        ("bit.csv", 'Did you mean "bits.csv"?'),
        ("slip.csv", 'line 3, column 2 ("b") holds "yes", but 19 of the 20 known cells of this'),
        ("infinite.csv", 'line 2, column 1 ("a") holds "inf"; expected a finite number.'),
        ("ragged.csv", "line 2 has 2 fields; expected 3"),
        ("empty.csv", "expected rows of numbers, got an empty file"),
        ("one.csv", "at least 3 rows are needed"),
        ("prices.xlsx", "expected a file ending in .csv, .npy, .npz"),
        (".", "expected a file, got a folder"),
    ],
)
def test_files_that_cannot_be_fitted(
    name: str, told: str, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    assert told in refused(capfd, "fit", "nade", files / name, "--out", tmp_path / "run")
    assert told in refused(capfd, "data", files / name)
    assert not (tmp_path / "run").exists()


def test_systems_say_which_values_they_take(files: Path, tmp_path: Path, capfd: Capture) -> None:
    for name in ("markov", "table"):
        told = refused(capfd, "fit", name, files / "reals.csv", "--out", tmp_path / "run")
        assert f"{name} takes discrete values, but reals.csv holds real ones" in told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.csv", "there is no such file"),
        ("text.csv", 'line 3, column 2 ("b") (counted from 1) holds "yes"; expected 0 or 1.'),
        ("outside.csv", 'line 3, column 3 ("c") (counted from 1) holds 2; expected 0 or 1.'),
        ("narrow.csv", 'lacks the column "c"'),
        ("renamed.csv", 'lacks the column "c". Did you mean "cc"?'),
        ("reals.csv", 'lacks the column "a"'),
        ("images.npz", "expected shape (N, 3), got (60, 4, 4)"),
        ("bits.csv:valid", "there is no split"),
        ("digits", "expected events of shape (3,) with 2 levels, got shape (8, 8)"),
    ],
)
def test_rows_that_cannot_be_scored(
    name: str, told: str, files: Path, run: Path, capfd: Capture
) -> None:
    source = name if name == "digits" else files / name
    assert told in refused(capfd, "score", run, source)
    assert told in refused(capfd, "verify", run, "--data", source)


def test_options_of_a_score(files: Path, run: Path, capfd: Capture) -> None:
    words = ["score", run, files / "bits.csv"]
    assert "batch_size: expected at least 1" in refused(capfd, *words, "--batch-size", 0)
    assert 'Did you mean "nats"?' in refused(capfd, *words, "--unit", "nat")
    assert "no splits, only rows" in refused(capfd, *words, "--split", "valid")
    assert "device: expected auto, cpu or cuda" in refused(capfd, *words, "--device", "tpu")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--out", "x.doc"],
            "out: expected a name ending in .png, .npz, .csv, .txt, .wav, .parquet, got",
        ),
        (["--out", "x.xls"], "out: expected a name ending in"),
        (["--out", "x.txt"], "out: expected .csv or .npz for table rows, got .txt"),
        (["--out", "x"], "out: expected a name ending in"),
        (["--out", "x.png"], "out: expected .csv or .npz for table rows, got .png"),
        (["--out", "nowhere/x.csv"], "nowhere/x.csv: its folder does not exist"),
        (["--out", "file/x.csv"], "file/x.csv: its folder does not exist"),
        (["--out", "folder.csv"], "folder.csv: expected a file, but a folder has this name"),
        (["--out", "taken.csv"], "taken.csv: exists already; say --overwrite to replace it"),
        (["-n", "0"], "num_samples: expected at least 1, got 0"),
        (["-n", "few"], "expected a whole number, got 'few'"),
        (["--label", "3"], "label: this model was not fitted with classes; expected none"),
    ],
)
def test_samples_that_cannot_be_written(
    words: list[str],
    told: str,
    run: Path,
    tmp_path: Path,
    capfd: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "taken.csv").write_text("mine")
    assert told in refused(capfd, "sample", run, *words)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.csv", "taken.csv"]
    assert (tmp_path / "taken.csv").read_text() == "mine"


def test_pictures_of_tables(files: Path, run: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["score", run, files / "bits.csv", "--out", tmp_path / "x.csv"]
    told = refused(capfd, *words, "--picture", tmp_path / "x.png")
    assert "picture: expected a model of images, got one of table rows" in told
    told = refused(capfd, *words, "--picture", tmp_path / "x.jpg")
    assert "expected a name ending in .png" in told
    assert os.listdir(tmp_path) == []


def test_a_model_without_a_schema(tmp_path: Path, capfd: Capture, files: Path) -> None:
    from arden.storage.model_files import save
    from tests.training.toys import bits, fresh

    for number, card in enumerate([{}, [1], {"schema": 3}, {"schema": {"kind": "image"}}]):
        folder = save(fresh("nade", bits()), tmp_path / str(number), card=card)
        told = refused(capfd, "score", folder, files / "bits.csv")
        assert "the model was saved without a schema of its rows" in told


def test_a_mistake_of_our_own_keeps_its_traceback(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import arden.cli.models as command

    monkeypatch.setattr(command, "SYSTEMS", None)
    with pytest.raises((AttributeError, TypeError)):
        call(capfd, "models")
