"""Named sets from a data directory: small files of the same form; the real ones if present."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from arden.data import DATASETS, load_data, read_rows
from arden.data.sets import benchmarks
from arden.data.sets.tiles import _distinct as distinct_tiles
from arden.errors import ArdenError, FileError
from tests.data.sets.real_tables import write_real_tables

NEED_FILES = sorted(name for name, entry in DATASETS.items() if not entry.embedded)
GENERATOR = np.random.default_rng(2)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data directory of few rows; NUM_HELD_OUT is made small to fit."""
    monkeypatch.setattr(benchmarks, "NUM_HELD_OUT", 4)
    grey = {
        "x_train": GENERATOR.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        "y_train": np.arange(10, dtype=np.uint8),
        "x_test": GENERATOR.integers(0, 256, (3, 28, 28), dtype=np.uint8),
        "y_test": np.arange(3, dtype=np.uint8),
    }
    np.savez(tmp_path / "mnist.npz", **grey)
    np.savez(tmp_path / "fashion_mnist.npz", **grey)
    np.savez(tmp_path / "binarized_mnist.npz", **packed(784))
    np.savez(tmp_path / "dna_nade_split.npz", **packed(180))
    np.savez(tmp_path / "dcss_tiles32.npz", rgba=tiles())
    tables = [name for name, entry in DATASETS.items() if entry.file == "binary_tables.npz"]
    assert len(tables) == 9
    keyed = {f"{name}/{key}": array for name in tables for key, array in packed(13).items()}
    np.savez(tmp_path / "binary_tables.npz", **keyed)
    write_sequences(tmp_path)
    write_real_tables(tmp_path)
    write_census(tmp_path)
    return tmp_path


def write_sequences(folder):
    """A folder -> (): a small text, and two recordings of two digits by one speaker."""
    with zipfile.ZipFile(folder / "text.zip", "w") as archive:
        archive.writestr("tinyshakespeare.txt", "To be, or not to be.\n" * 20)
        archive.writestr("names.txt", "emma\nolivia\nava\nemma\nmia\nnoah")
    clips = [(d, 0, index) for d in (0, 1) for index in (0, 5, 6, 7)]
    np.savez(
        folder / "fsdd.npz",
        audio=GENERATOR.integers(-(2**15), 2**15, 8 * 300).astype(np.int16),
        offsets=np.arange(9) * 300,
        digit=np.array([clip[0] for clip in clips], dtype=np.uint8),
        speaker=np.array([clip[1] for clip in clips], dtype=np.uint8),
        index=np.array([clip[2] for clip in clips], dtype=np.uint8),
        speakers=np.array(["jackson"]),
        rate=np.array(8000),
    )


def write_census(folder):
    """A folder -> (): records in the form of UCI Adult, one cell of each third missing."""

    def record(row):
        work, sex = ("?", "Private", "State-gov")[row % 3], ("Male", "Female")[row % 2]
        named = f"11th, 7, Never-married, Sales, Own-child, Black, {sex}"
        gain = 100 * (row % 4)
        return f"{20 + row}, {work}, {9000 + row}, {named}, {gain}, 0, 40, Cuba, <=50K"

    with zipfile.ZipFile(folder / "uci_adult.zip", "w") as archive:
        archive.writestr("adult.data", "\n".join(record(row) for row in range(40)))
        archive.writestr("adult.test", "\n".join(record(row) + "." for row in range(12)))


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ARDEN_CACHE", str(tmp_path_factory.mktemp("cache")))


def tiles():
    """Twelve tiles: one comes twice, and one differs from another in what alpha hides."""
    rgba = GENERATOR.integers(0, 256, (12, 32, 32, 4), dtype=np.uint8)
    rgba[7] = rgba[2]
    rgba[9] = rgba[3]
    rgba[[3, 9], 0, 0, 3] = 0
    rgba[9, 0, 0, 0] ^= 1
    return rgba


def packed(num_variables):
    bits = {
        split: GENERATOR.integers(0, 2, (rows, num_variables), dtype=np.uint8)
        for split, rows in (("train", 6), ("valid", 3), ("test", 2))
    }
    return {key: np.packbits(value, axis=1) for key, value in bits.items()} | {
        "n_vars": np.array(num_variables)
    }


