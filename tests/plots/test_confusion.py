"""Classes taken for others: every count in its place, names as they are, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from arden.errors import InputError
from arden.plots.confusion import confusion

COUNTS = np.array([[8, 2, 0], [0, 5, 0], [1, 0, 0]])
NAMES = ["cat", "$dog$", "sea lion of the north"]


def test_every_count_stands_in_its_cell(figures, tmp_path):
    confusion(COUNTS, NAMES, tmp_path / "c.png", "Classes")
    axes = figures[0].axes[0]
    told = {
        (round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in axes.texts
    }
    assert told == {place: str(count) for place, count in np.ndenumerate(COUNTS)}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "$dog$", NAMES[2][:18]]
    assert "81.2 % of 16 right" in axes.get_title(loc="left")


def test_right_and_wrong_have_other_colours(figures, tmp_path):
    confusion(COUNTS, NAMES, tmp_path / "c.png", "Classes")
    painted = figures[0].axes[0].images[0].get_array()
    right, wrong, none = painted[0, 0], painted[0, 1], painted[1, 0]
    assert right[2] > right[0]  # blue
    assert wrong[0] > wrong[2]  # vermilion
    assert none.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("size", [1, 2, 10, 40])
def test_any_number_of_classes_fits(figures, tmp_path, size):
    counts = np.random.default_rng(0).integers(0, 2000, (size, size))
    confusion(counts, [f"class {k}" for k in range(size)], tmp_path / "c.png", "A title " * 12)
    assert len(figures) == 1


@pytest.mark.parametrize("counts", [COUNTS[:2], -COUNTS, COUNTS * 0])
def test_what_is_no_confusion_is_refused(tmp_path, counts):
    with pytest.raises(InputError, match=r"counts: expected \(3, 3\)"):
        confusion(counts, NAMES, tmp_path / "c.png", "Classes")
    assert not list(tmp_path.iterdir())
