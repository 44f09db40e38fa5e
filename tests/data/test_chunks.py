"""Files read piece by piece: the same rows, the same sentences, never the whole file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.data import Column, Schema, read_rows
from arden.data.readers.csv_file import csv_chunks, read_csv
from arden.data.readers.numpy_file import array_chunks
from arden.data.reading import read_chunks
from arden.errors import ArdenError

TABLE = Schema("table", (2,), 3, (Column("a", "integer", 3), Column("b", "integer", 3)))
IMAGE = Schema("image", (2, 3), 17)
ROWS = np.random.default_rng(0).integers(0, 3, (23, 2))


def write_csv(path, rows=ROWS, header="b,a\n", end="\n"):
    text = header + "".join(",".join(map(str, row)) + "\n" for row in rows) + end
    path.write_text(text)
    return path


def message(action) -> str:
    with pytest.raises(ArdenError) as caught:
        list(action())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("most_rows", [1, 2, 7, 22, 23, 24, 1000])
def test_chunks_are_the_rows_of_the_whole(tmp_path, most_rows):
    path = write_csv(tmp_path / "x.csv")
    np.save(tmp_path / "x.npy", ROWS)
    np.savez(tmp_path / "x.npz", x=ROWS)
    for source in (path, f"{tmp_path}/x.npy", tmp_path / "x.npz", ROWS):
        whole = read_rows(source, TABLE)
        chunks = list(read_chunks(source, TABLE, most_rows))
        assert [len(rows) for rows, _ in chunks[:-1]] == [most_rows] * (len(chunks) - 1)
        assert torch.cat([rows.values for rows, _ in chunks]).equal(whole.values)
        shares = [share for _, share in chunks]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert shares[0] > 0
    raws = [raw for raw, _ in csv_chunks(path, most_rows)]
    lines = np.concatenate([raw.parts["all"].lines for raw in raws])
    assert lines.tolist() == read_csv(path).parts["all"].lines.tolist()


def test_images_fortran_order_and_labels(tmp_path):
    images = np.random.default_rng(1).integers(0, 17, (9, 2, 3))
    np.save(tmp_path / "x.npy", np.asfortranarray(images))
    found = torch.cat([rows.values for rows, _ in read_chunks(tmp_path / "x.npy", IMAGE, 4)])
    assert found.tolist() == images.tolist()
    labelled = Schema("image", (2, 3), 17, class_names=("0", "1"))
    np.savez(tmp_path / "y.npz", x=images, y=np.arange(9) % 2)
    labels = torch.cat([rows.labels for rows, _ in read_chunks(tmp_path / "y.npz", labelled, 4)])
    assert labels.tolist() == (np.arange(9) % 2).tolist()


def test_nothing_is_read_ahead_of_need(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("w") as file:
        file.write("a,b\n" + "0,1\n" * 100_000 + "0,oops\n")
    chunks = read_chunks(path, TABLE, 10)
    rows, share = next(chunks)
    assert len(rows) == 10
    assert share < 0.1
    assert 'line 100002, column 2 ("b") holds "oops"' in message(lambda: chunks)


def test_wrong_values_are_named_by_their_place_in_the_file(tmp_path):
    rows = ROWS.copy()
    rows[17, 1] = 7
    np.save(tmp_path / "x.npy", rows)
    path = write_csv(tmp_path / "x.csv", rows)
    for source in (tmp_path / "x.npy", path, rows):
        told = message(lambda source=source: read_chunks(source, TABLE, 5))
        assert told == message(lambda source=source: [read_rows(source, TABLE)])
    assert "line 19" in message(lambda: read_chunks(path, TABLE, 5))
    assert "x.npy: row 17, column 1" in message(lambda: read_chunks(tmp_path / "x.npy", TABLE, 5))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected rows of numbers, got an empty file"),
        ("a,b\n", "expected rows of numbers, got a header line alone"),
        ("a,b\n0,1\n0\n", "line 3 has 1 field; expected 2"),
        ("a,b\n0,1\n\n0,1\n", "line 3 has 0 fields"),
        ("a,c\n0,1\n", 'lacks the column "b"'),
        ("0,1\n0,\xe9\n", "expected a text file in UTF-8"),
    ],
)
def test_bad_csv_files(tmp_path, text, told):
    (tmp_path / "x.csv").write_bytes(text.encode("latin-1"))
    assert told in message(lambda: read_chunks(tmp_path / "x.csv", TABLE, 2))


def test_empty_lines_at_the_end_are_no_rows(tmp_path):
    path = write_csv(tmp_path / "x.csv", end="\n\n\n")
    assert sum(len(rows) for rows, _ in read_chunks(path, TABLE, 23)) == 23


def test_bad_arrays(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, ROWS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert "it is damaged or cut short" in message(lambda: array_chunks(path, 5))
    path.write_bytes(b"no array at all")
    assert "no array at all" in message(lambda: array_chunks(path, 5))
    np.save(path, np.array([{}, {}], dtype=object), allow_pickle=True)
    assert "it holds Python objects, which are not loaded" in message(lambda: array_chunks(path, 5))
    np.save(path, np.array(3.0))
    assert "expected rows, got a single value" in message(lambda: array_chunks(path, 5))
    np.save(path, np.array(["a", "b"]))
    assert "expected numbers" in message(lambda: array_chunks(path, 5))
    np.save(path, np.zeros((0, 2)))
    assert [len(rows) for rows, _ in read_chunks(path, TABLE, 5)] == [0]


def test_splits(tmp_path):
    path = write_csv(tmp_path / "x.csv")
    told = message(lambda: read_chunks(f"{path}:valid", TABLE, 5))
    assert "no splits, only rows" in told
    np.savez(tmp_path / "x.npz", train=ROWS[:3], test=ROWS[3:])
    assert sum(len(r) for r, _ in read_chunks(f"{tmp_path}/x.npz:train", TABLE, 2)) == 3
    digits = Schema("image", (8, 8), 2)
    assert (
        sum(len(r) for r, _ in read_chunks("digits:valid", digits, 100, with_labels=False)) == 180
    )