@pytest.mark.parametrize("name", NEED_FILES)
def test_every_named_set_loads_from_a_folder(name, folder, monkeypatch):
    if name == "red-wine":
        pytest.importorskip("h5py")
    data = load_data(name, data_dir=folder)
    assert data.schema.kind == DATASETS[name].kind
    whole = torch.int64 if name == "uci-adult" else torch.uint8  # amounts exceed a byte
    assert data.train.values.dtype == (whole if data.schema.is_discrete else torch.float64)
    assert data.name == name
    assert data.protocol.startswith(f"{name}: ")
    assert f"{DATASETS[name].file} (sha256 " in data.protocol
    monkeypatch.setenv("ARDEN_DATA", str(folder))
    assert torch.equal(load_data(name).test.values, data.test.values)
    assert torch.equal(read_rows(name, data.schema).values, data.test.values)


def test_validation_is_the_last_training_images(folder):
    with np.load(folder / "mnist.npz") as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    data = load_data("mnist", data_dir=folder)
    assert data.train.values.tolist() == x[:6].tolist()
    assert data.valid.values.tolist() == x[6:].tolist()
    assert data.valid.labels.tolist() == y[6:].tolist()
    binary = load_data("mnist-binary", data_dir=folder)
    assert torch.equal(binary.test.values, (data.test.values >= 128).to(torch.uint8))
    assert (data.schema.num_symbols, binary.schema.num_symbols) == (256, 2)
    assert load_data("fashion-mnist", data_dir=folder).schema.class_names[9] == "Ankle boot"


def test_dynamic_binarization(folder):
    with np.load(folder / "mnist.npz") as arrays:
        pixels = np.concatenate([arrays["x_train"], arrays["x_test"]])
    data = load_data("dynamic-mnist", data_dir=folder)
    intensities = data.train.intensities
    assert intensities.dtype == torch.float32
    assert intensities.tolist() == (pixels[:6].astype(np.float32) / np.float32(255)).tolist()
    assert (data.valid.intensities, data.test.intensities) == (None, None)
    assert data.schema.num_symbols == 2
    assert data.test.labels.tolist() == [0, 1, 2]
    # The seeds are part of the protocol, and the draws those of numpy.
    for split, rows, seed in (("train", slice(6), 0), ("valid", slice(6, 10), 1)):
        drawn = np.random.default_rng(seed).integers(0, 255, pixels[rows].shape, dtype=np.uint8)
        assert data.split(split).values.tolist() == (drawn < pixels[rows]).astype(int).tolist()
    again = load_data("dynamic-mnist", data_dir=folder)
    assert torch.equal(again.test.values, data.test.values)
    for words in (
        "train drawn anew each time",
        "valid and test once by numpy default_rng(1) and default_rng(2)",
        "not comparable with the static binarization",
    ):
        assert words in data.protocol


def test_a_pixel_is_one_with_its_level_of_255():
    levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 20_000, axis=1)
    share = benchmarks._binarized(levels, seed=3).mean(1)
    expected = np.arange(256) / 255
    assert (share[0], share[255]) == (0, 1)
    # Five standard errors, for 256 figures.
    bound = 5 * np.sqrt(expected * (1 - expected) / 20_000) + 1e-12
    assert (np.abs(share - expected) <= bound).all()


def test_tiles_are_distinct_as_they_are_seen(folder):
    data = load_data("dcss-tiles", data_dir=folder)
    assert "12 tiles, 11 of them distinct and 10 on black" in data.protocol
    assert "RGBA composited on black, alpha dropped" in data.protocol
    assert (data.schema.event_shape, data.schema.num_symbols) == ((32, 32, 3), 256)
    everything = torch.cat([data.split(split).values for split in ("train", "valid", "test")])
    assert len(everything) == len(everything.flatten(1).unique(dim=0)) == 10
    with np.load(folder / "dcss_tiles32.npz") as arrays:
        first = arrays["rgba"][0].astype(float)
    first = torch.tensor(np.round(first[..., :3] * first[..., 3:] / 255))
    assert (everything == first).flatten(1).all(1).sum() == 1
    # In the order of the file: the split must not depend on how numpy sorts.
    assert distinct_tiles(np.array([5, 1, 5, 0]).reshape(4, 1, 1, 1)).ravel().tolist() == [5, 1, 0]


