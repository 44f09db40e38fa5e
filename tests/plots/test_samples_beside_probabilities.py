"""The NADE paper's figure: both sides crisp, at the same places, on one scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots import _panels
from arden.plots._tiles import data_colours, tile
from arden.plots.samples_beside_probabilities import samples_beside_probabilities


def uniforms(*shape: int) -> torch.Tensor:
    """shape -> seeded probabilities."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rows_of(picture: np.ndarray, part: np.ndarray, column: int) -> list[int]:
    """(H, W, 3), (h, w, 3), a column -> the rows where the part begins there, pixel by pixel."""
    height, width, _ = part.shape
    return [
        row
        for row in range(len(picture) - height + 1)
        if np.array_equal(picture[row : row + height, column : column + width], part)
    ]


@pytest.mark.parametrize(
    "shape", [(64, 8, 8), (1, 5, 7), (10, 6, 1), (1, 1, 6), (3, 4, 4, 3), (10, 3, 3, 1)], ids=str
)
def test_both_sides_are_exact_and_at_the_same_places(shape, tmp_path, pixels):
    probabilities = uniforms(*shape)
    samples = (uniforms(*shape).flip(0, 1) < probabilities).double()
    path = samples_beside_probabilities(samples, probabilities, tmp_path / "p.png", "Some title")
    shown = pixels(path)
    left, right = (
        tile(data_colours(side.numpy(), 0.0, 1.0)).pixels for side in (samples, probabilities)
    )
    second = _panels._MARGIN + max(left.shape[1], _panels._NARROWEST) + _panels._BETWEEN
    [row] = rows_of(shown, left, _panels._MARGIN)
    assert rows_of(shown, right, second) == [row]


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (64, 16), (3, 500), (300, 2)])
def test_rows_of_a_table_are_a_heat_map(shape, tmp_path, words):
    probabilities = uniforms(*shape)
    samples = (probabilities > 0.5).long()
    samples_beside_probabilities(samples, probabilities, tmp_path / "p.png", "Rows")
    assert "variable (from 0)" in words()


def test_it_says_what_is_shown(tmp_path, words):
    samples_beside_probabilities(
        torch.ones(2, 3, 3), uniforms(2, 3, 3), tmp_path / "p.png", "NADE on digits"
    )
    assert {"NADE on digits", "Samples", "Probabilities they were drawn from"} <= set(words())
    assert any("p(x_i = 1" in text for text in words())


def test_levels_have_expected_values_on_the_scale_of_the_levels(tmp_path, words, figures):
    levels = torch.tensor([[[0, 1], [2, 1]]])
    samples_beside_probabilities(levels, levels * 0.5, tmp_path / "p.png", "T", num_symbols=5)
    assert "Expected values" in words()
    assert figures[0].axes[-1].get_ylim() == (0.0, 4.0)


@pytest.mark.parametrize("title", ["", "A title of many words " * 20, "$\\frac$_{猫}"])
def test_any_title_will_do(title, tmp_path, figures):
    bits = torch.tensor([[[0, 1]]])
    samples_beside_probabilities(bits, bits * 0.5, tmp_path / "p.png", title)
    assert len(figures) == 1


def test_shapes_must_agree(tmp_path):
    with pytest.raises(InputError, match=r"probabilities: expected .* \(2, 3, 3\), got \(2, 9\)"):
        samples_beside_probabilities(
            torch.zeros(2, 3, 3), torch.zeros(2, 9), tmp_path / "p.png", "T"
        )
