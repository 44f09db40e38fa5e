"""Tables read column by column: kinds, missing cells, schemas as TOML, and rows given back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from arden.data import Column, Schema, load_data, read_rows
from arden.data.column import LeftOut
from arden.data.decoding import cells_of, to_frame
from arden.data.reading import read_chunks
from arden.data.recording import heaped_values
from arden.data.schema_files import schema_as_toml, schema_from_toml
from arden.errors import ArdenError, FileError, InputError

SOURCE = np.random.default_rng(0)
ROWS = 120


def cells() -> dict[str, list[str]]:
    """() -> a table of every kind, cells as a file writes them."""
    pick = SOURCE.integers(0, 3, ROWS)
    return {
        "pet": [["cat", "dog", "fish, gold"][k] for k in pick],
        "sex": [["f", "m"][k % 2] for k in pick],
        "grade": [str(k + 1) for k in SOURCE.integers(0, 5, ROWS)],
        "age": [str(k) for k in SOURCE.integers(18, 90, ROWS)],
        "weight": [f"{w:.1f}" for w in SOURCE.normal(10, 3, ROWS)],
        "half": [["0.5", "1.0", "1.5"][k] for k in pick],
        "code": [["00501", "00502", "10001"][k] for k in pick],
        "planet": ["earth"] * ROWS,
        "name": [f"pet{k}" for k in range(ROWS)],
        "number": [str(k) for k in range(ROWS)],
        "empty": ["?"] * ROWS,
    }


def write(path: Path, columns: dict[str, list[str]], header: bool = True) -> Path:
    """A path, columns -> the .csv there; cells with commas are quoted."""
    lines = [list(columns)] if header else []
    lines += [list(row) for row in zip(*columns.values(), strict=True)]
    quoted = [[f'"{c}"' if "," in c else c for c in line] for line in lines]
    path.write_text("\n".join(",".join(line) for line in quoted) + "\n", encoding="utf-8")
    return path


def message(action) -> str:
    with pytest.raises(ArdenError) as caught:
        action()
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_every_column_is_read_by_its_own_kind(tmp_path):
    data = load_data(write(tmp_path / "x.csv", cells()))
    kinds = {column.name: column.kind for column in data.schema.columns}
    assert kinds == {
        "pet": "categorical",
        "sex": "binary",
        "grade": "ordinal",
        "age": "integer",
        "weight": "real",
        "half": "ordinal",
        "code": "categorical",  # zeros before a number belong to a name
        "planet": "constant",
    }
    assert [one.name for one in data.schema.left_out] == ["name", "number", "empty"]
    column = {column.name: column for column in data.schema.columns}
    assert column["pet"].levels == ("cat", "dog", "fish, gold")
    assert column["grade"].levels == (1, 2, 3, 4, 5)
    assert column["half"].levels == (0.5, 1.0, 1.5)
    assert column["age"].low == 0
    assert column["age"].num_symbols > 89
    assert column["weight"].decimals == 1
    assert "name (all 120 cells differ: they tell rows apart, not kinds)" in data.protocol
    assert "number (it numbers the rows)" in data.protocol
    assert all(column.note for column in data.schema.columns)


def test_an_arrow_table_may_hold_a_column_twice_under_two_names():
    arrow = pytest.importorskip("pyarrow")
    found = load_data(arrow.table({"a": [1, 2, 3] * 4, "b": [1, 2, 3] * 4}))
    assert [column.name for column in found.schema.columns] == ["a", "b"]


def test_missing_cells_are_unobserved_and_never_a_value(tmp_path):
    columns = cells()
    for place, mark in enumerate(("", "?", "NA", "n/a", "NaN", "null")):
        columns["weight"][place] = columns["pet"][place] = columns["age"][place] = mark
    path = write(tmp_path / "x.csv", columns)
    data = load_data(path)
    whole = read_rows(path, data.schema)
    assert whole.observed is not None
    names = [column.name for column in data.schema.columns]
    for name in ("weight", "pet", "age"):
        assert whole.observed[:, names.index(name)].tolist() == [False] * 6 + [True] * (ROWS - 6)
    assert "18 of 960 cells missing, in 6 of 120 rows, kept unobserved" in data.protocol
    assert not bool((whole.values < 0)[:, names.index("age")].any())
    marked = load_data(path, missing=["", "?", "na", "n/a", "nan", "null", "cat"])
    assert marked.schema.columns[0].levels == ("dog", "fish, gold")
    told = load_data(path, complete_rows=True)
    assert told.train.observed is None
    assert "Rows with missing cells left out:" in told.protocol
    assert sum(len(told.split(s)) for s in ("train", "valid", "test")) == ROWS - 6


def test_a_schema_goes_through_toml_and_json_exactly(tmp_path):
    schema = load_data(write(tmp_path / "x.csv", cells())).schema
    again = schema_from_toml(schema_as_toml(schema))
    assert again == schema
    assert [c.note for c in again.columns] == [c.note for c in schema.columns]
    assert [c.note for c in again.left_out] == [c.note for c in schema.left_out]
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    odd = Schema(
        "table",
        (2,),
        None,
        (
            Column(
                'a "b" \\ é\n\x7f', "categorical", 3, levels=("", "\t", "x = 1"), dtype="string"
            ),
            Column("b", "ordinal", 2, levels=(True, False), dtype="bool"),
        ),
        missing=("?",),
        left_out=(LeftOut("c", "why not"),),
    )
    assert schema_from_toml(schema_as_toml(odd)) == odd
    assert "expected that of a table" in message(lambda: schema_as_toml(Schema("table", (2,), 2)))


def test_a_given_schema_decides(tmp_path):
    path = write(tmp_path / "x.csv", cells())
    text = """
    column = [
      {name = "grade", kind = "integer", range = [0, 9]},
      {name = "pet", kind = "ordinal", levels = ["fish, gold", "cat", "dog"]},
      {name = "name", kind = "left out"},
    ]
    """
    (tmp_path / "s.toml").write_text(text)
    told = message(lambda: load_data(path, schema=tmp_path / "s.toml"))
    assert 'has a column "sex" that the model does not know' in told
    small = {name: cells()[name] for name in ("pet", "name", "grade")}
    data = load_data(write(tmp_path / "y.csv", small), schema=tmp_path / "s.toml")
    assert [column.name for column in data.schema.columns] == ["grade", "pet"]
    assert data.schema.columns[0].low == 0
    small["pet"][7] = "cow"
    told = message(lambda: load_data(write(tmp_path / "z.csv", small), schema=tmp_path / "s.toml"))
    assert 'line 9, column 1 ("pet") (counted from 1) holds "cow"; expected one of fish' in told
    both = message(lambda: load_data(path, schema=data.schema, unseen="other"))
    assert "expected one of them" in both


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("column = 3", "expected the columns as [[column]] entries"),
        ("nonsense", "not valid TOML"),
        ("colunm = []", 'unknown key "colunm"'),
        ("column = [{kind = 'real'}]", "column 1: expected a name"),
        ("column = [{name = 'a', kind = 'rael'}]", 'Did you mean "real"?'),
        ("column = [{name = 'a', kind = 'categorical'}]", "needs levels"),
        ("column = [{name = 'a', kind = 'integer', range = [3]}]", "two whole numbers"),
        ("column = [{name = 'a', kind = 'integer', range = [3, 1]}]", "two whole numbers"),
        ("column = [{name = 'a', kind = 'real', range = [0, 1]}]", "neither levels nor a range"),
        ("column = [{name = 'a', kind = 'binary', levels = ['x']}]", "must be 2"),
        ("column = [{name = 'a', kind = 'left out'}]", "at least one column"),
        ("column = [{name = 'a', kind = 'real', level = 1}]", 'unknown key "level"'),
        ("missing = [3]\ncolumn = [{name = 'a', kind = 'real'}]", "missing must be a list"),
    ],
)
def test_impossible_schema_files(tmp_path, text, told):
    (tmp_path / "s.toml").write_text(text)
    path = write(tmp_path / "x.csv", {"a": ["1", "2", "3"]})
    assert told in message(lambda: load_data(path, schema=tmp_path / "s.toml"))
    with pytest.raises(FileError):
        load_data(path, schema=tmp_path / "none.toml")


def test_words_that_were_never_seen(tmp_path):
    data = load_data(write(tmp_path / "x.csv", cells()))
    foreign = {name: column[:3] for name, column in cells().items()}
    foreign["pet"][1] = "dgo"
    path = write(tmp_path / "new.csv", foreign)
    told = message(lambda: read_rows(path, data.schema))
    assert 'new.csv: line 3, column 1 ("pet") (counted from 1) holds "dgo"; expected one of' in told
    assert 'Did you mean "dog"?' in told
    columns = cells()
    columns["pet"][0] = "once"
    other = load_data(write(tmp_path / "y.csv", columns), unseen="other")
    assert other.schema.columns[0].levels == ("cat", "dog", "fish, gold", "(other)")
    assert read_rows(path, other.schema).values[:, 0].tolist()[1] == 3
    assert "unseen: expected refuse or other" in message(lambda: load_data(path, unseen="ignore"))


def test_a_slip_is_no_category(tmp_path):
    columns = cells()
    columns["age"][4] = "4O"
    told = message(lambda: load_data(write(tmp_path / "x.csv", columns)))
    assert 'line 6, column 4 ("age") holds "4O", but 119 of the 120 known cells' in told


def test_chunks_are_the_rows_of_the_whole(tmp_path):
    columns = cells()
    columns["weight"][5] = "?"
    path = write(tmp_path / "x.csv", columns)
    schema = load_data(path).schema
    whole = read_rows(path, schema)
    chunks = [rows for rows, _ in read_chunks(path, schema, 7)]
    assert torch.cat([rows.values for rows in chunks]).equal(whole.values)
    gaps = [rows.observed for rows in chunks if rows.observed is not None]
    assert len(gaps) == 1
    assert int((~gaps[0]).sum()) == 1


def test_tables_without_names_are_matched_by_place(tmp_path):
    small = {name: cells()[name] for name in ("age", "weight")}
    small["weight"][0] = ""
    path = write(tmp_path / "x.csv", small, header=False)
    data = load_data(path)
    assert [column.name for column in data.schema.columns] == ["x0", "x1"]
    assert len(read_rows(path, data.schema)) == ROWS
    narrow = write(tmp_path / "y.csv", {"age": cells()["age"]}, header=False)
    assert "expected 2 columns, got 1" in message(lambda: read_rows(narrow, data.schema))


def frame(pandas):
    """pandas -> a frame of every type, some cells missing."""
    days = pandas.to_datetime(["2020-01-01", "2020-01-02"] * 20)
    return pandas.DataFrame(
        {
            "count": pandas.array([1, None, 50, 7] * 10, dtype="Int64"),
            "size": [0.25, np.nan, 1.75, 3.5] * 10,
            "kind": pandas.Categorical(
                ["lo", "hi", None, "hi"] * 10, categories=["lo", "hi"], ordered=True
            ),
            "word": ["a", "b", "c", None] * 10,
            "yes": [True, False] * 20,
            "day": days,
        }
    )


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_come_back_in_their_own_types(library):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    module = pytest.importorskip(library)
    source = frame(pandas)
    if library == "polars":
        source = module.from_pandas(source)
    elif library == "pyarrow":
        source = module.Table.from_pandas(source, preserve_index=False)
    data = load_data(source)
    ordered = "binary" if library == "polars" else "ordinal"  # polars' categories have no order
    kinds = ["integer", "real", ordered, "categorical", "binary", "binary"]
    assert [column.kind for column in data.schema.columns] == kinds
    rows = read_rows(source, data.schema)
    back = to_frame(rows.values, data.schema, rows.observed, library=library)
    assert type(back) is type(source)
    columns = list(source.column_names if library == "pyarrow" else source.columns)
    for name in columns:
        ours = pandas.Series(back[name].to_pylist() if library == "pyarrow" else list(back[name]))
        theirs = pandas.Series(
            source[name].to_pylist() if library == "pyarrow" else list(source[name])
        )
        assert ours.isna().tolist() == theirs.isna().tolist(), name
        known = ~ours.isna()
        assert ours[known].tolist() == theirs[known].tolist(), name


def test_frames_that_cannot_be_read():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    mixed = pandas.DataFrame({"a": [1, "x", 2]})
    assert "expected columns of one type each" in message(lambda: load_data(mixed))
    twice = pandas.DataFrame([[1, 2]] * 3, columns=["a", "a"])
    assert 'distinct names, got "a" twice' in message(lambda: load_data(twice))
    lists = pandas.DataFrame({"a": [[1], [2], [3]], "b": [1, 2, 3]})
    assert [one.name for one in load_data(lists).schema.left_out] == ["a"]
    assert "library: expected one of" in message(
        lambda: to_frame(torch.zeros(1, 1), load_data(lists).schema, library="numpy")
    )


def test_parquet_in_and_out(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    pandas = pytest.importorskip("pandas")
    path = tmp_path / "x.parquet"
    parquet.write_table(arrow.Table.from_pandas(frame(pandas), preserve_index=False), path)
    data = load_data(path)
    assert "sha256" in data.protocol
    whole = read_rows(str(path), data.schema)
    chunks = [rows for rows, _ in read_chunks(path, data.schema, 7)]
    assert torch.cat([rows.values for rows in chunks]).equal(whole.values)
    path.write_bytes(path.read_bytes()[:100])
    assert "not a readable Parquet file" in message(lambda: load_data(path))


def test_cells_are_given_back_as_they_were_written(tmp_path):
    path = write(tmp_path / "x.csv", cells())
    data = load_data(path)
    rows = read_rows(path, data.schema)
    found = cells_of(rows.values, data.schema)
    first = {name: column[0] for name, column in found.items()}
    assert first["pet"] in ("cat", "dog", "fish, gold")
    assert isinstance(first["age"], int)
    assert isinstance(first["weight"], float)
    again = write(tmp_path / "y.csv", {n: [str(c) for c in col] for n, col in found.items()})
    assert read_rows(again, data.schema).values.equal(rows.values)


def test_heaps():
    smooth = torch.arange(100).repeat(20)
    assert heaped_values(smooth) == ()
    assert heaped_values(torch.cat([smooth, torch.full((100,), 40)])) == (40,)
    assert heaped_values(torch.zeros(0)) == ()
    assert heaped_values(torch.tensor([3] * 5 + [7] * 50)) == (7,)


def test_only_missing_and_only_identifiers(tmp_path):
    told = message(
        lambda: load_data(
            write(tmp_path / "x.csv", {"a": ["?"] * 5, "b": ["x", "y", "z", "v", "w"]})
        )
    )
    assert "no column is a variable (a: no cell is known; b: all 5 cells differ" in told
    gaps = {"a": ["1", "2", "?"] * 10, "b": ["?", "?", "4"] * 10}
    path = write(tmp_path / "y.csv", gaps)
    with pytest.raises(InputError, match="none of the"):
        load_data(path, complete_rows=True)


def test_conditions_are_in_the_words_of_the_table(tmp_path):
    from arden.data.conditions import parse_conditions

    schema = load_data(write(tmp_path / "x.csv", cells())).schema
    place = [column.name for column in schema.columns].index
    column = {column.name: column for column in schema.columns}
    asked = parse_conditions('age >= 30 and pet in {cat, "fish, gold"} and grade < 3', schema)
    assert asked[place("pet")] == {0, 2}
    assert asked[place("grade")] == {0, 1}
    low, count = column["age"].low, column["age"].num_symbols
    assert asked[place("age")] == set(range(30 - low, count))
    assert parse_conditions("half = 1.5 and sex != f", schema) == {
        place("half"): {2},
        place("sex"): {1},
    }
    assert 'Did you mean "cat"?' in message(lambda: parse_conditions("pet = cta", schema))
    assert "words without an order" in message(lambda: parse_conditions("pet > cat", schema))
    assert "expected a level 1 … 5" in message(lambda: parse_conditions("grade = 9", schema))
