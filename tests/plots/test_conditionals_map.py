"""The map of surprises: brighter is more surprising, whatever one impossible pixel says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots.conditionals_map import conditionals_map


def log_probabilities(*shape: int) -> torch.Tensor:
    """shape -> seeded nats of at most 0."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).log()


def heat(figure) -> np.ndarray:
    """figure -> (h, w) brightness of the right panel."""
    return np.asarray(figure.axes[1].images[0].get_array()).astype(int).sum(axis=2)


@pytest.mark.parametrize("shape", [(1, 8, 8), (10, 5, 3), (2, 7, 1), (1, 1, 1), (3, 4, 4, 3)])
def test_images_have_their_sums_below(shape, tmp_path, words):
    terms = log_probabilities(*shape)
    conditionals_map(terms, torch.ones(shape), tmp_path / "map.png", "Title")
    sums = [f"{-total:.1f}" for total in terms.flatten(1).sum(dim=1).tolist()]
    below = [text.removesuffix(" nats") for text in words() if text.removesuffix(" nats") in sums]
    assert below in (sums, [])
    assert bool(below) == any("below: their sum, nats" in text for text in words())
    assert any(text.endswith("$, nats") for text in words())


def test_a_surprise_is_brighter_where_it_is_larger(tmp_path, figures):
    terms = -torch.arange(4.0).reshape(1, 2, 2)
    conditionals_map(terms, torch.zeros(1, 2, 2), tmp_path / "map.png")
    shown = heat(figures[0])
    quarter = 150
    shades = shown[quarter :: 2 * quarter, quarter :: 2 * quarter][:2, :2].flatten()
    assert (np.diff(shades) > 0).all()


def test_channels_are_summed(tmp_path, figures, words):
    terms = torch.tensor([[[[-1.0, -1.0, -1.0], [0.0, 0.0, -2.0]]]])
    conditionals_map(terms, torch.zeros(1, 1, 2, 3), tmp_path / "map.png")
    assert figures[0].axes[-1].get_ylim() == (0.0, 3.0)
    assert any("channels summed" in text for text in words())
    assert "5.0 nats" in words()


@pytest.mark.parametrize("impossible", [-math.inf, -1e6])
def test_an_impossible_pixel_does_not_hide_the_rest(impossible, tmp_path, figures, words):
    terms = log_probabilities(2, 8, 8)
    terms[0, 0, 0] = impossible
    conditionals_map(terms, torch.zeros(2, 8, 8), tmp_path / "map.png")
    assert figures[0].axes[-1].get_ylim()[1] < 25
    shown = heat(figures[0])
    assert shown[5, 5] == shown[:290, :290].max()
    assert ("∞ nats" in words()) == math.isinf(impossible)


@pytest.mark.parametrize("value", [0.0, -math.inf, math.nan, 3.0])
def test_the_same_surprise_everywhere_is_drawn_as_well(value, tmp_path, figures):
    conditionals_map(torch.full((2, 3, 3), value), torch.zeros(2, 3, 3), tmp_path / "map.png")
    lowest, highest = figures[0].axes[-1].get_ylim()
    assert lowest < highest


def test_tiny_surprises_are_not_stretched_over_one_that_counts(tmp_path, figures):
    terms = torch.full((1, 20, 20), -1e-9)
    terms[0, 0, 0] = -5.0
    conditionals_map(terms, torch.zeros(1, 20, 20), tmp_path / "map.png")
    assert figures[0].axes[-1].get_ylim() == pytest.approx((0.0, 5.0))


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (20, 3)])
def test_rows_of_a_table(shape, tmp_path, words):
    conditionals_map(log_probabilities(*shape), torch.zeros(shape), tmp_path / "map.png", "Rows")
    assert "Surprise at each variable" in words()


def test_shapes_must_agree(tmp_path):
    with pytest.raises(InputError, match="log_conditionals: expected the shape of values"):
        conditionals_map(torch.zeros(2, 3), torch.zeros(2, 4), tmp_path / "map.png")
