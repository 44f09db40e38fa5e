"""`arden score`, `arden sample`, `arden data`, `arden models`: what they print and write."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import arden
from arden.data import DATASETS, read_rows
from arden.data.schema import Schema
from arden.storage.model_files import load, read_card, save
from arden.systems import SYSTEMS
from tests.cli.words import done, refused
from tests.core.models import shake
from tests.training.toys import bits, fresh, one_hot

Capture = pytest.CaptureFixture[str]


def rows_of(run: Path, data: object) -> torch.Tensor:
    """A run, a file -> its rows as the run's model takes them."""
    return read_rows(data, Schema.from_dict(read_card(run)["schema"])).values


def test_scores_go_to_a_table_json_and_files(
    files: Path, run: Path, tmp_path: Path, capfd: Capture
) -> None:
    data = files / "bits.csv"
    expected = arden.score(load(run), rows_of(run, data))
    table = done(capfd, "score", run, data)
    assert "log_prob of 60 rows (nats)" in table
    assert f"{expected.mean().item():.4f}" in table
    for name in ("x.csv", "x.npz"):
        out = done(capfd, "score", run, data, "--out", tmp_path / name)
        assert f"Written: {tmp_path / name}\n" in out
    with (tmp_path / "x.csv").open() as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["log_prob"]
    assert [float(line[0]) for line in lines[1:]] == expected.tolist()  # every digit
    assert np.load(tmp_path / "x.npz")["log_prob"].tolist() == expected.tolist()
    summary = json.loads(done(capfd, "score", run, data, "--json"))
    assert summary["rows"] == 60
    assert summary["mean_log_prob"] == pytest.approx(expected.mean().item())
    assert summary["least_log_prob"] == expected.min().item()
    assert summary["most_log_prob"] == expected.max().item()
    error = expected.std().item() / math.sqrt(60)
    assert summary["standard_error"] == pytest.approx(error)
    out = done(capfd, "score", run, data, "--json", "--batch-size", 7)
    assert json.loads(out)["mean_log_prob"] == pytest.approx(summary["mean_log_prob"], rel=1e-6)


def test_bits_per_dim(files: Path, run: Path, capfd: Capture) -> None:
    words = ["score", run, files / "bits.csv", "--json"]
    nats = json.loads(done(capfd, *words))
    bits_per_dim = json.loads(done(capfd, *words, "--unit", "bits_per_dim"))
    expected = -nats["mean_log_prob"] / 3 / math.log(2)
    assert bits_per_dim["mean_bits_per_dim"] == pytest.approx(expected)
    assert bits_per_dim["standard_error"] > 0


def test_one_row_has_no_standard_error_and_json_no_nan(
    files: Path, run: Path, capfd: Capture
) -> None:
    out = done(capfd, "score", run, files / "one.csv", "--json")
    assert json.loads(out, parse_constant=pytest.fail)["standard_error"] is None


def test_files_are_replaced_only_when_told(
    files: Path, run: Path, tmp_path: Path, capfd: Capture
) -> None:
    (tmp_path / "x.csv").write_text("mine")
    words = ["score", run, files / "bits.csv", "--out", tmp_path / "x.csv"]
    assert "exists already; say --overwrite" in refused(capfd, *words)
    assert (tmp_path / "x.csv").read_text() == "mine"
    done(capfd, *words, "--overwrite")
    assert (tmp_path / "x.csv").read_text().startswith("log_prob\n")


def test_pictures_of_images(files: Path, picture_run: Path, tmp_path: Path, capfd: Capture) -> None:
    surprise, grid = tmp_path / "surprise.png", tmp_path / "grid.png"
    done(capfd, "score", picture_run, files / "images.npz", "--picture", surprise)
    done(capfd, "sample", picture_run, "-n", 9, "--out", grid)
    for path in (surprise, grid):
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 50


def test_named_splits(capfd: Capture, tmp_path: Path) -> None:
    done(capfd, "fit", "independent", "digits", "--out", tmp_path / "run")
    figures = read_card(tmp_path / "run")["figures"]
    words = ["score", tmp_path / "run", "digits", "--json"]
    test = json.loads(done(capfd, *words))
    assert test["rows"] == 360
    assert test["mean_log_prob"] == pytest.approx(-figures["test_nats"])
    assert json.loads(done(capfd, *words, "--split", "valid"))["rows"] == 180
    words[2] = "digits:train"
    assert json.loads(done(capfd, *words))["rows"] == 1257


