"""The picture of what a pixel reads: every pixel is of the right kind, and counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots.receptive_field import receptive_field


def triangle(size: int) -> torch.Tensor:
    """T -> (T, T) bool: all steps before."""
    return torch.ones(size, size, dtype=torch.bool).tril(-1)


def shown(figure):
    """A figure -> the kinds its panels are drawn from, (H, W) each."""
    return [
        np.asarray(axes.collections[0].get_array()).reshape(3, 4)
        for axes in figure.axes
        if axes.collections
    ]


def test_a_blind_spot_is_marked_and_counted(tmp_path, figures):
    blind = triangle(12)
    blind[5, 3] = False  # (0, 3), seen from (1, 1)
    models = {"whole": triangle(12), "blind": blind}
    receptive_field(models, (3, 4), (1, 1), tmp_path / "field.png", "Fields")
    whole, wedge = shown(figures[0])
    assert whole.tolist() == [[1, 1, 1, 1], [1, 3, 0, 0], [0, 0, 0, 0]]
    assert wedge.tolist() == [[1, 1, 1, 2], [1, 3, 0, 0], [0, 0, 0, 0]]
    headings = [axes.get_title(loc="left") for axes in figures[0].axes if axes.collections]
    assert headings == ["whole\n5 of 5 pixels before it", "blind\n4 of 5 pixels before it"]


def test_a_pixel_is_read_when_any_of_its_channels_is(tmp_path, figures):
    read = torch.zeros(24, 24, dtype=torch.bool)
    read[11, 1] = True  # the second channel of (1, 1) reads the second of (0, 0)
    read[10, 11] = True  # inside the pixel itself
    receptive_field({"one": read}, (3, 4, 2), (1, 1), tmp_path / "field.png", "")
    assert shown(figures[0])[0].tolist() == [[1, 2, 2, 2], [2, 3, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("models", "shape", "pixel", "sentence"),
    [
        ({}, (3, 4), (1, 1), "models: expected at least one"),
        ({"a": triangle(12)}, (12,), (0, 0), r"event_shape: .* got \(12,\)"),
        ({"a": triangle(12)}, (3, 4), (1, 4), r"pixel: .* inside 3 x 4, got \(1, 4\)"),
        ({"a": triangle(11)}, (3, 4), (1, 1), r"models: expected \(12, 12\) for a, got \(11, 11\)"),
    ],
)
def test_what_cannot_be_drawn(models, shape, pixel, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        receptive_field(models, shape, pixel, tmp_path / "field.png", "")
