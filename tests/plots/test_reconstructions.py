"""Originals beside their copies: both crisp, on one scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots import _panels
from arden.plots._tiles import data_colours, tile
from arden.plots.reconstructions import reconstructions


def test_both_sides_are_exact(tmp_path, pixels):
    copies = torch.rand(9, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    originals = (copies > 0.5).double()
    shown = pixels(reconstructions(originals, copies, tmp_path / "r.png", "Title", 2))
    for side, left in ((originals, 0), (copies, _panels._NARROWEST + _panels._BETWEEN)):
        part = tile(data_colours(side.numpy(), 0.0, 1.0)).pixels
        height, width, _ = part.shape
        start = _panels._MARGIN + max(0, left + max(0, width - _panels._NARROWEST) * bool(left))
        there = [
            row
            for row in range(len(shown) - height + 1)
            if np.array_equal(shown[row : row + height, start : start + width], part)
        ]
        assert len(there) == 1


def test_it_says_what_is_shown(tmp_path, words):
    rows = torch.tensor([[0, 2, 1], [1, 1, 0]])
    reconstructions(rows, rows.double(), tmp_path / "r.png", "vae on symbols", 3)
    assert {"vae on symbols", "Originals", "Reconstructed from their features"} <= set(words())
    assert "value, or expected value" in words()
    assert not any("x_i" in text for text in words())


def test_wrong_input(tmp_path):
    with pytest.raises(InputError, match="copies: expected the shape of originals"):
        reconstructions(torch.zeros(2, 3), torch.zeros(2, 4), tmp_path / "r.png", "")
    with pytest.raises(InputError, match=r"\.png"):
        reconstructions(torch.zeros(2, 3), torch.zeros(2, 3), tmp_path / "r.gif", "")
