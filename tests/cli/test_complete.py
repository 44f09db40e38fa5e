"""`arden complete`: rows filled in, written as they came, and told whether exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import arden
from arden.data import load_data
from arden.orderings.until_end import UntilEnd
from arden.storage.model_files import load, save
from tests.cli.words import done, refused
from tests.training.toys import fresh

Capture = pytest.CaptureFixture[str]


def saved(name: str, data: arden.data.Dataset, folder: Path, context_size: int = 0) -> Path:
    """A system, its data, a folder -> the run of an untrained model."""
    model = fresh(name, data, context_size)
    return save(model, folder / name, card={"schema": data.schema.to_dict()})


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """() -> runs of an any-order and of a fixed-order system on the digits. Look, do not write."""
    folder, data = tmp_path_factory.mktemp("runs"), load_data("digits")
    return {name: saved(name, data, folder) for name in ("orderless-nade", "nade")}


def test_every_mask_is_exact_with_an_any_order_system(
    digits: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    words = ["complete", digits["orderless-nade"], "digits", "--mask", "random:0.5", "-n", 3]
    picture = tmp_path / "x.png"
    out = done(
        capfd, *words, "--rows", 5, "--seed", 1, "--out", tmp_path / "x.npz", "--picture", picture
    )
    told = " ".join(out.split())
    assert "160 values of 5 rows filled in, 3 times each." in told
    assert "Exact: each is an independent draw from p(missing | observed)" in told
    assert "the joint that visits the observed first, then the rest, each in raster order" in told
    found = np.load(tmp_path / "x.npz")
    x = load_data("digits").test.values[:5].numpy()
    assert found["x"].shape == (5, 3, 8, 8)
    assert found["x"].dtype == np.uint8
    known = found["observed"]
    assert (known.reshape(5, -1).sum(axis=1) == 32).all()
    assert (found["x"][:, 1][known] == x[known]).all()
    assert found["exact"].all()
    assert np.isinf(found["effective_sample_size"]).all()
    observed = torch.from_numpy(known)
    again = arden.complete(load(digits["orderless-nade"]), torch.from_numpy(x), observed)
    assert np.allclose(found["log_observed"], again.log_observed)
    with Image.open(picture) as image:
        assert image.size[0] > 500
    other = done(capfd, *words, "--rows", 5, "--seed", 1, "--out", tmp_path / "y.npz")
    assert "Exact" in other
    assert np.array_equal(np.load(tmp_path / "y.npz")["x"], found["x"])


def test_late_evidence_is_told(digits: dict[str, Path], tmp_path: Path, capfd: Capture) -> None:
    words = ["complete", digits["nade"], "digits", "--rows", 3, "--candidates", 20, "--seed", 0]
    out = done(capfd, *words, "--mask", "upper-half", "--out", tmp_path / "x.npy")
    told = " ".join(out.split())
    assert "Not exact in 3 of 3 rows" in told
    assert "in the joint in raster order. Of each such row 20 candidates were weighed" in told
    assert np.load(tmp_path / "x.npy").shape == (3, 8, 8)
    picture = tmp_path / "x.png"
    told = json.loads(
        done(capfd, *words, "--mask", "upper-half", "--out", picture, "-n", 2, "--json")
    )
    assert (told["exact"], told["exact_rows"], told["rows"], told["completions"]) == (
        False,
        0,
        3,
        2,
    )
    assert 1 <= told["least_effective_sample_size"] <= told["median_effective_sample_size"] <= 20
    assert picture.exists()
    told = json.loads(
        done(capfd, *words, "--mask", "lower-half", "--out", tmp_path / "y.csv", "--json")
    )
    assert (told["exact"], told["exact_rows"]) == (True, 3)
    assert told["least_effective_sample_size"] is None


def test_greedy_and_a_mask_from_a_file(
    digits: dict[str, Path], tmp_path: Path, capfd: Capture
) -> None:
    hidden = np.zeros((8, 8), dtype=bool)
    hidden[5:, 2:] = True
    np.save(tmp_path / "mask.npy", hidden)
    words = ["complete", digits["orderless-nade"], "digits:valid", "--mask", tmp_path / "mask.npy"]
    out = done(capfd, *words, "--greedy", "--rows", 2, "--out", tmp_path / "x.csv")
    assert "Exact: each is the most likely value at every step" in " ".join(out.split())
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == ",".join(f"x{place}" for place in range(64))
    cells = np.array([line.split(",") for line in lines[1:]], dtype=int).reshape(2, 8, 8)
    x = load_data("digits").valid.values[:2].numpy()
    assert (cells[:, ~hidden] == x[:, ~hidden]).all()


def test_a_table_comes_back_as_a_table(files: Path, tmp_path: Path, capfd: Capture) -> None:
    data = load_data(files / "bits.csv")
    run = saved("orderless-nade", data, tmp_path)
    words = ["complete", run, files / "bits.csv", "--mask", "columns:b"]
    done(capfd, *words, "--out", tmp_path / "x.csv")
    was = np.loadtxt(files / "bits.csv", delimiter=",", skiprows=1)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "a,b,c"
    now = np.array([line.split(",") for line in lines[1:]], dtype=float)
    assert np.array_equal(now[:, [0, 2]], was[:, [0, 2]])
    assert set(now[:, 1]) <= {0.0, 1.0}
    done(capfd, *words, "-n", 2, "--out", tmp_path / "two.csv")
    lines = (tmp_path / "two.csv").read_text().splitlines()
    assert lines[0] == "a,b,c,row"
    assert [line.rpartition(",")[2] for line in lines[1:5]] == ["0", "0", "1", "1"]


def test_strings_and_texts(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "names.txt").write_text("anna\nbob\nada\n" * 30)
    data = load_data(tmp_path / "names.txt", lines=True)
    run = saved("gru", data, tmp_path)
    words = ["complete", run, tmp_path / "names.txt", "--rows", 4, "--seed", 0]
    out = done(capfd, *words, "--mask", "after:2", "-n", 3, "--out", tmp_path / "x.txt")
    assert "Exact" in out
    lines = (tmp_path / "x.txt").read_text().splitlines()
    assert len(lines) == 12
    begun = [line[:2] for line in (tmp_path / "names.txt").read_text().splitlines()[:4]]
    assert [line[:2] for line in lines[::3]] == begun
    out = done(capfd, *words, "--mask", "random:0.4", "--out", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text().splitlines()[0] == "string"
    (tmp_path / "text.txt").write_text("a rose is a rose is a rose. " * 30)
    text = load_data(tmp_path / "text.txt", window=12, stride=4)
    run = saved("lstm", text, tmp_path)
    words = ["complete", run, tmp_path / "text.txt", "--mask", "after:6", "--rows", 3, "-n", 2]
    out = done(capfd, *words, "--out", tmp_path / "y.txt")
    assert "Exact" in out
    pieces = (tmp_path / "y.txt").read_text().split("\n" + "-" * 16 + "\n")
    assert [len(piece) for piece in pieces] == [12] * 6
    assert pieces[0][:6] == pieces[1][:6] == "a rose"


def test_hidden_ends_leave_the_length_open(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "names.txt").write_text("a\nbob\nada\nbo\n" * 30)
    data = load_data(tmp_path / "names.txt", lines=True)
    run = saved("gru", data, tmp_path)
    words = ["complete", run, tmp_path / "names.txt", "--mask", "after:1", "-n", 200, "--rows", 2]
    done(capfd, *words, "--seed", 0, "--longest", 9, "--out", tmp_path / "x.npy")
    found = torch.from_numpy(np.load(tmp_path / "x.npy"))
    assert data.schema.end is not None
    lengths = UntilEnd(data.schema.end).valid(found.flatten(0, 1)).sum(dim=1)
    assert len(lengths.unique()) > 3  # the end of the shorter one was not taken for known


def test_classes_come_from_the_data_or_from_the_label(tmp_path: Path, capfd: Capture) -> None:
    data = load_data("digits")
    run = saved("orderless-nade", data, tmp_path, context_size=10)
    words = ["complete", run, "digits", "--mask", "lower-half", "--rows", 2, "--seed", 0]
    done(capfd, *words, "--out", tmp_path / "x.npy")
    done(capfd, *words, "--label", "3", "--out", tmp_path / "y.npy")
    told = refused(capfd, *words, "--label", "ten", "--out", tmp_path / "z.npy")
    assert "label: expected one of 0, 1" in told


def test_what_is_refused(
    digits: dict[str, Path], files: Path, tmp_path: Path, capfd: Capture
) -> None:
    nade, x = digits["nade"], tmp_path / "x.npz"
    words = ["complete", nade, "digits", "--out", x]
    assert "nothing is missing in digits; say with --mask" in refused(capfd, *words)
    assert "mask: expected one of lower-half" in refused(capfd, *words, "--mask", "lower")
    assert "number: expected at least 1" in refused(capfd, *words, "-n", 0)
    assert "rows: expected at least 1" in refused(capfd, *words, "--rows", 0)
    greedy = [*words, "--mask", "upper-half", "--greedy"]
    assert "would not be heeded" in refused(capfd, *greedy)
    assert "longest: expected none" in refused(capfd, *words, "--longest", 4)
    told = refused(capfd, "complete", nade, "digits", "--out", tmp_path / "x.txt")
    assert "out: expected .npz, .npy, .csv, .png for image rows, got .txt" in told
    assert list(tmp_path.iterdir()) == []
    x.write_bytes(b"mine")
    told = refused(capfd, *words, "--mask", "lower-half")
    assert "exists already; say --overwrite" in told
    assert x.read_bytes() == b"mine"
    table = saved("nade", load_data(files / "bits.csv"), tmp_path)
    told = refused(
        capfd, "complete", table, files / "bits.csv", "--out", tmp_path / "y.csv",
        "--picture", tmp_path / "y.png",
    )  # fmt: skip
    assert "picture: expected a model of images, got one of table rows" in told
