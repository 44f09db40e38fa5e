"""`arden compress` and `arden decompress`: every kind of file comes back as it was."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.data import Schema, load_data
from arden.data.readers.wav_file import read_wav, wav_bytes
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.cli.words import call, done, refused
from tests.core.models import build
from tests.training.toys import fresh

Capture = pytest.CaptureFixture[str]
TEXT = "a rose is a rose is a rose\n" * 12


def a_run(model: AutoregressiveModel, schema: Schema, folder: Path) -> Path:
    """A model, its schema, where to -> a run."""
    return arden.save(model, folder, card={"schema": schema.to_dict()})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder with runs for images, tables, texts, strings and sounds."""
    folder = tmp_path_factory.mktemp("coded")
    single = {"dtype": torch.float32}
    classes = ("even", "odd")
    a_run(
        build(NADE, NADEOptions(5), Categorical(17, "scalar"), Raster((3, 4)), **single),
        Schema("image", (3, 4), 17),
        folder / "grey",
    )
    a_run(
        build(MADE, MADEOptions((9,)), Categorical(256, "scalar"), Raster((2, 2, 3)), **single),
        Schema("image", (2, 2, 3), 256),
        folder / "colour",
    )
    a_run(
        build(NADE, NADEOptions(5), Bernoulli(), Raster((3, 3)), 2, **single),
        Schema("image", (3, 3), 2, class_names=classes),
        folder / "classes",
    )
    a_run(
        build(MADE, MADEOptions((5,)), Bernoulli(), Raster((3,)), **single),
        Schema("table", (3,), 2),
        folder / "table",
    )
    (folder / "x.txt").write_text(TEXT)
    data = load_data(folder / "x.txt", window=12, stride=4)
    symbols = data.schema.num_symbols or 0
    text = build(MADE, MADEOptions((9,)), Categorical(symbols, "scalar"), Raster((12,)), **single)
    a_run(text, data.schema, folder / "text")
    lines = Schema("strings", (9,), 4, symbols=("\n", "a", "b", "é"))
    strings = build(GRU, GRUOptions(5), Categorical(4), UntilEnd(0), **single)
    a_run(strings, lines, folder / "strings")
    sounds = Schema("audio", (8,), 256, sample_rate=8000, stride=4)
    sound = build(MADE, MADEOptions((9,)), Categorical(256, "scalar"), Raster((8,)), **single)
    a_run(sound, sounds, folder / "sound")
    return folder


def back(
    capfd: Capture, data: object, run: Path, out: Path, *words: object, of: Path | None = None
) -> str:
    """Data, a run, a path -> what compressing printed; the path holds what came back."""
    packed = out.with_suffix(".arden")
    printed = done(capfd, "compress", data, "-m", run, "-o", packed, "--overwrite", *words)
    done(capfd, "decompress", packed, "-m", run, "-o", out)
    return printed


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
def test_arrays_come_back_with_their_dtype(
    place: Path, tmp_path: Path, capfd: Capture, dtype: str
) -> None:
    source = np.random.default_rng(0)
    grey = source.integers(0, 17, (20, 3, 4)).astype(dtype)
    np.save(tmp_path / "grey.npy", grey)
    np.savez(tmp_path / "grey.npz", train=grey[:10], test=grey[10:])
    for file, expected, words in (
        ("grey.npy", grey, ()),
        ("grey.npz", grey[10:], ()),
        ("grey.npz", grey[:10], ("--split", "train", "--batch-size", "3", "--portable")),
    ):
        out = tmp_path / "out.npy"
        printed = back(capfd, tmp_path / file, place / "grey", out, *words)
        read = np.load(out)
        assert read.dtype == expected.dtype
        assert np.array_equal(read, expected)
        for word in ("the model: −log₂ p", "this file", "gzip", "bzip2", "xz", "PNG", "overhead"):
            assert word in printed
        out.unlink()


