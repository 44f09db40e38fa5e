"""The named texts and sounds, from small files of the same form; the real ones if present."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from arden.data import load_data, read_rows
from arden.data.readers.wav_file import mu_law_encode
from arden.errors import FileError, InputError
from tests.data.sets.test_benchmarks import write_sequences


@pytest.fixture
def folder(tmp_path) -> Path:
    """-> a data directory of small files."""
    write_sequences(tmp_path)
    return tmp_path


def test_the_text_is_cut_in_its_order(folder):
    data = load_data("tinyshakespeare", data_dir=folder)
    text = "To be, or not to be.\n" * 20
    spelt = [
        "".join(data.schema.symbols[s] for s in rows.values[rows.scored].tolist())
        for rows in (
            read_rows(f"tinyshakespeare:{split}", data.schema, data_dir=folder)
            for split in ("train", "valid", "test")
        )
    ]
    assert spelt == [text[:336], text[336:378], text[378:]]
    for words in (
        "test the last 10 % (the customary validation part",
        "less than the customary 90",
    ):
        assert words in data.protocol
    small = load_data("tinyshakespeare", data_dir=folder, window=8, stride=2)
    assert (small.schema.event_shape, small.schema.stride) == ((8,), 2)


def test_digits_are_split_by_recording(folder):
    data = load_data("spoken-digits", data_dir=folder)
    with np.load(folder / "fsdd.npz") as arrays:
        audio = arrays["audio"]
    expected = mu_law_encode(audio / 32768)
    test = data.test.values[data.test.scored].tolist()
    assert test == [*expected[:300].tolist(), *expected[1200:1500].tolist()]  # index 0 of each
    assert data.test.labels.unique().tolist() == [0, 1]
    assert data.schema.class_names == ("0", "1")
    assert data.schema.sample_rate == 8000
    assert "test the recordings 0-4" in data.protocol
    again = load_data("spoken-digits", data_dir=folder, seed=5)  # the set's own split stays
    assert again.valid.values.equal(data.valid.values)


def test_names_are_strings(folder):
    data = load_data("names", data_dir=folder)
    spelt = [
        "".join(data.schema.symbols[symbol] for symbol in row).split("\n")[0]
        for split in ("train", "valid", "test")
        for row in data.split(split).values.tolist()
    ]
    assert sorted(spelt) == ["ava", "emma", "emma", "mia", "noah", "olivia"]
    assert data.protocol.startswith("names: text.zip (sha256 ")
    assert len(read_rows("names:valid", data.schema, data_dir=folder)) == len(data.valid)
    with pytest.raises(InputError, match="lines cannot be given for the named set"):
        load_data("names", data_dir=folder, lines=True)
    with pytest.raises(InputError, match="window cannot be given for the named set"):
        load_data("names", data_dir=folder, window=4)


def test_other_archives_are_refused(folder):
    with zipfile.ZipFile(folder / "text.zip", "w") as archive:
        archive.writestr("other.txt", "hello")
    with pytest.raises(FileError, match=r"expected tinyshakespeare\.txt in it"):
        load_data("tinyshakespeare", data_dir=folder)
    (folder / "text.zip").write_bytes(b"PK no archive")
    with pytest.raises(FileError, match="not a readable archive"):
        load_data("tinyshakespeare", data_dir=folder)


def test_the_real_ones(data_dir):
    for name in ("text.zip", "fsdd.npz"):
        if not (data_dir / name).exists():
            pytest.skip(f"{name} is not in ARDEN_DATA")
    text = load_data("tinyshakespeare", data_dir=data_dir)
    assert [text.num_units(split) for split in ("valid", "test")] == [111539, 111540]
    assert text.schema.num_symbols == 65
    sound = load_data("spoken-digits", data_dir=data_dir)
    assert sound.num_units("test") == 630483
    assert sound.schema.class_names == tuple("0123456789")
