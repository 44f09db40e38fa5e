"""Texts and sounds on the command line: a number for every symbol, a sum, a picture, draws."""

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
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.data import Dataset, load_data, read_rows
from arden.data.readers.wav_file import read_wav, wav_bytes
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.storage.model_files import load, save
from arden.tasks.sample_document import sample_document
from tests.cli.words import done, refused
from tests.core.models import build

Capture = pytest.CaptureFixture[str]
TEXT = "a rose is a rose is a rose\n" * 12


def fitted(data: Dataset, ordering: type = Raster, **how: int) -> AutoregressiveModel:
    """A data set of windows -> a MADE of its shape, shaken."""
    family = Categorical(data.schema.num_symbols or 0, "scalar")
    order = ordering(data.schema.event_shape)
    return build(MADE, MADEOptions(hidden=(9,)), family, order, dtype=torch.float32, **how)


def a_run(source: Path, folder: Path, ordering: type = Raster, **how: int) -> Path:
    """A file, where to -> a run directory with a model of its windows."""
    data = load_data(source, window=12, stride=4)
    return save(fitted(data, ordering, **how), folder, card={"schema": data.schema.to_dict()})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder with x.txt, many/, x.wav and runs of them. Look, but write nothing."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "x.txt").write_text(TEXT)
    (folder / "many").mkdir()
    for number in range(4):
        (folder / "many" / f"{number}.txt").write_text("a rose"[: 3 * number] * 9)
    waves = np.sin(np.arange(400) / 9) * 0.6
    (folder / "x.wav").write_bytes(wav_bytes(waves, 8000))
    a_run(folder / "x.txt", folder / "text")
    a_run(folder / "x.wav", folder / "sound")
    return folder


def by_hand(run: Path, text: str) -> list[float]:
    """A run of windows of 12, 4 apart; a text -> ln p of each character."""
    model, schema = load(run), load_data(run.parent / "x.txt", window=12, stride=4).schema
    symbols = torch.tensor([schema.symbols.index(character) for character in text])
    found: list[float] = []
    for start in range(0, max(1, len(text) - 8), 4):
        held = torch.zeros(1, 12, dtype=torch.int64)
        piece = symbols[start : start + 12]
        held[0, : len(piece)] = piece
        terms = model.log_conditionals(held)[0, : len(piece)].tolist()
        found += terms[len(found) - start :]
    return found


