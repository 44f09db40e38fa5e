"""Lines of texts as strings: their ends, their padding, their split, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from arden.data import Dataset, Schema, Split, load_data, read_rows
from arden.data import strings as module
from arden.errors import InputError

WORDS = ["ab", "b", "abb", "ab", "ba", "bbbb", "a", "aab", "ab", "bab", "aa", "bb"]


def texts_of(schema: Schema, values: torch.Tensor) -> list[str]:
    """(N, L) symbols -> strings, what follows the first end left out."""
    spelt = ["".join(schema.symbols[symbol] for symbol in row) for row in values.tolist()]
    assert all("\n" in text for text in spelt)
    return [text.partition("\n")[0] for text in spelt]


def all_texts(data: Dataset) -> dict[str, list[str]]:
    """A data set -> its strings by split."""
    return {
        split: texts_of(data.schema, data.split(split).values)
        for split in ("train", "valid", "test")
    }


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """() -> a file of twelve strings and two empty lines, without a last line end."""
    path = tmp_path / "words.txt"
    path.write_text("\r\n".join([*WORDS[:5], "", *WORDS[5:8], "", *WORDS[8:]]))
    return path


def test_every_line_is_a_string_with_its_end_and_then_padding(words: Path) -> None:
    data = load_data(words, lines=True)
    schema, found = data.schema, all_texts(data)
    assert (schema.kind, schema.symbols, schema.num_symbols) == ("strings", ("\n", "a", "b"), 3)
    assert (schema.end, data.unit) == (0, "string")
    assert sorted(text for texts in found.values() for text in texts) == sorted(WORDS)
    assert schema.event_shape == (max(map(len, found["train"])) + 1,)
    for split, texts in found.items():
        values = data.split(split).values
        assert values.dtype == torch.uint8
        assert values.shape == (len(texts), max(map(len, texts)) + 1)
        for row, text in zip(values.tolist(), texts, strict=True):
            spelt = [schema.symbols.index(character) for character in text]
            assert row == spelt + [0] * (len(row) - len(text))
        assert data.num_units(split) == len(texts)
        assert data.num_scalars(split) == sum(len(text) + 1 for text in texts)
    # Files keep their order within a split.
    assert [text for text in WORDS if text in found["train"]] == found["train"]


def test_copies_of_a_string_go_to_one_side_of_the_split(tmp_path: Path) -> None:
    many = tmp_path / "many.txt"
    many.write_text("".join(f"{number % 37:b}\n" for number in range(200)))
    for seed in (0, 1):
        data = load_data(many, lines=True, seed=seed)
        train, valid, test = (set(texts) for texts in all_texts(data).values())
        assert not train & valid
        assert not train & test
        assert not valid & test
        assert [len(part) for part in (train, valid, test)] == [31, 3, 3]
        assert sum(map(len, all_texts(data).values())) == 200
    for words in ("200 lines", "37 of them different, duplicates kept", "by different string"):
        assert words in data.protocol


def test_the_protocol_counts_what_was_dropped(words: Path) -> None:
    protocol = load_data(words, lines=True).protocol
    for told in ("12 lines", "10 of them different", "2 empty lines dropped", "3 symbols"):
        assert told in protocol
    assert protocol.startswith("words.txt: sha256 ")


def test_a_given_split_stays_and_tells_what_repeats(tmp_path: Path) -> None:
    for split, text in {"train": "a\nb\nab\nba\n", "test": "a\naa\na\nbb\n"}.items():
        (tmp_path / split).mkdir()
        (tmp_path / split / "x.txt").write_text(text)
    data = load_data(tmp_path, lines=True)
    found = all_texts(data)
    assert found["test"] == ["a", "aa", "a", "bb"]
    assert len(found["train"]) == 3
    assert len(found["valid"]) == 1
    share = 100 * sum(text in found["train"] for text in found["test"]) / 4
    assert f"{share:.1f} % of test also in train" in data.protocol
    assert "0.0 % of valid" in data.protocol


def test_folders_are_classes(tmp_path: Path) -> None:
    for label, letters in {"low": "ab", "high": "yz"}.items():
        (tmp_path / label).mkdir()
        (tmp_path / label / "x.txt").write_text(
            "\n".join(f"{letters}{letters[0] * n}" for n in range(9))
        )
    data = load_data(tmp_path, lines=True)
    assert data.schema.class_names == ("high", "low")
    for split in ("train", "valid", "test"):
        rows = data.split(split)
        assert rows.labels is not None
        texts = texts_of(data.schema, rows.values)
        named = [data.schema.class_names[label] for label in rows.labels.tolist()]
        assert named == ["low" if text[0] in "ab" else "high" for text in texts]
    again = read_rows(tmp_path, data.schema)
    assert again.labels is not None
    assert again.labels.tolist() == [0] * 9 + [1] * 9
    assert read_rows(tmp_path, data.schema, with_labels=False).labels is None


def test_rows_of_any_length_are_read_under_a_schema(words: Path, tmp_path: Path) -> None:
    schema = load_data(words, lines=True).schema
    (tmp_path / "new.txt").write_text("ba\n\n" + "ab" * 40 + "\n")
    rows = read_rows(tmp_path / "new.txt", schema)
    assert texts_of(schema, rows.values) == ["ba", "ab" * 40]
    assert rows.values.shape == (2, 81)
    assert texts_of(schema, read_rows(["b", "aab"], schema).values) == ["b", "aab"]
    assert read_rows(torch.tensor([[1, 2, 0], [0, 2, 2]]), schema).values.shape == (2, 3)
    same = load_data(["abba", "b", "aaaaaaaaaa", "bb"], lines=True)
    assert same.schema.event_shape != schema.event_shape
    assert len(read_rows(same, schema, split="train")) == 2


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (["ab", "bca"], r"strings: line 2, column 2 \(counted from 1\) holds 'c'"),
        (["ab", ""], r"row 1 \(counted from 0\) is empty"),
        (["ab", "a\ud800"], r"lone surrogate U\+D800"),
        (["a\nb"], r"row 0 \(counted from 0\) holds a line end"),
        (torch.tensor([[1, 0], [1, 2]]), r"row 1 \(counted from 0\) holds no end symbol \(0\)"),
        (torch.tensor([[1, 0], [7, 0]]), r"row 1, position 0 .* holds 7; expected .* in 0..2"),
        (torch.tensor([1, 0]), r"expected shape \(N, length\), got \(2, 1\)|holds no end symbol"),
        (Split(torch.zeros(2, 2, 2, dtype=torch.uint8)), r"expected shape \(N, length\)"),
    ],
)
def test_what_is_no_string_of_the_model_is_named(source: object, told: str) -> None:
    schema = Schema("strings", (5,), 3, symbols=("\n", "a", "b"))
    with pytest.raises(InputError, match=told):
        read_rows(source, schema)


def test_a_foreign_character_is_named_in_its_own_file(words: Path, tmp_path: Path) -> None:
    schema = load_data(words, lines=True).schema
    for name, text in {"a.txt": "ab\nb\n", "b.txt": "ab\nbä\n"}.items():
        (tmp_path / "new").mkdir(exist_ok=True)
        (tmp_path / "new" / name).write_text(text)
    with pytest.raises(InputError, match=r"b\.txt: line 2, column 2 .* holds 'ä'"):
        read_rows(tmp_path / "new", schema)


def test_windows_and_strings_are_not_taken_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("abab\nbaba\naabb\nbbaa\nabba\nbaab\n" * 2)
    lines, windows = load_data(path, lines=True), load_data(path, window=5)
    assert lines.schema.event_shape == windows.schema.event_shape
    assert lines.schema.symbols == windows.schema.symbols
    with pytest.raises(InputError, match=r"expected strings with 3 levels, got shape"):
        read_rows(windows, lines.schema)
    with pytest.raises(InputError, match=r"expected events of shape \(5,\) .* got strings"):
        read_rows(lines, windows.schema)
    other = load_data(["xy", "y", "x", "xx"], lines=True)
    with pytest.raises(InputError, match="expected the characters of the model's data"):
        read_rows(other, lines.schema)


def test_what_cannot_be_read_as_strings(words: Path, tmp_path: Path) -> None:
    for name, text, told in (
        ("empty.txt", "\n\n\n", "expected at least one line that is not empty, got none"),
        ("few.txt", "a\nb\na\nb\n", "at least 3 different strings are needed .* got 2"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=told):
            load_data(tmp_path / name, lines=True)
    with pytest.raises(InputError, match="window cannot be given for strings"):
        load_data(words, lines=True, window=8)
    with pytest.raises(InputError, match="discrete cannot be given"):
        load_data(words, lines=True, discrete=True)
    with pytest.raises(InputError, match=r"lines cannot be given for the named set .digits"):
        load_data("digits", lines=True)
    np_file = tmp_path / "x.csv"
    np_file.write_text("a,b\n0,1\n")
    with pytest.raises(InputError, match="lines cannot be given for the file"):
        load_data(np_file, lines=True)
    with pytest.raises(InputError, match="expected a text file or a list of texts, got Tensor"):
        load_data(torch.zeros(3, 3), lines=True)
    with pytest.raises(InputError, match="labels cannot be given for strings in memory"):
        load_data(["a", "b", "ab"], lines=True, labels=[0, 1, 1])


def test_strings_too_unequal_for_one_table(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_VALUES", 20)
    with pytest.raises(InputError, match="when all strings are filled up to the longest"):
        load_data(words, lines=True)


def test_schemas_of_strings() -> None:
    schema = Schema("strings", (9,), 3, symbols=("a", "\n", "b"))
    assert (schema.end, schema.unit) == (1, "string")
    assert Schema.from_dict(schema.to_dict()) == schema
    assert Schema("text", (9,), 2, symbols=("a", "\n")).end is None
    with pytest.raises(InputError, match="must hold the line end"):
        Schema("strings", (9,), 2, symbols=("a", "b"))
    with pytest.raises(InputError, match="stride must be left out for kind strings"):
        Schema("strings", (9,), 2, symbols=("a", "\n"), stride=3)


def test_the_names(data_dir: Path) -> None:
    if not (data_dir / "text.zip").exists():
        pytest.skip("text.zip is not in ARDEN_DATA")
    data = load_data("names", data_dir=data_dir)
    assert [len(data.split(split)) for split in ("train", "valid", "test")] == [25609, 3221, 3203]
    assert data.schema.symbols == ("\n", *"abcdefghijklmnopqrstuvwxyz")
    assert "32033 lines" in data.protocol
    assert "29494 of them different" in data.protocol
