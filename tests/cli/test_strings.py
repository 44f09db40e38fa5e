"""Strings on the command line: fitted, scored line by line, drawn, verified, compared, joined."""

from __future__ import annotations

import csv
import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import arden
from arden.data import Schema, load_data, read_rows
from arden.storage.model_files import load, read_card
from tests.cli.words import done, refused

Capture = pytest.CaptureFixture[str]
WORDS = ["".join(letters) for n in (1, 2, 3, 4) for letters in product("ab", repeat=n)][:16] * 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder of words.txt and two runs of its lines. Look, but write nothing."""
    folder = tmp_path_factory.mktemp("strings")
    (folder / "words.txt").write_text("\n".join(WORDS) + "\n\n")
    from arden.cli import main

    fits = {"gru": ["gru", "--hidden", "5", "--epochs", "2"], "chain": ["markov", "--homogeneous"]}
    for name, words in fits.items():
        options = [str(folder / "words.txt"), "--lines", "--out", str(folder / name)]
        with pytest.raises(SystemExit) as exited:
            main(["fit", words[0], *options, *words[1:]])
        assert exited.value.code == 0
    return folder


def schema_of(run: Path) -> Schema:
    """A run directory -> the schema stored with its model."""
    return Schema.from_dict(read_card(run)["schema"])


def test_lines_are_fitted(place: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    words = ["fit", "lstm", place / "words.txt", "--lines", "--out", run, "--hidden", 4]
    out = done(capfd, *words, "--epochs", 2)
    for told in (
        "nats per string ± standard error",
        "nats per symbol, the end being one",
        "bits per symbol",
        "infinitely many",
        "different, duplicates kept",
    ):
        assert told in " ".join(out.split())
    assert "test strings" in out
    model, data = load(run), load_data(place / "words.txt", lines=True)
    figures = read_card(run)["figures"]
    nats = -arden.score(model, data.test.values)
    assert figures["test_nats"] == pytest.approx(nats.mean().item(), rel=1e-5)
    symbols = data.num_scalars("test")
    assert figures["bits_per_dim"] == pytest.approx(
        nats.sum().item() / symbols / math.log(2), rel=1e-5
    )
    assert f"{nats.sum().item() / symbols:.4f}" in out
    assert figures["unit"] == "string"
    with Image.open(run / "surprise.png") as image:
        assert np.asarray(image.convert("L")).std() > 5
    again = done(capfd, *words, "--epochs", 2, "--resume", "--json")
    assert json.loads(again)["test_nats"] == figures["test_nats"]


def test_every_string_has_a_number(place: Path, tmp_path: Path, capfd: Capture) -> None:
    new = tmp_path / "new.txt"
    new.write_text("abba\n\na\n" + "ab" * 30)
    out = done(capfd, "score", place / "gru", new, "--out", tmp_path / "s.csv")
    assert "ln p of 3 strings" in out
    with (tmp_path / "s.csv").open() as file:
        header, *lines = csv.reader(file)
    assert header == ["string", "symbols", "log_prob"]
    texts = ["abba", "a", "ab" * 30]
    assert [line[:2] for line in lines] == [[text, str(len(text) + 1)] for text in texts]
    model, schema = load(place / "gru"), schema_of(place / "gru")
    expected = [arden.score(model, read_rows([text], schema).values).item() for text in texts]
    assert [float(line[2]) for line in lines] == pytest.approx(expected, abs=1e-4)
    found = json.loads(done(capfd, "score", place / "gru", new, "--json"))
    assert (found["strings"], found["symbols"]) == (3, 5 + 2 + 61)
    assert found["mean_log_prob"] == pytest.approx(sum(expected) / 3, rel=1e-5)
    assert found["nats_per_symbol"] == pytest.approx(-sum(expected) / 68, rel=1e-5)
    assert found["bits_per_symbol"] == pytest.approx(-sum(expected) / 68 / math.log(2), rel=1e-5)
    words = ["score", place / "gru", new, "--unit", "bits_per_dim", "--batch-size", 1]
    done(capfd, *words, "--out", tmp_path / "s.npz", "--picture", tmp_path / "s.png")
    with np.load(tmp_path / "s.npz") as arrays:
        assert arrays["symbols"].tolist() == [5, 2, 61]
        bits = -np.array(expected) / np.array([5, 2, 61]) / math.log(2)
        assert arrays["bits_per_dim"].tolist() == pytest.approx(bits.tolist(), abs=1e-5)
    with Image.open(tmp_path / "s.png") as image:
        assert min(image.size) > 200


def test_what_cannot_be_scored_or_fitted(place: Path, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "x.txt").write_text("ab\nbä\n")
    told = refused(capfd, "score", place / "gru", tmp_path / "x.txt")
    assert "x.txt: line 2, column 2 (counted from 1) holds 'ä'" in told
    (tmp_path / "x.txt").write_text("\n\n")
    told = refused(capfd, "score", place / "gru", tmp_path / "x.txt")
    assert "expected at least one line that is not empty" in told
    assert "expected strings with 3 levels, got shape" in refused(
        capfd, "score", place / "gru", "digits"
    )
    words = [place / "words.txt", "--lines", "--out", tmp_path / "run"]
    told = refused(capfd, "fit", "nade", *words)
    assert told == "data: nade needs events of one fixed length, but words.txt holds strings"
    assert "homogeneous: expected true" in refused(capfd, "fit", "markov", *words)
    told = refused(capfd, "fit", "gru", *words, "--ordering", "zigzag")
    assert "expected raster, got zigzag" in told
    told = refused(capfd, "fit", "gru", *words, "--window", 4)
    assert "window cannot be given for strings, which are modelled whole" in told
    told = refused(capfd, "fit", "gru", "digits", "--lines", "--out", tmp_path / "run")
    assert "lines cannot be given for the named set" in told
    assert not (tmp_path / "run").exists()


def test_strings_are_drawn_line_by_line(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["sample", place / "gru", "--seed", 4, "-n", 20]
    out = done(capfd, *words, "--out", tmp_path / "x.txt")
    assert "had not ended" not in out
    schema = schema_of(place / "gru")
    drawn = arden.sample(load(place / "gru"), 20, seed=4, max_steps=16 * schema.num_variables)
    texts = ["".join(schema.symbols[s] for s in row).split("\n")[0] for row in drawn.tolist()]
    assert (tmp_path / "x.txt").read_text() == "".join(f"{text}\n" for text in texts)
    done(capfd, *words, "--out", tmp_path / "x.csv")
    with (tmp_path / "x.csv").open() as file:
        assert list(csv.reader(file)) == [["string", "ended"], *([text, "1"] for text in texts)]
    done(capfd, *words, "--out", tmp_path / "x.npz")
    assert np.array_equal(np.load(tmp_path / "x.npz")["x"], drawn.numpy())
    done(capfd, "score", place / "gru", tmp_path / "x.npz")  # draws can be scored as they are
    told = refused(capfd, *words, "--out", tmp_path / "x.png")
    assert "out: expected .txt, .csv or .npz for strings, got .png" in told
    told = refused(capfd, *words, "--out", tmp_path / "x.gif")
    assert "ending in .png, .npz, .csv, .txt, .wav, .parquet, got" in told


def test_strings_that_did_not_end_are_told(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["sample", place / "gru", "--seed", 4, "-n", 50, "--longest", 2, "--out"]
    out = done(capfd, *words, tmp_path / "x.txt")
    lines = (tmp_path / "x.txt").read_text().splitlines()
    cut = [line for line in lines if line.endswith("…")]
    assert 0 < len(cut) < 50
    assert {len(line) for line in cut} == {3}
    assert f"{len(cut)} of 50 strings had not ended after 2 symbols" in out
    done(capfd, *words, tmp_path / "x.csv")
    with (tmp_path / "x.csv").open() as file:
        assert sum(row["ended"] == "0" for row in csv.DictReader(file)) == len(cut)
    told = refused(capfd, "sample", place / "gru", "--longest", 0, "--out", tmp_path / "y.txt")
    assert "longest: expected at least 1, got 0" in told


def test_longest_is_for_strings(run: Path, tmp_path: Path, capfd: Capture) -> None:
    told = refused(capfd, "sample", run, "--longest", 9, "--out", tmp_path / "x.csv")
    assert "longest: expected none" in told


def test_a_run_of_strings_is_verified(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["verify", place / "gru", "--data", place / "words.txt"]
    out = done(capfd, *words, "--picture", tmp_path / "p.png")
    assert "All strings of up to" in out
    assert "Every check passed" in out
    assert (tmp_path / "p.png").is_file()


def test_runs_of_strings_are_compared_and_joined(
    place: Path, tmp_path: Path, capfd: Capture
) -> None:
    runs, words = [place / "chain", place / "gru"], place / "words.txt"
    out = done(capfd, "compare", *runs, words, "--picture", tmp_path / "c.png")
    assert "Nats per string" in out
    assert "the same 32 strings of" in " ".join(out.split())
    found = json.loads(done(capfd, "compare", *runs, words, "--json"))
    rows = read_rows(words, schema_of(place / "gru")).values
    means = [arden.score(load(run), rows).mean().item() for run in runs]
    assert [told["mean_log_prob"] for told in found["runs"]] == pytest.approx(means, rel=1e-6)
    assert found["unit"] == "nats per string"
    out = done(capfd, "ensemble", *runs, "--data", words, "--out", tmp_path / "e")
    assert "test strings" in out
    assert read_card(tmp_path / "e")["figures"]["unit"] == "string"
    assert done(capfd, "sample", tmp_path / "e", "-n", 3, "--seed", 0).count("\n") >= 4


def test_a_source_of_strings_is_described(place: Path, capfd: Capture) -> None:
    found = json.loads(done(capfd, "data", place / "words.txt", "--lines", "--json"))
    assert (found["kind"], found["levels"]) == ("strings", 3)
    assert found["train"] + found["valid"] + found["test"] == 32
    assert "1 empty line dropped" in found["protocol"]
    assert "names" in json.loads(done(capfd, "data", "--json"))


def test_classes_of_strings(tmp_path: Path, capfd: Capture) -> None:
    for label, letter in (("low", "a"), ("high", "z")):
        (tmp_path / "data" / label).mkdir(parents=True)
        lines = [letter * n + "-" * (n % 3) for n in range(1, 20)]
        (tmp_path / "data" / label / "x.txt").write_text("\n".join(lines))
    words = ["fit", "gru", tmp_path / "data", "--lines", "--condition", "label", "--hidden", 6]
    run = tmp_path / "run"
    done(capfd, *words, "--epochs", 15, "--out", run)
    rows = read_rows(tmp_path / "data", schema_of(run))
    assert rows.labels is not None
    model = load(run)
    right, wrong = (
        arden.score(model, rows.values, torch.nn.functional.one_hot(labels, 2).float()).mean()
        for labels in (rows.labels, 1 - rows.labels)
    )
    assert right > wrong + 1
    found = json.loads(done(capfd, "score", run, tmp_path / "data", "--json"))
    assert found["mean_log_prob"] == pytest.approx(right.item(), rel=1e-5)
    done(capfd, "sample", run, "-n", 5, "--label", "low", "--out", tmp_path / "x.txt")
