"""Tables on the command line: shown, fitted with gaps, scored, drawn in their own words."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from arden.cli import main
from arden.data import load_data
from arden.kernels import without_kernels
from tests.cli.words import done, refused

Capture = pytest.CaptureFixture[str]
ROWS = 150


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a .csv of words, whole numbers, real ones and gaps."""
    source = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("tables") / "pets.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "kind", "age", "weight", "fed"])
        for row in range(ROWS):
            gaps = source.random(4) < 0.15
            cells = [
                ["cat", "dog", "fish, gold"][source.integers(3)],
                source.integers(0, 60),
                round(source.normal(10, 3), 1),
                ["yes", "no"][source.integers(2)],
            ]
            written = ["?" if gap else cell for gap, cell in zip(gaps, cells, strict=True)]
            writer.writerow([f"pet{row}", *written])
    return path


@pytest.fixture(scope="module")
def run(pets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run of a system of any order."""
    folder = tmp_path_factory.mktemp("runs") / "pets"
    words = ["fit", "orderless-nade", str(pets), "--out", str(folder), "--hidden", "5"]
    with without_kernels(), pytest.raises(SystemExit) as exited:
        main([*words, "--epochs", "1"])
    assert exited.value.code == 0
    return folder


def test_how_columns_are_read_is_shown_and_can_be_changed(
    pets: Path, tmp_path: Path, capfd: Capture
) -> None:
    out = done(capfd, "data", pets, "--schema-out", tmp_path / "s.toml")
    for word in ("categorical", "integer", "binary", "left out", "cat, dog, fish"):
        assert word in out
    assert "exists already" in refused(capfd, "data", pets, "--schema-out", tmp_path / "s.toml")
    assert "expected a name ending in .toml" in refused(
        capfd, "data", pets, "--schema-out", tmp_path / "s.json"
    )
    told = json.loads(done(capfd, "data", pets, "--schema", tmp_path / "s.toml", "--json"))
    assert [column["kind"] for column in told["table"]] == [
        *("categorical", "integer", "real", "binary")
    ]
    assert told["left_out"] == ["name"]
    assert 0 < told["table"][0]["missing"] < 0.3
    text = (tmp_path / "s.toml").read_text()
    (tmp_path / "s.toml").write_text(text.replace("range = [0, 118]", "range = [0, 30]"))
    if "range = [0, 118]" in text:
        told = refused(capfd, "data", pets, "--schema", tmp_path / "s.toml")
        assert "expected a whole number in 0..30" in told


def test_rows_with_gaps_are_scored_by_what_they_hold(
    pets: Path, run: Path, tmp_path: Path, capfd: Capture
) -> None:
    gappy = int(sum("?" in line for line in pets.read_text().splitlines()))
    out = done(capfd, "score", run, pets, "--out", tmp_path / "s.csv")
    assert f"{gappy} of {ROWS} rows have missing cells: scored by what they hold." in out
    out = done(capfd, "score", run, pets, "--complete-rows", "--out", tmp_path / "c.csv")
    assert f"{gappy} of {ROWS} rows have missing cells: left out." in out
    every = np.loadtxt(tmp_path / "s.csv", skiprows=1)
    whole = np.loadtxt(tmp_path / "c.csv", skiprows=1)
    assert len(every) == len(whole) == ROWS
    assert int(np.isnan(whole).sum()) == gappy
    np.testing.assert_allclose(whole[~np.isnan(whole)], every[~np.isnan(whole)], rtol=1e-6)


def test_systems_of_one_order_refuse_or_take_whole_rows(
    pets: Path, tmp_path: Path, capfd: Capture
) -> None:
    words = ["fit", "made", pets, "--out", tmp_path / "made", "--epochs", 1, "--hidden", 4]
    told = refused(capfd, *words)
    assert "made reads every cell before the next; expected whole rows (--complete-rows" in told
    assert not (tmp_path / "made").exists()
    assert "missing cells left out: " in " ".join(done(capfd, *words, "--complete-rows").split())
    told = refused(capfd, "score", tmp_path / "made", pets)
    assert "has a missing cell, and this model reads every cell before the next" in told


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_draws_are_rows_like_those_that_were_read(
    ending: str, pets: Path, run: Path, tmp_path: Path, capfd: Capture
) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"x{ending}"
    done(capfd, "sample", run, "-n", 30, "--seed", 1, "--out", path)
    json.loads(done(capfd, "score", run, path, "--json"))
    drawn, read = load_data(path), load_data(pets)
    names = [column.name for column in read.schema.columns]
    assert [column.name for column in drawn.schema.columns] == names
    if ending == ".parquet":
        from pyarrow import parquet

        types = [str(kind) for kind in parquet.read_schema(path).types]
        assert types == ["string", "int64", "double", "string"]
        return
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} <= {"cat", "dog", "fish, gold"}
    assert all(row["age"].isdigit() for row in rows)
    assert all(len(row["weight"].partition(".")[2]) == 1 for row in rows)
    assert not any("" in row.values() for row in rows)  # the pattern of missing is not invented


def test_completed_rows_are_those_of_the_file_with_their_gaps_filled(
    pets: Path, run: Path, tmp_path: Path, capfd: Capture
) -> None:
    done(capfd, "complete", run, pets, "--seed", 1, "--out", tmp_path / "x.csv")
    with pets.open(newline="") as before, (tmp_path / "x.csv").open(newline="") as after:
        old_rows, new_rows = csv.DictReader(before), csv.DictReader(after)
        assert old_rows.fieldnames == new_rows.fieldnames  # the column left out is there too
        for old, new in zip(old_rows, new_rows, strict=True):
            for name, cell in new.items():
                assert cell == old[name] or (old[name] == "?" and cell not in ("?", ""))
    words = ["complete", run, pets, "--seed", 1, "--rows", 2, "-n", 2, "--mask", "columns:age"]
    done(capfd, *words, "--out", tmp_path / "two.csv")
    with (tmp_path / "two.csv").open(newline="") as file:
        drawn = list(csv.DictReader(file))
    assert [(row["name"], row["row"]) for row in drawn] == [
        *(("pet0", "0"), ("pet0", "0"), ("pet1", "1"), ("pet1", "1"))
    ]
    assert len({row["age"] for row in drawn}) > 1


ODD = """day,kind,unit,size,note
2024-01-05,"a ""b"", c",kg,1.50,x1
2024-01-06,,kg,,"x,2"
,,,,
2024-01-05,plain,kg,2.25,
"""


def odd_run(folder: Path, *words: object) -> tuple[Path, Path]:
    """A folder -> a table of dates, quotes, a constant and decimals, a row of nothing; its run."""
    path, run = folder / "odd.csv", folder / "odd"
    body = ODD.partition("\n")[2]
    path.write_text(ODD + body * 12)
    told = ["fit", "orderless-nade", path, "--out", run, "--epochs", 1, "--hidden", 4, *words]
    with without_kernels(), pytest.raises(SystemExit) as exited:
        main([str(word) for word in told])
    assert exited.value.code == 0
    return path, run


def test_dates_quotes_constants_and_rows_of_nothing_are_completed(
    tmp_path: Path, capfd: Capture
) -> None:
    path, run = odd_run(tmp_path)
    done(capfd, "complete", run, path, "--seed", 0, "--out", tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        **{"day": "2024-01-05", "kind": 'a "b", c', "unit": "kg", "size": "1.50", "note": "x1"}
    }
    empty = rows[2]
    assert empty["day"] in ("2024-01-05", "2024-01-06")
    assert empty["kind"] in ('a "b", c', "plain")
    assert empty["unit"] == "kg"  # the only word there is
    assert empty["size"] in ("1.5", "2.25")
    assert "" not in [row[name] for row in rows for name in ("day", "kind", "unit", "size")]


def test_words_without_a_level_stay_where_they_were_observed(
    tmp_path: Path, capfd: Capture
) -> None:
    _, run = odd_run(tmp_path, "--unseen", "other")
    new = tmp_path / "new.csv"
    new.write_text("day,kind,unit,size,note\n2025-12-24,odd,kg,,\n,plain,kg,1.50,\n")
    done(capfd, "complete", run, new, "--seed", 0, "--out", tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[1].startswith("2025-12-24,odd,kg,")
    assert lines[2].rpartition(",")[0].partition(",")[2] == "plain,kg,1.50"


def test_a_parquet_file_is_completed_with_its_types(tmp_path: Path, capfd: Capture) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    days = [[None, 1, 2, 1][k % 4] for k in range(48)]
    table = arrow.table(
        {
            "id": arrow.array([f"id{k}" for k in range(48)]),
            "day": arrow.array(days, arrow.date32()),
            "size": arrow.array([None if k == 5 else k / 8 for k in range(48)], arrow.float32()),
            "count": arrow.array([None if k == 6 else k % 3 for k in range(48)], arrow.int16()),
            "fed": arrow.array([None if k == 7 else k % 2 == 0 for k in range(48)]),
            "kind": arrow.array(["a", "b", None] * 16).dictionary_encode(),
        }
    )
    path, run = tmp_path / "x.parquet", tmp_path / "run"
    parquet.write_table(table, path)
    done(
        capfd, "fit", "orderless-nade", path, "--out", run, "--epochs", 1, "--hidden", 4
    )  # fmt: skip
    done(capfd, "complete", run, path, "--seed", 0, "--out", tmp_path / "y.parquet")
    filled = parquet.read_table(tmp_path / "y.parquet")
    assert filled.column_names == table.column_names
    for name in ("id", "day", "size", "count", "fed"):
        assert filled.schema.field(name).type == table.schema.field(name).type
    assert arrow.types.is_dictionary(filled.schema.field("kind").type)
    for name in table.column_names:
        for old, new in zip(table[name].to_pylist(), filled[name].to_pylist(), strict=True):
            assert new is not None
            assert old is None or old == new
    assert "expected .npz, .npy, .csv" in refused(
        capfd, "complete", run, path, "--out", tmp_path / "z.txt"
    )


def test_words_that_were_never_seen(pets: Path, run: Path, tmp_path: Path, capfd: Capture) -> None:
    path = tmp_path / "new.csv"
    path.write_text("kind,age,weight,fed\ncat,3,9.5,yes\ncta,3,9.5,yes\n")
    told = refused(capfd, "score", run, path)
    assert 'new.csv: line 3, column 1 ("kind") (counted from 1) holds "cta"' in told
    assert 'Did you mean "cat"?' in told
    words = ["fit", "orderless-nade", pets, "--out", tmp_path / "other", "--unseen", "other"]
    done(capfd, *words, "--epochs", 1, "--hidden", 4)
    done(capfd, "score", tmp_path / "other", path)
    told = refused(capfd, "fit", "made", "digits", "--unseen", "other")
    assert "unseen cannot be given for" in told