def test_tables_of_long_ranges_and_gaps_come_back_as_tables(tmp_path: Path, capfd: Capture) -> None:
    source = np.random.default_rng(3)
    prices, debts = source.integers(500_000, size=90), source.integers(-2000, 3000, 90) - 2**40
    words = ['"a"', '"b, c"'] * 45
    lines = [f"{p},{w},{d}" for p, w, d in zip(prices, words, debts, strict=True)]
    lines[4] = ',"a",' + lines[4].rpartition(",")[2]
    lines[88] = "7,,"
    table = tmp_path / "long.csv"
    table.write_text("price,word,debt\n" + "\n".join(lines) + "\n")
    data = load_data(table)
    levels = [column.num_symbols or 0 for column in data.schema.columns]
    assert levels[0] > 960_000
    assert levels[2] > 4096
    model = fresh("orderless-nade", data)
    run = arden.save(model, tmp_path / "run", card={"schema": data.schema.to_dict()})
    back(capfd, table, run, tmp_path / "out.csv")
    was, now = (
        list(csv.reader(path.open(encoding="utf-8", newline="")))
        for path in (table, tmp_path / "out.csv")
    )
    assert now == was
    pytest.importorskip("pyarrow")
    done(capfd, "decompress", tmp_path / "out.arden", "-m", run, "-o", tmp_path / "out.parquet")
    from pyarrow import parquet

    read = parquet.read_table(tmp_path / "out.parquet")
    assert [str(kind) for kind in read.schema.types] == ["int64", "string", "int64"]
    assert read.column("debt").null_count == 1
    assert read.column("price")[0].as_py() == int(was[1][0])
    done(capfd, "decompress", tmp_path / "out.arden", "-m", run, "-o", tmp_path / "out.npz")
    assert np.load(tmp_path / "out.npz")["x"].dtype == np.int64
    table.write_text("price,word,debt\n5,a,-1\n")
    told = refused(capfd, "compress", table, "-m", run, "-o", tmp_path / "no.arden")
    assert 'column 3 ("debt") (counted from 1) holds -1; expected a whole number in -109' in told
    # A number with decimals has no finite code: one sentence, and no file.
    table.write_text("price,weight\n" + "".join(f"{i},{i / 7:.3f}\n" for i in range(40)))
    other = fresh("made", load_data(table))
    card = {"schema": load_data(table).schema.to_dict()}
    real = arden.save(other, tmp_path / "real", card=card)
    told = refused(capfd, "compress", table, "-m", real, "-o", tmp_path / "no.arden")
    assert "is real; its density would need infinitely many bits to code exactly" in told
    assert not (tmp_path / "no.arden").exists()


def test_images_in_colour_and_with_classes(place: Path, tmp_path: Path, capfd: Capture) -> None:
    source = np.random.default_rng(1)
    colour = source.integers(0, 256, (7, 2, 2, 3)).astype(np.uint8)
    np.savez(tmp_path / "colour.npz", x=colour)
    back(capfd, tmp_path / "colour.npz", place / "colour", tmp_path / "back.npz")
    assert np.array_equal(np.load(tmp_path / "back.npz")["x"], colour)
    bits = source.integers(0, 2, (9, 3, 3)).astype(np.uint8)
    labels = np.array(["odd", "even", "odd"] * 3)
    np.savez(tmp_path / "classes.npz", x=bits, y=labels)
    back(capfd, tmp_path / "classes.npz", place / "classes", tmp_path / "labelled.npz")
    read = np.load(tmp_path / "labelled.npz")
    assert np.array_equal(read["x"], bits)
    assert np.array_equal(read["y"], labels)
    told = refused(
        capfd, "decompress", tmp_path / "labelled.arden", "-m", place / "classes",
        "-o", tmp_path / "labelled.npy",
    )  # fmt: skip
    assert told == "out: expected .npz, because there are y beside the values"


def test_tables_come_back_with_their_names(files: Path, tmp_path: Path, capfd: Capture) -> None:
    run = tmp_path / "run"
    done(capfd, "fit", "independent", files / "bits.csv", "--out", run)
    printed = back(capfd, files / "bits.csv", run, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_text() == (files / "bits.csv").read_text()
    assert "PNG" not in printed


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        "\ufeffa rose\r\nis ä \U0001f339, is a rose\r".encode(),
        b"a",
        "中文".encode(),
    ],
)
def test_texts_come_back_byte_for_byte(
    place: Path, tmp_path: Path, capfd: Capture, content: bytes
) -> None:
    (tmp_path / "some.txt").write_bytes(content)
    printed = back(capfd, tmp_path / "some.txt", place / "text", tmp_path / "back.txt")
    assert (tmp_path / "back.txt").read_bytes() == content
    assert f"{len(content.decode()):,} characters" in printed


def test_folders_of_texts(place: Path, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "many").mkdir()
    texts = {"one.txt": "a rose\r\n", "two.txt": "is é"}
    for name, text in texts.items():
        (tmp_path / "many" / name).write_bytes(text.encode())
    back(capfd, tmp_path / "many", place / "text", tmp_path / "back.npz")
    read = np.load(tmp_path / "back.npz")
    assert {name: str(read[name]) for name in read.files} == texts
    told = refused(
        capfd, "decompress", tmp_path / "back.arden", "-m", place / "text",
        "-o", tmp_path / "x.txt",
    )  # fmt: skip
    assert told == "out: expected .npz, because there are 2 documents in the file"


@pytest.mark.parametrize("content", ["ab\n\nba\n", "ab\nbébabababababababa", "\n", "", "ab\r\nx\n"])
def test_lines_come_back_byte_for_byte(
    place: Path, tmp_path: Path, capfd: Capture, content: str
) -> None:
    (tmp_path / "lines.txt").write_bytes(content.encode())
    back(capfd, tmp_path / "lines.txt", place / "strings", tmp_path / "back.txt")
    assert (tmp_path / "back.txt").read_bytes() == content.encode()


