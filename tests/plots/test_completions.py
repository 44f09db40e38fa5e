"""Observed, completions, originals: every pixel where it belongs, gaps in their own colour."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots import style
from arden.plots.completions import completions

UNKNOWN = list(style.UNKNOWN)


def rows() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """() -> two originals of 2 × 3 bits, what is observed, three completions of each."""
    originals = torch.tensor([[[0, 1, 0], [1, 0, 1]], [[1, 1, 1], [0, 0, 0]]])
    observed = torch.tensor([[[True] * 3, [False] * 3], [[False] * 3, [True] * 3]])
    filled = originals[:, None].repeat(1, 3, 1, 1)
    filled[:, 1][~observed] = 1 - filled[:, 1][~observed]
    return originals, observed, filled


def middles(image: np.ndarray, count: int, columns: int, event: tuple[int, int]) -> np.ndarray:
    """What an axes shows -> (count, columns, H, W, 3): the colour in the middle of every pixel."""
    tall, wide = event
    gap_free = image.shape[1] // columns
    scale = gap_free // wide
    gap = (image.shape[1] - columns * wide * scale) // max(columns - 1, 1) if columns > 1 else 0
    down = (image.shape[0] - count * tall * scale) // max(count - 1, 1)
    at = np.empty((count, columns, tall, wide, 3), dtype=image.dtype)
    for row, column, y, x in np.ndindex(count, columns, tall, wide):
        at[row, column, y, x] = image[
            row * (tall * scale + down) + y * scale + scale // 2,
            column * (wide * scale + gap) + x * scale + scale // 2,
        ]
    return at


def test_every_pixel_is_where_it_belongs(tmp_path, figures) -> None:
    originals, observed, filled = rows()
    completions(originals, observed, filled, tmp_path / "x.png", "Title", 2)
    [figure] = figures
    left, middle, right = (axes.images[0].get_array() for axes in figure.axes)
    shown = middles(left, 2, 1, (2, 3))[:, 0]
    assert shown[~observed.numpy()].tolist() == [UNKNOWN] * 6
    assert np.array_equal(shown[observed.numpy()][:, 0], originals[observed].numpy() * 255)
    assert np.array_equal(middles(right, 2, 1, (2, 3))[:, 0, ..., 0], originals.numpy() * 255)
    # Without its gaps, the middle panel holds each completion once, in the order given.
    found = middles(middle, 2, 3, (2, 3))[..., 0]
    assert np.array_equal(found, filled.numpy() * 255)


def test_it_says_what_is_what(tmp_path, words) -> None:
    originals, observed, filled = rows()
    completions(originals, observed, filled, tmp_path / "x.png", "Completions of x: exact", 2)
    assert set(words()) == {"Completions of x: exact", "Observed", "Completions", "Original"}


def test_originals_that_nobody_knows_are_left_out(tmp_path, words) -> None:
    originals, observed, filled = rows()
    junk = torch.where(observed, originals.double(), torch.nan)
    completions(junk, observed, filled, tmp_path / "x.png", "", 2, with_originals=False)
    assert set(words()) == {"Observed", "Completions"}


def test_colour_images_and_wrong_ones(tmp_path, pixels) -> None:
    originals, observed, filled = (part[..., None].repeat_interleave(3, -1) for part in rows())
    path = completions(originals, observed, filled, tmp_path / "x.png", "", 2)
    assert pixels(path).shape[2] == 3
    with pytest.raises(InputError, match="originals: expected images"):
        completions(originals[:, 0, 0], observed[:, 0, 0], filled[:, :, 0, 0], tmp_path / "y.png")
    with pytest.raises(InputError, match="observed, filled: expected shapes"):
        completions(originals, observed[:1], filled, tmp_path / "y.png")
    with pytest.raises(InputError, match=r"\.png"):
        completions(originals, observed, filled, tmp_path / "y.gif")
