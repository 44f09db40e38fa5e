"""`arden classify`: classes and figures of rows, strings, texts and sounds, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import arden
from arden.cli.outputs import write_columns
from arden.core.model import AutoregressiveModel
from arden.data import Schema, load_data, read_rows
from arden.data.readers.wav_file import wav_bytes
from arden.data.reading import read_windows
from arden.storage.model_files import read_card
from arden.tasks.classify import class_log_probs, classify
from tests.cli.words import done, refused

Capture = pytest.CaptureFixture[str]
QUICK = ("--epochs", 3)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> an archive of small images, bright ones and dark ones."""
    source, path = np.random.default_rng(1), tmp_path_factory.mktemp("classify") / "images.npz"
    bright = np.arange(90) % 3 > 0
    likely = np.where(bright, 0.8, 0.3)[:, None, None]
    x = (source.random((90, 3, 4)) < likely).astype(np.uint8)
    np.savez(path, x=x, y=np.where(bright, "bright", "dark"))
    return path


@pytest.fixture(scope="module")
def image_run(images: Path) -> Path:
    """() -> a run of those images given their class."""
    run, data = images.with_name("run"), load_data(images)
    model = arden.fit("fvsbn", data, condition="label", epochs=20, progress=False)
    return arden.save(model, run, card={"system": "fvsbn", "schema": data.schema.to_dict()})