def test_samples_follow_their_seed(run: Path, tmp_path: Path, capfd: Capture) -> None:
    paths = [tmp_path / f"{number}.csv" for number in range(5)]
    for path, words in zip(
        paths, (["--seed", 1], ["--seed", 1], ["--seed", 2], [], []), strict=True
    ):
        out = done(capfd, "sample", run, "-n", 40, "--out", path, *words)
        assert out == f"Written: {path}\n"
    first, again, other, free, freer = [path.read_text() for path in paths]
    assert first == again
    assert len({first, other, free, freer}) == 4
    lines = first.splitlines()
    assert lines[0] == "a,b,c"
    expected = arden.sample(load(run), 40, seed=1)
    assert [[int(cell) for cell in line.split(",")] for line in lines[1:]] == expected.tolist()
    # What was drawn can be scored: the column names are those of the model.
    code_free = json.loads(done(capfd, "score", run, paths[0], "--json"))
    assert code_free["rows"] == 40


def test_samples_as_arrays(picture_run: Path, tmp_path: Path, capfd: Capture) -> None:
    done(capfd, "sample", picture_run, "--number", 5, "--seed", 0, "--out", tmp_path / "x.npz")
    x = np.load(tmp_path / "x.npz")["x"]
    assert (x.shape, x.dtype) == ((5, 4, 4), np.uint8)
    assert x.tolist() == arden.sample(load(picture_run), 5, seed=0).tolist()
    done(capfd, "sample", picture_run, "-n", 2, "--out", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text().startswith("x0,x1,x2,")


def test_classes(tmp_path: Path, capfd: Capture) -> None:
    data = bits()
    model = fresh("nade", data, context_size=2)
    shake(model, 2.0)
    run = save(model, tmp_path / "run", card={"schema": data.schema.to_dict()})
    assert "label: expected one of even, odd, got None" in refused(capfd, "sample", run)
    assert "label: expected one of even, odd, got od" in refused(
        capfd, "sample", run, "--label", "od"
    )
    done(capfd, "sample", run, "-n", 20, "--seed", 0, "--label", "odd", "--out", tmp_path / "x.npz")
    context = one_hot(torch.ones(20, dtype=torch.int64))
    expected = arden.sample(model, 20, seed=0, context=context)
    assert np.load(tmp_path / "x.npz")["x"].tolist() == expected.tolist()
    np.savez(tmp_path / "rows.npz", x=data.test.values.numpy(), y=np.array(["even", "odd"] * 15))
    summary = json.loads(done(capfd, "score", run, tmp_path / "rows.npz", "--json"))
    context = one_hot(torch.arange(30) % 2)
    nats = arden.score(model, data.test.values, context)
    assert summary["mean_log_prob"] == pytest.approx(nats.mean().item())
    np.savez(tmp_path / "rows.npz", x=data.test.values.numpy())
    told = refused(capfd, "score", run, tmp_path / "rows.npz")
    assert "expected labels for a model of 2 classes, got none" in told


def test_the_lists(files: Path, capfd: Capture) -> None:
    systems = json.loads(done(capfd, "models", "--json"))
    assert list(systems) == list(SYSTEMS)
    assert systems["nade"]["title"] == SYSTEMS["nade"].title
    table = done(capfd, "models")
    assert all(name in table for name in SYSTEMS)
    told = done(capfd, "models", "made", "vae")
    assert "arden fit made --help" in told
    assert SYSTEMS["vae"].title.split(":")[0] in told
    assert SYSTEMS["nade"].title not in told
    assert list(json.loads(done(capfd, "models", "vae", "--json"))) == ["vae"]
    assert set(json.loads(done(capfd, "data", "--json"))) == set(DATASETS)
    table = done(capfd, "data")
    assert all(name in table for name in DATASETS)
    found = json.loads(done(capfd, "data", files / "bits.csv", "--json"))
    assert (found["event_shape"], found["levels"]) == ([3], 2)
    assert (found["train"], found["valid"], found["test"]) == (48, 6, 6)
    assert "bits.csv" in done(capfd, "data", files / "bits.csv")