def test_bits_are_unpacked_in_reading_order(folder):
    data = load_data("binarized-mnist", data_dir=folder)
    with np.load(folder / "binarized_mnist.npz") as arrays:
        bits = np.unpackbits(arrays["test"], axis=1)[:, :784]
    assert data.test.values.tolist() == bits.reshape(2, 28, 28).tolist()
    table = load_data("nltcs", data_dir=folder)
    with np.load(folder / "binary_tables.npz") as arrays:
        bits = np.unpackbits(arrays["nltcs/valid"], axis=1)[:, :13]
    assert table.valid.values.tolist() == bits.tolist()


@pytest.mark.parametrize("name", NEED_FILES)
def test_without_a_folder_one_sentence_says_what_to_do(name, tmp_path, monkeypatch):
    monkeypatch.delenv("ARDEN_DATA", raising=False)
    with pytest.raises(FileError) as caught:
        load_data(name)
    download = DATASETS[name].download
    assert (f"`arden fetch {download}` downloads it" in str(caught.value)) == bool(download)
    for words in (name, "ARDEN_DATA", "--data-dir", DATASETS[name].file, "digits, digits-17."):
        assert words in str(caught.value)
    monkeypatch.setenv("ARDEN_DATA", str(tmp_path))
    with pytest.raises(FileError, match=r"in ARDEN_DATA, but there is no .*digits, digits-17\."):
        load_data(name)


def test_foreign_files_in_the_folder(tmp_path):
    def message(name, **arrays):
        np.savez(tmp_path / DATASETS[name].file, **arrays)
        with pytest.raises(ArdenError) as caught:
            load_data(name, data_dir=tmp_path)
        return str(caught.value)

    rows, labels = np.zeros((2, 28, 28), dtype=np.uint8), np.zeros(2)
    assert 'expected an array "y_train"' in message("mnist", x_train=rows)
    grey = {"x_train": rows, "y_train": labels, "y_test": labels}
    assert "expected x_test as uint8" in message("mnist", **grey, x_test=rows[:, :5])
    assert "expected more than 10000 rows" in message("mnist", **grey, x_test=rows)
    bits = np.zeros((2, 5), dtype=np.uint8)
    splits = {"train": bits, "valid": bits, "test": bits}
    assert "expected 784 packed bits" in message("binarized-mnist", **splits)
    assert 'expected an array "nltcs/train"' in message("nltcs", **splits)
    (tmp_path / "mnist.npz").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(FileError, match="damaged or cut short"):
        load_data("mnist", data_dir=tmp_path)


REAL_SHAPES = {
    "binarized-mnist": (50000, 10000, 10000, 784),
    "mnist": (50000, 10000, 10000, 784),
    "dynamic-mnist": (50000, 10000, 10000, 784),
    "dcss-tiles": (3337, 416, 416, 3072),
    "fashion-mnist": (50000, 10000, 10000, 784),
    "nltcs": (16181, 2157, 3236, 16),
    "plants": (17412, 2321, 3482, 69),
    "jester": (9000, 1000, 4116, 100),
    "pumsb_star": (12262, 1635, 2452, 163),
    "dna": (1600, 400, 1186, 180),
    "dna-nade-split": (1400, 600, 1186, 180),
    "msweb": (29441, 3270, 5000, 294),
    "adult": (5000, 1414, 26147, 123),
    "mushrooms": (2000, 500, 5624, 112),
    "nips": (400, 100, 1240, 500),
}


@pytest.mark.skipif("ARDEN_DATA" not in os.environ, reason="ARDEN_DATA names no data directory")
class TestRealFiles:
    @pytest.mark.parametrize("name", sorted(REAL_SHAPES))
    def test_published_sizes(self, name):
        if not (Path(os.environ["ARDEN_DATA"]) / DATASETS[name].file).exists():
            pytest.skip(f"{DATASETS[name].file} is not in ARDEN_DATA")
        data = load_data(name)
        sizes = (len(data.train), len(data.valid), len(data.test), data.schema.num_variables)
        assert sizes == REAL_SHAPES[name]

    def test_independent_pixels_of_static_mnist(self):
        """The published figure, 205.79 nats, tells whether bits were unpacked the right way."""
        if not (Path(os.environ["ARDEN_DATA"]) / "binarized_mnist.npz").exists():
            pytest.skip("binarized_mnist.npz is not in ARDEN_DATA")
        data = load_data("binarized-mnist")
        share = data.test.values.double().mean(0)
        p = (data.train.values.double().sum(0) + 1) / (len(data.train) + 2)
        nats = -(share * p.log() + (1 - share) * (1 - p).log()).sum().item()
        assert nats == pytest.approx(205.79, abs=0.1)