def test_sounds_come_back_as_their_symbols(place: Path, tmp_path: Path, capfd: Capture) -> None:
    wave = np.sin(np.arange(50) / 3) * 0.5
    (tmp_path / "x.wav").write_bytes(wav_bytes(wave, 8000))
    symbols = read_wav(tmp_path / "x.wav").parts["all"][0].values
    back(capfd, tmp_path / "x.wav", place / "sound", tmp_path / "back.wav")
    assert np.array_equal(read_wav(tmp_path / "back.wav").parts["all"][0].values, symbols)
    done(
        capfd, "decompress", tmp_path / "back.arden", "-m", place / "sound",
        "-o", tmp_path / "x.npy",
    )  # fmt: skip
    read = np.load(tmp_path / "x.npy")
    assert read.dtype == np.uint8
    assert np.array_equal(read, symbols)


def test_json_tells_the_same(place: Path, tmp_path: Path, capfd: Capture) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 3), dtype=np.uint8))
    words = ["-m", place / "table", "-o", tmp_path / "x.arden"]
    picture = tmp_path / "x.png"
    told = json.loads(
        done(capfd, "compress", tmp_path / "x.npy", *words, "--json", "--picture", picture)
    )
    assert picture.read_bytes()[:4] == b"\x89PNG"
    size = (tmp_path / "x.arden").stat().st_size
    assert (told["rows"], told["dims"], told["bytes"]) == (5, 15, size)
    assert told["bits_per_dim"] == 8 * size / 15
    model = arden.load(place / "table")
    bits = -arden.score(model, torch.zeros(5, 3)).sum().item() / np.log(2) / 15
    assert told["model_bits_per_dim"] == pytest.approx(bits)
    assert set(told["others"]) >= {"gzip", "bzip2", "xz"}
    again = json.loads(
        done(capfd, "compress", tmp_path / "x.npy", *words, "--json", "--overwrite", "--no-compare")
    )
    assert again["others"] == {}


def test_refusals_leave_no_file(
    place: Path, files: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, run = tmp_path / "x.arden", place / "table"
    for words, told in (
        ([files / "outside.csv", "-m", run, "-o", out], "holds 2"),
        ([files / "none.csv", "-m", run, "-o", out], "no such file"),
        ([files / "bits.csv", "-m", run, "-o", tmp_path / "x.zip"], "a name ending in .arden"),
        ([files / "bits.csv", "-m", files, "-o", out], "it has no config.json"),
        ([files / "bits.csv", "-m", run, "-o", out, "--threads", "0"], "threads: expected 1 …"),
        ([place / "x.txt", "-m", place / "sound", "-o", out], "expected audio data, got text"),
        ([place / "x.txt", "-m", place / "text", "-o", out, "--portable"], None),
    ):
        if told is None:
            done(capfd, "compress", *words)  # a MADE of levels is portable
            out.unlink()
            continue
        assert told in refused(capfd, "compress", *words)
        assert list(tmp_path.iterdir()) == []
    assert "portable: expected a network whose sums" in refused(
        capfd, "compress", place / "x.txt", "-m", place / "strings", "-o", out, "--portable"
    )

    def interrupted(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("arden.tasks._packed_file.SymbolWriter.finish", interrupted)
    assert call(capfd, "compress", files / "bits.csv", "-m", run, "-o", out)[0] == 130
    assert list(tmp_path.iterdir()) == []


def test_damage_and_wrong_models_are_told(
    place: Path, files: Path, tmp_path: Path, capfd: Capture
) -> None:
    packed, run = tmp_path / "x.arden", place / "table"
    done(capfd, "compress", files / "bits.csv", "-m", run, "-o", packed)
    whole = packed.read_bytes()
    assert "exists already; say --overwrite" in refused(
        capfd, "compress", files / "bits.csv", "-m", run, "-o", packed
    )
    words = ["-m", run, "-o", tmp_path / "x.csv"]
    packed.write_bytes(whole[:-20])
    assert refused(capfd, "decompress", packed, *words).startswith(
        f"{packed}: cut short in chunk 1"
    )
    packed.write_bytes(whole + b"!")
    assert "damaged in what follows the end" in refused(capfd, "decompress", packed, *words)
    packed.write_bytes(whole)
    told = refused(capfd, "decompress", packed, "-m", place / "grey", "-o", tmp_path / "x.csv")
    assert told == f"{packed}: it was compressed with another model; expected this very one"
    told = refused(capfd, "decompress", packed, "-m", run, "-o", tmp_path / "x.txt")
    assert told.startswith("out: expected a name ending in .npy, .npz, .csv for a model of table")
    assert "no such file" in refused(capfd, "decompress", tmp_path / "none.arden", *words)
    assert not (tmp_path / "x.csv").exists()
    done(capfd, "decompress", packed, *words)
    assert "exists already" in refused(capfd, "decompress", packed, *words)
