"""Rows as JSON holds them: the same rows as a file's, and every wrong form refused by its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from arden.data import Column, Schema, load_data, read_rows
from arden.data.plain_rows import plain_beginnings, plain_documents, plain_rows, to_plain_rows
from arden.data.windows import scoring_windows
from arden.errors import InputError

BITS = Schema("image", (2, 3), 2)
LETTERS = ("\n", "a", "b", "c")
STRINGS = Schema("strings", (4,), 4, symbols=LETTERS)
TEXT = Schema("text", (6,), 4, symbols=LETTERS, stride=3)
SOUND = Schema("audio", (4,), 256, sample_rate=8000, stride=2)
PETS = Schema(
    "table",
    (4,),
    None,
    (
        Column("pet", "binary", 2, levels=("cat", "dog"), dtype="string"),
        Column("age", "integer", 30, low=1, dtype="int64"),
        Column("weight", "real", decimals=2, dtype="double"),
        Column("tame", "binary", 2, levels=(False, True), dtype="bool"),
    ),
    missing=("?",),
)


def test_images_come_nested_or_flat_and_with_holes() -> None:
    x = torch.randint(0, 2, (4, 2, 3), generator=torch.Generator().manual_seed(0))
    for rows in (x.tolist(), x.flatten(1).tolist()):
        found = plain_rows(rows, BITS)
        assert torch.equal(found.values, x.to(torch.uint8))
        assert found.observed is None
    holes = x.flatten(1).tolist()
    holes[1][5] = holes[3][0] = None
    found = plain_rows(holes, BITS)
    assert found.observed is not None
    assert [tuple(at) for at in (~found.observed).nonzero().tolist()] == [(1, 1, 2), (3, 0, 0)]
    assert torch.equal(found.values[found.observed], x.to(torch.uint8)[found.observed])


def test_records_and_lists_of_cells_are_one_table() -> None:
    records: list[Any] = [
        {"pet": "dog", "age": 2, "weight": 1, "tame": True},
        {"tame": None, "weight": "2.5", "age": "30", "pet": "?"},
        ["cat", 1, None, False],
    ]
    found = plain_rows(records, PETS)
    known = torch.tensor([[1, 1, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]]).bool()
    assert found.observed is not None
    assert torch.equal(found.observed, known)
    wanted = torch.tensor([[1, 1, 1, 1], [0, 29, 2.5, 0], [0, 0, 0, 0]]).double()
    assert torch.equal(found.values, wanted)
    # What a model says is a row that can be asked about again.
    again = plain_rows(to_plain_rows(found.values, PETS), PETS)
    assert torch.equal(again.values, found.values)
    assert to_plain_rows(found.values, PETS)[0] == {**records[0], "weight": 1.0}


def test_booleans_and_numbers_are_the_words_that_say_them() -> None:
    """A .csv wrote true and FALSE, and codes that are no numbers."""
    columns = (
        Column("tame", "binary", 2, levels=("FALSE", "true"), dtype="string"),
        Column("code", "categorical", 3, levels=("01", "1", "x"), dtype="string"),
    )
    schema = Schema("table", (2,), None, columns)
    found = plain_rows([[True, 1], [False, "01"], ["true", "1"], [None, None]], schema)
    assert found.values[:3].tolist() == [[1, 1], [0, 0], [1, 1]]
    with pytest.raises(InputError, match="holds 0"):
        plain_rows([[0, 1]], schema)


def test_records_of_nameless_columns_are_read_by_name() -> None:
    plain = Schema("table", (3,), 5)
    found = plain_rows([{"x2": 4, "x0": 1, "x1": 0}, [1, 0, 4]], plain)
    assert found.values.tolist() == [[1, 0, 4], [1, 0, 4]]


@pytest.mark.parametrize("source", ["frame", "file"])
def test_cells_mean_what_they_mean_in_a_file(source: str, tmp_path: Any) -> None:
    pandas = pytest.importorskip("pandas", reason="needs the extra table")
    chance = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "kind": chance.choice(["x", "y", "z"], 40),
            "count": chance.integers(3, 9, 40),
            "size": chance.normal(size=40).round(3),
        }
    )
    frame.loc[3, "kind"] = None
    if source == "file":
        frame.to_csv(tmp_path / "x.csv", index=False)
    data = load_data(str(tmp_path / "x.csv") if source == "file" else frame)
    expected = read_rows(frame, data.schema)
    plain = frame.astype(object).where(frame.notna(), None).to_dict("records")
    found = plain_rows(plain, data.schema)
    assert torch.equal(found.values, expected.values)
    assert found.observed is not None
    assert expected.observed is not None
    assert torch.equal(found.observed, expected.observed)


def test_strings_end_and_documents_are_windows() -> None:
    found = plain_rows(["ab", "c"], STRINGS)
    assert found.values.tolist() == [[1, 2, 0], [3, 0, 0]]
    assert to_plain_rows(found.values, STRINGS) == ["ab", "c"]
    windows, document = plain_documents(["abcabcab", "a\n"], TEXT)
    assert to_plain_rows(windows.values[:1], TEXT) == ["abcabc"]
    symbols = [np.array([1, 2, 3, 1, 2, 3, 1, 2], np.uint8), np.array([1, 0], np.uint8)]
    expected = scoring_windows(symbols, 6, 3).take()
    assert torch.equal(windows.values, expected.values)
    assert document.tolist() == [0, 0, 1]
    windows, document = plain_documents([[0, 255.0, 3], [1, 2, 3, 4, 5]], SOUND)
    assert document.tolist() == [0, 1, 1]
    assert windows.values[0].tolist() == [0, 255, 3, 0]


def test_beginnings_have_what_follows_them_unknown() -> None:
    found = plain_beginnings(["ab", ["a", None, "c"]], STRINGS)
    assert found.values.tolist() == [[1, 2, 0], [1, 0, 3]]
    assert found.observed is not None
    assert found.observed.tolist() == [[True, True, False], [True, False, True]]
    found = plain_beginnings(["", [None, "b"]], TEXT)
    assert found.observed is not None
    assert (found.values.shape, int(found.observed.sum())) == ((2, 6), 1)
    found = plain_beginnings([[7, None, 255]], SOUND)
    assert found.values.tolist() == [[7, 0, 255, 0]]


@pytest.mark.parametrize(
    ("rows", "schema", "told"),
    [
        ([], BITS, "at least one row"),
        ([3], BITS, "row 0 (counted from 0) is a int; expected a list"),
        ([[0, 1]], BITS, "expected shape (N, 2, 3)"),
        ([[0, 1, 1, 0, 1, 2]], BITS, "pixel (1, 2) (counted from 0) holds 2"),
        ([[0, 1, 1, 0, 1, 10**400]], BITS, "up to 1e308"),
        ([[0, 1, 1, 0, 1, "a"]], BITS, "expected numbers"),
        ([[0, 1, 1, 0, 1, [1]]], BITS, "ragged"),
        ([[0, 1, 1, None, 1, {}]], BITS, "expected a number"),
        ([{"pet": "cat"}], PETS, 'lacks the column "age"; expected null'),
        ([{"pet": "cat", "agee": 1, "weight": 1, "tame": True}], PETS, 'Did you mean "agee"?'),
        (
            [{"pet": "cat", "age": 1, "weight": 1, "tame": True, "x": 1}],
            PETS,
            'a column "x" that the model does not know',
        ),
        ([["cow", 1, 1, True]], PETS, 'column 0 ("pet") (counted from 0) holds "cow"'),
        ([["cat", 31, 1, True]], PETS, "expected a whole number in 1..30"),
        ([["cat", [1], 1, True]], PETS, "holds a list; expected a text, a number or null"),
        ([["cat", 1, 10**400, True]], PETS, "beyond 1e308"),
        ([["cat", 1]], PETS, "expected 4 cells, got 2"),
        (["cat"], PETS, "is a str; expected a record or a list"),
        ([5], STRINGS, "is a int; expected a text"),
        (["a", ""], STRINGS, "row 1 (counted from 0) is empty"),
        (["ax"], STRINGS, "holds 'x', which is not one of the model's 4 characters"),
    ],
)
def test_wrong_rows_are_named_by_their_place(rows: Any, schema: Schema, told: str) -> None:
    with pytest.raises(InputError) as refused:
        plain_rows(rows, schema)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "schema", "told"),
    [
        ([""], TEXT, "row 0 (counted from 0) is empty"),
        ([3], TEXT, "is a int; expected a text"),
        (["\ud800"], TEXT, "lone surrogate U+D800"),
        ([[256]], SOUND, "no list of whole numbers in 0..255"),
        ([[True]], SOUND, "no list of whole numbers in 0..255"),
        ([[0.5]], SOUND, "no list of whole numbers in 0..255"),
        ([[float("nan")]], SOUND, "no list of whole numbers in 0..255"),
        (["a"], SOUND, "no list of whole numbers in 0..255"),
    ],
)
def test_wrong_documents_are_refused(rows: Any, schema: Schema, told: str) -> None:
    with pytest.raises(InputError) as refused:
        plain_documents(rows, schema)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "schema", "told"),
    [
        ([3], STRINGS, "is a int; expected a text or a list"),
        ([["ab"]], STRINGS, "row 0, place 0 (counted from 0) holds 'ab'; expected a character"),
        ([[1]], TEXT, "holds 1; expected a character or null"),
        (["abcabca"], TEXT, "at most 6 characters, the window of the model, got 7"),
        ([[1, 2, 3, 4, 5]], SOUND, "at most 4 samples"),
        (["ax"], STRINGS, "holds 'x'"),
    ],
)
def test_wrong_beginnings_are_refused(rows: Any, schema: Schema, told: str) -> None:
    with pytest.raises(InputError) as refused:
        plain_beginnings(rows, schema)
    assert told in str(refused.value)