def rows_of(path: Path) -> list[dict[str, str]]:
    """A .csv -> its lines by name."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_classes_are_written_and_judged(
    image_run: Path, images: Path, tmp_path: Path, capfd: Capture
) -> None:
    model, x = arden.load(image_run), read_rows(images, Schema("image", (3, 4), 2))
    assert isinstance(model, AutoregressiveModel)
    expected = classify(model, x.values).numpy()
    names = np.array(["bright", "dark"])[expected.argmax(axis=1)]
    out = done(capfd, "classify", image_run, images, "--out", tmp_path / "x.csv")
    lines = rows_of(tmp_path / "x.csv")
    assert list(lines[0]) == ["class", "log_p_bright", "log_p_dark"]
    assert [line["class"] for line in lines] == names.tolist()
    found = [[float(line["log_p_bright"]), float(line["log_p_dark"])] for line in lines]
    assert np.allclose(found, expected)
    truth = np.load(images)["y"]
    right = (truth == names).mean()
    assert f"{100 * right:.2f} ±" in out
    assert right > 0.9
    done(capfd, "classify", image_run, images, "--out", tmp_path / "x.npz")
    kept = np.load(tmp_path / "x.npz")
    assert np.allclose(kept["log_posterior"], expected)
    assert (kept["class"] == names).all()
    assert kept["classes"].tolist() == ["bright", "dark"]
    told = json.loads(done(capfd, "classify", image_run, images, "--json"))
    assert told["accuracy"] == pytest.approx(right)
    assert told["found"] == {
        "bright": int((names == "bright").sum()),
        "dark": 90 - sum(names == "bright"),
    }


def test_a_prior_is_taken_and_changes_what_is_found(
    image_run: Path, images: Path, capfd: Capture
) -> None:
    def found(*words: object) -> int:
        told = json.loads(done(capfd, "classify", image_run, images, "--json", *words))
        return int(told["found"]["bright"])

    assert found("--prior", "1,1e9") == 0
    assert found("--prior", "1e9,1") == 90
    trained, uniform = (
        json.loads(done(capfd, "classify", image_run, images, "--json", "--prior", name))
        for name in ("training", "uniform")
    )
    assert trained["log_loss"] != uniform["log_loss"]
    assert "expected 2 non-negative weights" in refused(
        capfd, "classify", image_run, images, "--prior", "1,2,3"
    )
    assert "prior: expected training, uniform or 2 weights" in refused(
        capfd, "classify", image_run, images, "--prior", "even"
    )


def test_without_labels_classes_are_only_counted(
    image_run: Path, images: Path, tmp_path: Path, capfd: Capture
) -> None:
    np.savez(tmp_path / "bare.npz", x=np.load(images)["x"])
    out = done(capfd, "classify", image_run, tmp_path / "bare.npz")
    assert "taken for bright" in out
    assert "right" not in out.replace("bright", "")
    words = ["classify", image_run, tmp_path / "bare.npz", "--picture", tmp_path / "c.png"]
    assert "expected data whose classes are known" in refused(capfd, *words)


def test_pictures_are_drawn(image_run: Path, images: Path, tmp_path: Path, capfd: Capture) -> None:
    pictures = ["--picture", tmp_path / "c.png", "--progressive", tmp_path / "p.png"]
    out = done(capfd, "classify", image_run, images, *pictures, "--row", 7)
    for name in ("c.png", "p.png"):
        assert (tmp_path / name).stat().st_size > 1000
        assert f"Written: {tmp_path / name}" in out
    assert "exists already" in refused(capfd, "classify", image_run, images, *pictures)
    words = ["classify", image_run, images, *pictures, "--overwrite", "--row", 90]
    assert "row: expected one that is there, got 90" in refused(capfd, *words)


def test_a_column_is_a_class(files: Path, run: Path, tmp_path: Path, capfd: Capture) -> None:
    out = done(
        capfd, "classify", run, files / "bits.csv", "--column", "b", "--out", tmp_path / "b.csv"
    )
    assert "right" in out
    assert list(rows_of(tmp_path / "b.csv")[0]) == ["class", "log_p_0", "log_p_1"]
    by_place = json.loads(done(capfd, "classify", run, files / "bits.csv", "--column", 1, "--json"))
    ones = np.loadtxt(files / "bits.csv", delimiter=",", skiprows=1)[:, 1].mean()
    assert by_place["accuracy"] == pytest.approx(max(ones, 1 - ones))  # independent: the commoner
    for words, told in {
        ("--column", "d"): "column: expected one of a, b, c, got 'd'",
        ("--column", 3): "column: expected one of a, b, c, got '3'",
        (): "fit one to labelled data with `arden fit … --condition label`",
        ("--column", "b", "--prior", "uniform"): "prior: expected none with a column",
        ("--column", "b", "--observed-first"): "expected a model with an any-order network",
        ("--column", "b", "--progressive", "p.png"): "progressive: expected a model fitted with",
        ("--per", "window", "--column", "b"): "per: expected a text or a sound",
    }.items():
        assert told in refused(capfd, "classify", run, files / "bits.csv", *words)


def test_classes_of_a_column_have_the_names_that_its_file_gives_them(
    tmp_path: Path, capfd: Capture
) -> None:
    kinds, ranks = ["fish, gold", "cat", "dog"], [11, 12, 13]
    source = np.random.default_rng(0).integers(0, 3, 90)
    rows = [
        f'"{kinds[k]}",{ranks[k]},{"?" if i % 9 == 0 else "ny"[k % 2]}'
        for i, k in enumerate(source)
    ]
    (tmp_path / "pets.csv").write_text("kind,rank,fed\n" + "\n".join(rows))
    data = load_data(tmp_path / "pets.csv")
    model = arden.fit(
        "orderless-nade", data, hidden=[6], epochs=80, learning_rate=0.02, progress=False
    )
    run = arden.save(model, tmp_path / "run", card={"schema": data.schema.to_dict()})
    words = ["classify", run, tmp_path / "pets.csv", "--observed-first", "--overwrite"]
    for column, names, truth in (
        ("kind", ["cat", "dog", "fish, gold"], [kinds[k] for k in source]),
        ("rank", ["11", "12", "13"], [str(ranks[k]) for k in source]),
    ):
        out = [*words, "--column", column, "--out", tmp_path / "x.csv"]
        done(capfd, *out, "--picture", tmp_path / "x.png")
        lines = rows_of(tmp_path / "x.csv")
        assert list(lines[0]) == ["class", *(f"log_p_{name}" for name in names)]
        assert (
            np.mean([line["class"] == true for line, true in zip(lines, truth, strict=True)]) > 0.9
        )
        done(capfd, *words, "--column", column, "--out", tmp_path / "x.npz")
        kept = np.load(tmp_path / "x.npz")
        assert kept["classes"].tolist() == names
        assert kept["class"].tolist() == [line["class"] for line in lines]
        assert list(json.loads(done(capfd, *words, "--column", column, "--json"))["found"]) == names
        assert next(c for c in data.schema.columns if c.name == column).level_names == names
    out = done(capfd, *words, "--column", "fed")  # some are missing: counted, not judged
    assert "taken for n" in out
    assert "taken for y" in out


def test_texts_are_classified_document_by_document_or_window_by_window(
    tmp_path: Path, capfd: Capture
) -> None:
    for number in range(12):
        name, letters = ("vowels", "aeio") if number % 2 else ("others", "xyza")
        folder = tmp_path / "texts" / name
        folder.mkdir(parents=True, exist_ok=True)
        source = np.random.default_rng(number)
        text = "".join(source.choice(list(letters), 21 + number))
        (folder / f"{number}.txt").write_text(text)
    data = load_data(tmp_path / "texts", window=8, stride=4)
    model = arden.fit("markov", data, condition="label", memory=1, progress=False)
    assert isinstance(model, AutoregressiveModel)
    run = arden.save(model, tmp_path / "run", card={"schema": data.schema.to_dict()})
    done(capfd, "classify", run, tmp_path / "texts", "--out", tmp_path / "d.csv")
    lines = rows_of(tmp_path / "d.csv")
    schema = Schema.from_dict(read_card(run)["schema"])
    found = read_windows(tmp_path / "texts", schema)
    assert found is not None
    names, windows = found
    assert [line["document"] for line in lines] == names
    # The terms of a document's windows add up to ln p(document | class), each symbol once.
    everything = windows.take()
    terms = class_log_probs(model, everything.values, everything.observed, scored=everything.scored)
    joint = torch.zeros(len(names), 2, dtype=torch.float64)
    for window, document in enumerate(windows.document.tolist()):
        joint[document] += terms[window]
    joint += torch.tensor(model.class_counts).double().log()
    told = [[float(line["log_p_others"]), float(line["log_p_vowels"])] for line in lines]
    assert np.allclose(told, joint.log_softmax(dim=1))
    assert [line["class"] for line in lines] == [name.split("/")[0] for name in names]
    per_window = [
        "--per",
        "window",
        "--out",
        tmp_path / "w.csv",
        "--progressive",
        tmp_path / "p.png",
    ]
    out = done(capfd, "classify", run, tmp_path / "texts", *per_window)
    lines = rows_of(tmp_path / "w.csv")
    assert len(lines) == len(windows)
    alone = classify(model, everything.values, observed=everything.observed)
    told = [[float(line["log_p_others"]), float(line["log_p_vowels"])] for line in lines]
    assert np.allclose(told, alone, atol=1e-6)
    assert f"Classes of {len(windows)} windows" in out
    strings = tmp_path / "one.txt"
    strings.write_text("aeioaeio")
    done(capfd, "classify", run, strings)


def test_sounds_are_classified(tmp_path: Path, capfd: Capture) -> None:
    for number in range(12):
        folder = tmp_path / "sounds" / ("loud" if number % 2 else "soft")
        folder.mkdir(parents=True, exist_ok=True)
        source = np.random.default_rng(number)
        wave = source.normal(size=40) * (0.5 if number % 2 else 0.01)
        (folder / f"{number}.wav").write_bytes(wav_bytes(wave.clip(-1, 1), 8000))
    data = load_data(tmp_path / "sounds", window=16, stride=8)
    model = arden.fit("markov", data, condition="label", memory=0, progress=False)
    run = arden.save(model, tmp_path / "run", card={"schema": data.schema.to_dict()})
    told = json.loads(done(capfd, "classify", run, tmp_path / "sounds", "--json"))
    assert (told["unit"], told["rows"]) == ("document", 12)
    assert told["accuracy"] == 1.0


def test_outputs_are_claimed_first(
    image_run: Path, images: Path, tmp_path: Path, capfd: Capture
) -> None:
    write_columns(tmp_path / "x.csv", {"a": np.zeros(1)})
    words = ["classify", image_run, images, "--out"]
    assert "exists already" in refused(capfd, *words, tmp_path / "x.csv")
    assert "expected a name ending in .csv, .npz" in refused(capfd, *words, tmp_path / "x.txt")
    assert "batch_size: expected at least 1" in refused(
        capfd, *words, tmp_path / "y.csv", "--batch-size", 0
    )
    assert not (tmp_path / "y.csv").exists()
