"""Split and Dataset: their invariants hold from the moment they are made."""

import pytest
import torch

from arden.data import Dataset, Schema, Split
from arden.errors import InputError

BITS = Schema("table", (2,), 2, class_names=("no", "yes"))


def rows(count, labels=True):
    values = torch.ones(count, 2, dtype=torch.uint8)
    return Split(values, torch.zeros(count, dtype=torch.int64) if labels else None)


def test_a_set_gives_its_splits_by_name():
    data = Dataset("toy", BITS, rows(3), rows(2), rows(1), "Ones.")
    assert [len(data.split(name)) for name in ("train", "valid", "test")] == [3, 2, 1]
    with pytest.raises(InputError, match=r'"tset" is not a split.*Did you mean "test"\?'):
        data.split("tset")


def test_the_set_is_checked_when_it_is_made():
    with pytest.raises(InputError, match=r"toy \(valid\): row 1, column 0 .* holds 2"):
        Dataset("toy", BITS, rows(3), Split(torch.tensor([[0, 0], [2, 0]])), rows(1), "Ones.")
    with pytest.raises(InputError, match=r"toy \(test\): expected at least one row, got none"):
        Dataset("toy", BITS, rows(3), rows(2), rows(0), "Ones.")
    foreign = Split(torch.ones(1, 2), torch.tensor([2]))
    with pytest.raises(InputError, match=r"toy \(test\): labels must be in 0..1"):
        Dataset("toy", BITS, rows(3), rows(2), foreign, "Ones.")


def test_labels_and_marks_fit_the_values():
    with pytest.raises(InputError, match=r"labels must have shape \(3,\)"):
        Split(torch.ones(3, 2), labels=torch.zeros(2))
    with pytest.raises(InputError, match=r"observed must have the shape \(3, 2\)"):
        Split(torch.ones(3, 2), observed=torch.ones(3, dtype=torch.bool))
    assert repr(rows(2)) == "Split(2 rows of shape (2,), labels)"
