"""Rows for a fitted model: no inference, only the stored schema."""

import numpy as np
import pytest
import torch

from arden.data import Column, Schema, Split, load_data, read_rows
from arden.errors import ArdenError, InputError

TABLE = Schema("table", (2,), 3, (Column("a", "integer", 3), Column("b", "integer", 3)))
IMAGE = Schema("image", (2, 3), 17, class_names=("cat", "dog"))
FLAT = np.arange(24).reshape(4, 6) % 17


class Frame:
    def __init__(self, array, columns):
        self.array, self.columns = np.asarray(array), columns

    def to_numpy(self):
        return self.array


def message(source, schema, **options):
    with pytest.raises(ArdenError) as caught:
        read_rows(source, schema, **options)
    return str(caught.value)


def test_levels_come_from_the_schema_not_from_the_rows():
    rows = read_rows(np.zeros((1, 2)), TABLE)
    assert rows.values.dtype == torch.uint8
    reals = read_rows(np.zeros((1, 2), dtype=int), Schema("table", (2,)))
    assert reals.values.dtype == torch.float64
    assert "data: row 0, column 1" in message([[0, 3]], TABLE)
    assert len(read_rows(np.zeros((0, 2)), TABLE)) == 0


def test_images_may_be_flattened(tmp_path):
    np.savetxt(tmp_path / "x.csv", FLAT, fmt="%d", delimiter=",")
    np.save(tmp_path / "x.npy", FLAT.reshape(4, 2, 3))
    for source in (FLAT, FLAT.reshape(4, 2, 3), tmp_path / "x.csv", str(tmp_path / "x.npy")):
        assert read_rows(source, IMAGE).values.tolist() == FLAT.reshape(4, 2, 3).tolist()
    assert "expected shape (N, 2, 3), got (4, 5)" in message(FLAT[:, :5], IMAGE)
    (tmp_path / "x.csv").write_text("p,q,r,s,t,u\n0,0,0,0,0,0\n0,0,0,0,0,17\n")
    text = message(tmp_path / "x.csv", IMAGE)
    assert "x.csv: line 3, pixel (2, 3) (counted from 1) holds 17" in text


def test_columns_are_matched_by_name(tmp_path):
    assert read_rows(Frame([[0, 1]], ["b", "a"]), TABLE).values.tolist() == [[1, 0]]
    path = tmp_path / "x.csv"
    path.write_text("b,a\n0,1\n")
    assert read_rows(path, TABLE).values.tolist() == [[1, 0]]
    path.write_text("0,1\n")
    assert read_rows(path, TABLE).values.tolist() == [[0, 1]]
    assert 'lacks the column "b"' in message(Frame([[0, 1]], ["a", "c"]), TABLE)
    assert 'has a column "c" that the model does not know' in message(
        Frame([[0, 1, 2]], ["a", "b", "c"]), TABLE
    )
    unnamed = Schema("table", (2,), 3)
    assert read_rows(Frame([[0, 1]], ["b", "a"]), unnamed).values.tolist() == [[0, 1]]
    path.write_text("b,a\n0,1\n0,7\n")
    assert 'column 1 ("a") (counted from 1) holds 7' in message(path, TABLE)


def test_splits_of_files(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, train=[[0, 0]], valid=[[1, 1]], test=[[2, 2]])
    assert read_rows(path, TABLE).values.tolist() == [[2, 2]]
    assert read_rows(f"{path}:valid", TABLE).values.tolist() == [[1, 1]]
    assert read_rows(path, TABLE, split="train").values.tolist() == [[0, 0]]
    assert 'no split "tset"' in message(path, TABLE, split="tset")
    np.savez(path, x=[[0, 0], [1, 1]])
    assert len(read_rows(path, TABLE)) == 2
    assert "no splits, only rows" in message(f"{path}:valid", TABLE)


def test_labels_become_the_places_of_the_schema_s_classes(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x=FLAT, y=np.array(["dog", "dog", "cat", "dog"]))
    assert read_rows(path, IMAGE).labels.tolist() == [1, 1, 0, 1]
    assert read_rows(path, IMAGE, with_labels=False).labels is None
    assert read_rows(path, Schema("image", (2, 3), 17)).labels is None
    np.savez(path, x=FLAT, y=np.array(["dog", "dog", "cow", "dog"]))
    assert '"cow" is not one of the classes cat, dog' in message(path, IMAGE)
    assert len(read_rows(path, IMAGE, with_labels=False)) == 4
    np.savez(path, x=FLAT, y=np.array(["dog"]))
    assert "expected 4 labels, one a row, got 1" in message(path, IMAGE)


def test_named_sets_give_their_test_split():
    data = load_data("digits")
    assert torch.equal(read_rows("digits", data.schema).values, data.test.values)
    assert torch.equal(read_rows("digits:valid", data.schema).labels, data.valid.labels)
    assert torch.equal(read_rows(data, data.schema, split="train").values, data.train.values)
    assert 'Did you mean "test"?' in message("digits:tets", data.schema)
    assert "Did you mean" in message("digit", data.schema)


def test_sets_under_another_protocol_are_refused():
    """Binary digits lie in the support of the 17-level model; their score would mean nothing."""
    grey = load_data("digits-17").schema
    assert "with 17 levels, got shape (8, 8) with 2 levels" in message("digits", grey)
    reals = Schema("image", (8, 8), class_names=grey.class_names)
    assert "with real values, got" in message("digits", reals)
    other = Schema("image", (8, 8), 2, class_names=("a",))
    assert "expected the classes a, got 0, 1" in message("digits", other)
    assert read_rows("digits", other, with_labels=False).labels is None


def test_splits_made_by_the_caller():
    values = torch.tensor([[float("nan"), 2.0]])
    rows = read_rows(Split(values, observed=torch.tensor([[False, True]])), TABLE)
    assert rows.observed.tolist() == [[False, True]]
    with pytest.raises(InputError, match="holds NaN"):
        read_rows(Split(values), TABLE)
    flat = read_rows(Split(torch.tensor(FLAT), labels=torch.arange(4)), IMAGE)
    assert flat.values.shape == (4, 2, 3)
    assert flat.labels.tolist() == [0, 1, 2, 3]
