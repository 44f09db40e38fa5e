"""A table comes back in its own form: its words, its order, its separator; else a sentence."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from arden.errors import InputError
from arden.studio import tabling
from arden.studio.tabling import (
    fill_gaps,
    fit_table,
    make_rows,
    read_table,
    show_columns,
    show_surprising,
    tell_fit,
)


def lines_of(path, delimiter=","):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """A file of words, whole numbers and measures, some cells missing, and one odd row."""
    source = np.random.default_rng(0)
    lines = ["name;pet;legs;sound;weight"]
    for row in range(80):
        bird = source.random() < 0.5
        pet, legs, sound = ("bird", "2", "tweet") if bird else ("cat", "4", "meow")
        weight = f"{source.normal(0.4 if bird else 4.0, 0.1):.2f}"
        lines.append(";".join([f"no. {row}", pet, "" if row % 9 == 0 else legs, sound, weight]))
    lines[41] = "no. 40;bird;4;meow;0.40"
    path = tmp_path_factory.mktemp("tables") / "pets <b>.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fitted(pets):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tabling._OPTIONS, "hidden", (16,))
        patch.setitem(tabling._OPTIONS, "epochs", 120)
        patch.setitem(tabling._OPTIONS, "learning_rate", 2e-2)
        reports = []
        found = fit_table(read_table(pets), reports.append)
    assert reports
    return found


def test_columns_are_told(pets):
    told = show_columns(read_table(pets))
    assert "80" in told
    assert "bird, cat" in told
    assert "<dd>9</dd>" in told
    assert "Column name is left out" in told


def test_the_fit_is_told(fitted):
    assert "8 rows" in tell_fit(fitted)


def test_the_odd_row_is_among_the_few_shown_and_its_cell_stands_out(fitted):
    shown = show_surprising(fitted)
    rows = shown.partition("<tbody>")[2].split("</tr>")
    assert len(rows) - 1 < 20
    [odd] = [row for row in rows if ">bird<" in row and ">meow<" in row]
    assert "background:rgb" in odd


def test_gaps_are_filled_and_nothing_else_changes(pets, fitted, tmp_path):
    shown, path = fill_gaps(fitted, tmp_path)
    assert path.name == "pets <b>-filled.csv"
    before, after = lines_of(pets, ";"), lines_of(path, ";")
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        for was, now in zip(old, new, strict=True):
            assert now in ("2", "4") if was == "" else now == was
    assert shown.count("font-weight:600") == 9


def test_rows_are_made_up_in_the_files_own_words(fitted, tmp_path):
    shown, path = make_rows(fitted, 30, tmp_path)
    header, *rows = lines_of(path, ";")
    assert header == ["pet", "legs", "sound", "weight"]
    assert len(rows) == 30
    assert {row[0] for row in rows} <= {"bird", "cat"}
    assert "30 independent draws" in shown


def test_a_parquet_file_comes_back_as_one(tmp_path):
    pandas = pytest.importorskip("pandas", reason="needs the extra table")
    pytest.importorskip("pyarrow", reason="needs the extra table")
    frame = pandas.DataFrame({"a": ["x", "y"] * 10, "b": [1, 2, 3, 5] * 5})
    frame.to_parquet(tmp_path / "small.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tabling._OPTIONS, "epochs", 1)
        found = fit_table(read_table(tmp_path / "small.parquet"))
    _, path = make_rows(found, 10, tmp_path)
    made = pandas.read_parquet(path)
    assert list(made.columns) == ["a", "b"]
    assert set(made["a"]) <= {"x", "y"}


def test_a_fit_that_is_asked_to_stop_keeps_its_best_weights(pets):
    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    found = fit_table(read_table(pets), stop)
    assert found.result.ended.startswith("stopped")
    assert found.result.best_epoch == 1
    assert "epoch 1 is kept" in tell_fit(found)


def test_a_fit_ends_when_its_time_is_up(pets, monkeypatch):
    monkeypatch.setattr(tabling, "_SECONDS", 0.0)
    assert fit_table(read_table(pets)).result.ended.startswith("stopped")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bad.csv", "a,b\n1,2\n3\n", "bad.csv: line 3"),
        ("empty.csv", "", "empty.csv"),
        ("short.csv", "a,b\n1,2\n", "at least 3 rows"),
        ("sheet.xlsx", "PK", "expected a .csv or .parquet file, got sheet.xlsx"),
        ("noise.parquet", "PK", "noise.parquet"),
        ("wide.csv", ",".join(f"c{i}" for i in range(70)) + "\n" + ("1," * 69 + "1\n") * 5, "60"),
    ],
)
def test_bad_files_are_refused_by_their_own_name(tmp_path, name, content, sentence):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as refused:
        read_table(tmp_path / name)
    assert sentence in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_a_big_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tabling, "MOST_BYTES", 1_000_000)
    (tmp_path / "big.csv").write_text("a,b\n" + "1,2\n" * 400_000)
    with pytest.raises(InputError, match=r"at most 1 MB here, got 1\.6 MB"):
        read_table(tmp_path / "big.csv")


def test_a_table_without_gaps_has_none_to_fill(tmp_path):
    (tmp_path / "whole.csv").write_text("a,b\n" + "x,1\ny,2\n" * 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tabling._OPTIONS, "epochs", 1)
        found = fit_table(read_table(tmp_path / "whole.csv"))
    with pytest.raises(InputError, match="nothing to fill"):
        fill_gaps(found, tmp_path)
