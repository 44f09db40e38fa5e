"""Texts: their bytes, their line ends, their alphabet, and what a foreign character is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.data import Schema, load_data, read_rows
from arden.data.readers.text_file import code_points, read_text
from arden.data.reading import read_windows
from arden.errors import ArdenError, FileError, InputError

TEXT = "the cat\r\nsat on thé mat\rand 猫 too\n" * 30


@pytest.fixture
def path(tmp_path):
    """-> a text file with every kind of line end."""
    file = tmp_path / "x.txt"
    file.write_bytes(TEXT.encode())
    return file


def read_back(split, schema) -> str:
    """A split in windows -> the text its scored symbols spell."""
    return "".join(schema.symbols[s] for s in split.values[split.scored].tolist())


def message(action, *args, **options) -> str:
    with pytest.raises(ArdenError) as caught:
        action(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_line_ends_and_marks():
    plain = code_points(b"a\r\nb\rc\n\n", "x").tolist()
    assert plain == [ord(c) for c in "a\nb\nc\n\n"]
    assert code_points(b"\xef\xbb\xbfa", "x").tolist() == [97]
    assert code_points(b"a\xef\xbb\xbf", "x").tolist() == [97, 0xFEFF]  # a mark only at the start
    assert code_points("😀".encode(), "x").tolist() == [0x1F600]
    assert code_points(b"", "x").tolist() == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"caf\xe9", "got the byte 0xe9 at offset 3 (counted from 0)"),
        (b"\xef\xbb\xbfab\xff", "got the byte 0xff at offset 5"),
        (b"ab\xe2\x82", "got the byte 0xe2 at offset 2"),
    ],
)
def test_bytes_that_are_no_text(tmp_path, content, told):
    (tmp_path / "x.txt").write_bytes(content)
    text = message(load_data, tmp_path / "x.txt")
    assert told in text
    assert str(tmp_path / "x.txt") in text
    with pytest.raises(FileError):
        load_data(tmp_path / "x.txt")


def test_a_file_is_cut_in_its_order(path):
    data = load_data(path)
    plain = TEXT.replace("\r\n", "\n").replace("\r", "\n")
    schema = data.schema
    assert schema.symbols == tuple(sorted(set(plain)))
    assert (schema.kind, schema.event_shape, schema.stride) == ("text", (64,), 32)
    assert schema.num_symbols == len(schema.symbols)
    cuts = len(plain) * 8 // 10, len(plain) * 9 // 10
    assert read_back(data.valid, schema) == plain[cuts[0] : cuts[1]]
    assert read_back(data.test, schema) == plain[cuts[1] :]
    first = "".join(schema.symbols[s] for s in data.train.values[0].tolist())
    assert first == plain[:64]
    assert data.train.scored is None
    assert data.num_units("test") == len(plain) - cuts[1]
    for words in (
        "x.txt: sha256 ",
        "line ends as \\n",
        f"{cuts[0]}/{cuts[1] - cuts[0]}/{len(plain) - cuts[1]} characters",
        f"{len(schema.symbols)} different ones in all splits",
        "cut 80/10/10 in its order",
        "windows of 64, in valid and test 32 apart",
        "each character scored once with at least 32 before it",
    ):
        assert words in data.protocol, words


def test_window_and_stride_are_kept(path):
    data = load_data(str(path), window=10, stride=3)
    assert (data.schema.event_shape, data.schema.stride) == ((10,), 3)
    assert Schema.from_dict(data.schema.to_dict()) == data.schema
    plain = TEXT.replace("\r\n", "\n").replace("\r", "\n")
    rows = read_rows(path, data.schema)
    assert read_back(rows, data.schema) == plain
    assert rows.values.shape == (1 + -(-(len(plain) - 10) // 3), 10)
    assert rows.values.dtype == torch.uint8


def test_short_texts_have_shorter_windows(tmp_path):
    (tmp_path / "x.txt").write_text("abcdefghij")
    data = load_data(tmp_path / "x.txt")
    assert data.schema.event_shape == (8,)
    assert "window must be at most 8" in message(load_data, tmp_path / "x.txt", window=9)
    (tmp_path / "x.txt").write_text("abcdefghi")
    assert "at least 10 characters to split, got 9" in message(load_data, tmp_path / "x.txt")
    (tmp_path / "x.txt").write_text("")
    assert "expected at least one character, got none" in message(load_data, tmp_path / "x.txt")


def test_folders_are_split_by_document(tmp_path):
    for number in range(12):
        folder = tmp_path / ("new" if number % 3 else "old")
        folder.mkdir(exist_ok=True)
        (folder / f"{number:02}.txt").write_text(chr(97 + number) * (5 + number))
    data = load_data(tmp_path)
    assert data.schema.class_names == ("new", "old")
    seen = [set(split.values.flatten().tolist()) for split in (data.valid, data.test)]
    assert [len(symbols - {0}) for symbols in seen] == [1, 1]
    assert seen[0] != seen[1]
    letter = data.schema.symbols[int(data.test.values[0, 0])]
    number = ord(letter) - 97
    assert data.schema.class_names[int(data.test.labels[0])] == ("new" if number % 3 else "old")
    assert "12 documents" in data.protocol
    assert "by document, by numpy default_rng(0)" in data.protocol
    names, windows = read_windows(tmp_path, data.schema)
    assert names[0] == "new/01.txt"
    assert read_back(windows.take(), data.schema).startswith("bbbbbbccccccc")


def test_given_splits(tmp_path):
    for split, text in {"train": "abc" * 20, "test": "cab" * 20}.items():
        (tmp_path / split).mkdir()
        (tmp_path / split / "x.txt").write_text(text)
    data = load_data(tmp_path, window=6)
    assert read_back(data.valid, data.schema) == "abcabc"
    assert read_back(data.test, data.schema) == "cab" * 20
    assert "valid the last tenth of train" in data.protocol
    assert read_back(read_rows(tmp_path, data.schema), data.schema) == "cab" * 20
    train = read_rows(f"{tmp_path}:train", data.schema)
    assert read_back(train, data.schema) == "abc" * 20
    assert "only test, train" in message(read_rows, f"{tmp_path}:valid", data.schema).replace(
        "train, test", "test, train"
    )
    (tmp_path / "valid").mkdir()
    (tmp_path / "valid" / "y.txt").write_text("bbb")
    assert read_back(load_data(tmp_path, window=6).valid, data.schema) == "bbb"


def test_foreign_characters_are_named(path, tmp_path):
    schema = load_data(path).schema
    (tmp_path / "new.txt").write_text("the cat\nsat oñ")
    told = message(read_rows, tmp_path / "new.txt", schema)
    assert told == (
        "new.txt: line 2, column 6 (counted from 1) holds 'ñ', which is not one of the model's "
        f"{len(schema.symbols)} characters."
    )
    (tmp_path / "new.txt").write_text("\x07")
    told = message(read_rows, tmp_path / "new.txt", schema)
    assert "line 1, column 1 (counted from 1) holds U+0007" in told


def test_alphabets_in_any_order_and_wide_ones(tmp_path):
    schema = Schema("text", (4,), 3, symbols=("c", "a", "b"))
    (tmp_path / "x.txt").write_text("abcab")
    rows = read_rows(tmp_path / "x.txt", schema)
    assert rows.values[rows.scored].tolist() == [1, 2, 0, 1, 2]
    wide = "".join(map(chr, range(0x4E00, 0x4E00 + 300))) * 2
    (tmp_path / "x.txt").write_text(wide, encoding="utf-8")
    data = load_data(tmp_path / "x.txt")
    assert data.schema.num_symbols == 300
    assert data.test.values.dtype == torch.int64
    assert read_back(data.test, data.schema) == wide[540:]


def test_wrong_options_and_kinds(path, tmp_path):
    for told, options in {
        "labels cannot be given for": {"labels": [1]},
        "discrete cannot be given for": {"discrete": True},
        "stride must be at most half the window of 64": {"stride": 33},
        "window must be a whole number": {"window": "8"},
    }.items():
        assert told in message(load_data, path, **options)
    np.save(tmp_path / "x.npy", np.zeros((5, 2)))
    assert "window cannot be given for" in message(load_data, tmp_path / "x.npy", window=4)
    assert "window cannot be given for" in message(load_data, "digits", window=4)
    assert "stride cannot be given for" in message(load_data, [[1], [0], [1]], stride=4)
    table = Schema("table", (2,), 2)
    assert "expected table data, got text" in message(read_rows, path, table)
    audio = Schema("audio", (8,), 256, sample_rate=8000)
    assert "expected audio data, got text" in message(read_rows, path, audio)
    text = Schema("text", (8,), 5)
    assert "expected the alphabet of the model's texts" in message(read_rows, path, text)
    assert 'Did you mean "x.txt"?' in message(load_data, tmp_path / "y.txt")
    with pytest.raises(InputError, match="no splits, only documents"):
        read_rows(f"{path}:valid", load_data(path).schema)


def test_two_documents_cannot_be_split(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("abc" * 9)
    assert "expected one document, or at least 3 to split, got 2" in message(load_data, tmp_path)
    assert len(read_text(tmp_path).parts["all"]) == 2