def test_every_character_has_a_number(place: Path, tmp_path: Path, capfd: Capture) -> None:
    out = done(capfd, "score", place / "text", place / "x.txt", "--out", tmp_path / "s.csv")
    assert f"Written: {tmp_path / 's.csv'}\n" in out
    with (tmp_path / "s.csv").open() as file:
        header, *lines = csv.reader(file)
    assert header == ["log_prob"]
    expected = by_hand(place / "text", TEXT)
    assert [float(line[0]) for line in lines] == pytest.approx(expected, abs=1e-5)
    total = -math.fsum(expected)
    assert f"{total:,.2f}"[:-1] in out
    assert f"−ln p of {len(TEXT):,} characters" in out
    summary = json.loads(done(capfd, "score", place / "text", place / "x.txt", "--json"))
    assert summary["total_nats"] == pytest.approx(total, rel=1e-6)
    assert summary["nats_per_symbol"] == pytest.approx(total / len(TEXT), rel=1e-6)
    assert summary["bits_per_symbol"] == pytest.approx(total / len(TEXT) / math.log(2), rel=1e-6)
    assert (summary["symbols"], summary["documents"]) == (len(TEXT), 1)
    assert (summary["window"], summary["stride"]) == (12, 4)
    assert summary["windows"] == 1 + -(-(len(TEXT) - 12) // 4)
    rows = read_rows(place / "x.txt", load_data(place / "x.txt", window=12, stride=4).schema)
    found = arden.score(
        load(place / "text"), rows.values, observed=rows.observed, scored=rows.scored
    )
    assert found.sum().item() == pytest.approx(-total, rel=1e-6)


def test_batches_do_not_change_it(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["score", place / "text", place / "x.txt", "--unit", "bits_per_dim"]
    whole, pieces = tmp_path / "whole.npz", tmp_path / "pieces.npz"
    done(capfd, *words, "--out", whole)
    done(capfd, *words, "--out", pieces, "--batch-size", 3)
    a, b = (np.load(path)["bits_per_dim"] for path in (whole, pieces))
    assert a == pytest.approx(b, abs=1e-5)
    expected = [-term / math.log(2) for term in by_hand(place / "text", TEXT)]
    assert a.tolist() == pytest.approx(expected, abs=1e-5)


def test_several_documents_are_named(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["score", place / "text", place / "many", "--out"]
    done(capfd, *words, tmp_path / "s.csv")
    with (tmp_path / "s.csv").open() as file:
        header, *lines = csv.reader(file)
    assert header == ["document", "log_prob"]
    texts = {f"{number}.txt": "a rose"[: 3 * number] * 9 for number in range(4)}
    assert [line[0] for line in lines] == [n for n, text in texts.items() for _ in text]
    expected = [term for text in texts.values() if text for term in by_hand(place / "text", text)]
    assert [float(line[1]) for line in lines] == pytest.approx(expected, abs=1e-5)
    done(capfd, *words, tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as arrays:
        named = arrays["documents"][arrays["document"]].tolist()
        assert arrays["log_prob"].tolist() == [float(line[1]) for line in lines]
    assert named == [line[0] for line in lines]
    out = done(capfd, *words[:3], "--json")
    assert json.loads(out)["documents"] == 4


def test_sounds(place: Path, tmp_path: Path, capfd: Capture) -> None:
    out = done(capfd, "score", place / "sound", place / "x.wav", "--out", tmp_path / "s.csv")
    assert "−ln p of 400 samples" in out
    assert len((tmp_path / "s.csv").read_text().splitlines()) == 401
    (tmp_path / "y.wav").write_bytes(wav_bytes(np.zeros(50), 44100))
    told = refused(capfd, "score", place / "sound", tmp_path / "y.wav")
    assert "expected sounds of 8000 Hz as the model was fitted to, got 44100 Hz" in told


def test_pictures(place: Path, tmp_path: Path, capfd: Capture) -> None:
    for run, source in (("text", "x.txt"), ("sound", "x.wav"), ("text", "many")):
        picture = tmp_path / f"{run}-{source}.png"
        out = done(capfd, "score", place / run, place / source, "--picture", picture)
        assert f"Written: {picture}\n" in out
        with Image.open(picture) as image:
            assert min(image.size) > 200


def test_what_cannot_be_scored(place: Path, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "new.txt").write_text("a rose\nis ä")
    out = tmp_path / "s.csv"
    told = refused(capfd, "score", place / "text", tmp_path / "new.txt", "--out", out)
    assert "new.txt: line 2, column 4 (counted from 1) holds 'ä'" in told
    told = refused(capfd, "score", place / "text", place / "x.wav", "--out", out)
    assert "expected text data, got audio" in told
    told = refused(capfd, "score", place / "text", "digits", "--out", out)
    assert "expected events of shape (12,)" in told
    a_run(place / "x.txt", tmp_path / "shuffled", Shuffled)
    told = refused(capfd, "score", tmp_path / "shuffled", place / "x.txt", "--out", out)
    assert "every scored value must come after all observed ones" in told
    assert not out.exists()


def test_texts_are_drawn(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ["sample", place / "text", "--seed", 4, "-n"]
    done(capfd, *words, 1, "--out", tmp_path / "one.txt")
    schema = load_data(place / "x.txt", window=12, stride=4).schema
    drawn = arden.sample(load(place / "text"), 3, seed=4)
    texts = ["".join(schema.symbols[s] for s in row) for row in drawn.tolist()]
    assert (tmp_path / "one.txt").read_text() == texts[0]
    done(capfd, *words, 3, "--out", tmp_path / "three.txt")
    assert (tmp_path / "three.txt").read_text() == f"\n{'-' * 16}\n".join(texts)
    done(capfd, "score", place / "text", tmp_path / "one.txt")
    told = refused(capfd, *words, 1, "--out", tmp_path / "x.wav")
    assert "out: expected .txt, .csv or .npz for text rows, got .wav" in told
    run = a_run(place / "x.txt", tmp_path / "run")
    out = done(capfd, "sample", run, "--seed", 4, "-n", 3)
    assert texts[0] in out
    assert f"Written: {run / 'samples.txt'}\n" in out
    assert "exists already" in refused(capfd, "sample", run)


def test_a_text_cannot_command_the_terminal(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "x.txt").write_text("\x1b[31m" * 40)
    run = a_run(tmp_path / "x.txt", tmp_path / "run")
    out = done(capfd, "sample", run, "-n", 40, "--seed", 0)
    assert "\x1b" not in out
    assert "�" in out
    assert "\x1b" in (run / "samples.txt").read_text()


def test_sounds_are_drawn(place: Path, tmp_path: Path, capfd: Capture) -> None:
    done(capfd, "sample", place / "sound", "--seed", 4, "-n", 3, "--out", tmp_path / "x.wav")
    source = read_wav(tmp_path / "x.wav")
    assert source.sample_rate == 8000
    symbols = source.parts["all"][0].values.tolist()
    drawn = arden.sample(load(place / "sound"), 3, seed=4).tolist()
    step = 12 + 2000  # a window, and a quarter of a second
    assert len(symbols) == 3 * 12 + 2 * 2000
    assert [symbols[i * step : i * step + 12] for i in range(3)] == drawn
    assert set(symbols[12:2012]) == {128}
    run = a_run(place / "x.wav", tmp_path / "run")
    assert f"Written: {run / 'samples.wav'}" in done(capfd, "sample", run)
    done(capfd, "sample", run, "-n", 2, "--out", tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npz")["x"].shape == (2, 12)


def test_draws_longer_than_a_window(place: Path, tmp_path: Path, capfd: Capture) -> None:
    words = ("sample", place / "sound", "--seed", 4, "-n", 2, "--length", 50)
    done(capfd, *words, "--out", tmp_path / "x.wav")
    symbols = read_wav(tmp_path / "x.wav").parts["all"][0].values
    drawn = sample_document(load(place / "sound"), 2, 50, stride=4, seed=4).numpy()
    assert np.array_equal(symbols, np.concatenate([drawn[0], np.full(2000, 128), drawn[1]]))
    words = ("sample", place / "text", "-n", 1, "--length", 99)
    done(capfd, *words, "--out", tmp_path / "x.txt")
    assert len((tmp_path / "x.txt").read_text()) == 99
    told = refused(capfd, *words[:-1], 0, "--out", tmp_path / "y.txt")
    assert "length: expected at least 1, got 0" in told
    data = load_data([[0, 1, 2]] * 20)
    table = save(fitted(data), tmp_path / "table", card={"schema": data.schema.to_dict()})
    told = refused(capfd, "sample", table, "--length", 99, "--out", tmp_path / "y.csv")
    assert "length: expected none" in told


def test_classes_of_documents(tmp_path: Path, capfd: Capture) -> None:
    for number in range(6):
        folder = tmp_path / "data" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.txt").write_text("ab"[number % 2] * 20 + "ba" * 5)
    run = a_run(tmp_path / "data", tmp_path / "run", context_size=2)
    schema = load_data(tmp_path / "data", window=12, stride=4).schema
    rows = read_rows(tmp_path / "data", schema)
    context = torch.nn.functional.one_hot(rows.labels, 2).float()
    expected = arden.score(
        load(run), rows.values, context, observed=rows.observed, scored=rows.scored
    )
    found = json.loads(done(capfd, "score", run, tmp_path / "data", "--json"))
    assert found["total_nats"] == pytest.approx(-expected.sum().item(), rel=1e-6)
    (tmp_path / "x.txt").write_text("abab")
    assert "expected labels" in refused(capfd, "score", run, tmp_path / "x.txt")
