"""The picture of dependences: no leak is too small to be seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from arden.errors import InputError
from arden.plots import style
from arden.plots.dependency_map import dependency_map


def triangle(size: int) -> torch.Tensor:
    """T -> (T, T) bool: all steps before."""
    return torch.ones(size, size, dtype=torch.bool).tril(-1)


def count(shown: np.ndarray, colour: str) -> int:
    """(h, w, 3), a colour -> how many pixels have it."""
    return int((shown == np.round(np.array(to_rgb(colour)) * 255)).all(axis=2).sum())


def test_what_differs_from_the_promise_is_counted(tmp_path, words):
    read = triangle(8)
    read[2, 5] = True
    read[6, 1] = read[7, 1] = False
    dependency_map(read, tmp_path / "map.png", "MADE on 8 bits", promised=triangle(8))
    assert "promised, but not read\n2 of 64" in words()
    assert "read, but not promised\n1 of 64" in words()
    assert "read\n26 of 64" in words()
    assert "not read\n35 of 64" in words()


def test_a_promise_alone_has_no_faults(tmp_path, words):
    dependency_map(triangle(8), tmp_path / "map.png", "What FVSBN promises")
    assert "read\n28 of 64" in words()
    assert not any("promised" in text for text in words()[1:])


@pytest.mark.parametrize("size", [4, 100, 1001])
def test_a_single_fault_can_be_seen_in_any_size(size, tmp_path, pixels):
    read = triangle(size)
    sound = pixels(dependency_map(read, tmp_path / "sound.png", "T", promised=triangle(size)))
    read[size // 4, size // 2], read[-1, 0] = True, False
    faulty = pixels(dependency_map(read, tmp_path / "faulty.png", "T", promised=triangle(size)))
    for colour in (style.VERMILION, style.ORANGE):
        assert count(faulty, colour) - count(sound, colour) > 10


def test_a_single_cell_of_a_block_stands_for_it(tmp_path, figures):
    read = torch.zeros(1601, 1601, dtype=torch.bool)
    read[1600, 7] = True
    dependency_map(read, tmp_path / "map.png", "T")
    shown = np.asarray(figures[0].axes[0].images[0].get_array())
    assert shown.shape == (534, 534)  # blocks of 3, the last one not full
    assert shown[533, 2] == shown.sum() == 1


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_every_size_is_drawn(size, tmp_path, figures):
    for matrix in (triangle(size), triangle(size).double()):
        dependency_map(matrix, tmp_path / "map.png", "Title " * 30)
        dependency_map(matrix, tmp_path / "map.png", "", promised=triangle(size))
    assert len(figures) == 4


def test_strengths_are_heat_from_zero(tmp_path, figures, words):
    dependency_map(triangle(4) * 0.25, tmp_path / "map.png", "Strengths")
    assert figures[0].axes[-1].get_ylim() == (0.0, 0.25)
    assert "strength of the dependence" in words()


def test_strengths_above_zero_are_read_when_there_is_a_promise(tmp_path, words):
    dependency_map(triangle(4) * 0.25, tmp_path / "map.png", "T", promised=triangle(4))
    assert "read\n6 of 16" in words()


@pytest.mark.parametrize(
    ("read", "promised", "match"),
    [
        (torch.zeros(2, 3), None, r"read: expected a matrix \(T, T\), got shape \(2, 3\)"),
        (torch.zeros(0, 0), None, "read: expected a matrix"),
        (torch.tensor([[-1.0]]), None, "read: expected finite numbers of at least 0"),
        (torch.tensor([[float("nan")]]), None, "read: expected finite numbers"),
        (torch.zeros(2, 2), torch.zeros(3, 3), r"promised: expected the shape of read, \(2, 2\)"),
    ],
)
def test_what_is_no_matrix_of_dependences(read, promised, match, tmp_path):
    with pytest.raises(InputError, match=match):
        dependency_map(read, tmp_path / "map.png", "T", promised=promised)
