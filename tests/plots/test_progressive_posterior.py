"""The belief while reading: curves, the image as far as it was read, names where curves end."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots import style
from arden.plots.progressive_posterior import progressive_posterior

SOURCE = torch.Generator().manual_seed(0)
STEPS = torch.randn(13, 3, generator=SOURCE).log_softmax(dim=1)
NAMES = ["a", "b", "$c$"]
IMAGE = torch.arange(12).reshape(3, 4) % 2
ORDER = torch.randperm(12, generator=SOURCE)


def test_curves_are_the_probabilities(figures, tmp_path):
    progressive_posterior(STEPS, NAMES, tmp_path / "p.png", "Row 0", 1)
    [axes] = figures[0].axes
    for k, line in enumerate(axes.lines):
        assert np.allclose(line.get_ydata(), STEPS[:, k].exp())
    widths = [line.get_linewidth() for line in axes.lines]
    assert widths[1] == max(widths) > widths[0]
    told = sorted(text.get_text() for text in axes.texts)
    assert told == ["$c$", "a", "b (true)"]


def test_the_image_is_shown_as_far_as_it_was_read(figures, tmp_path):
    about = {"image": IMAGE, "order": ORDER, "num_symbols": 2}
    progressive_posterior(STEPS, NAMES, tmp_path / "p.png", "Row 0", **about)
    _, *tiles = figures[0].axes
    assert len(tiles) == 7
    for tile, steps in zip(tiles, (0, 2, 4, 6, 8, 10, 12), strict=True):
        shown = np.asarray(tile.images[0].get_array()).reshape(12, 3)
        unknown = (shown == np.array(style.UNKNOWN)).all(axis=1)
        assert set(np.flatnonzero(~unknown)) == set(ORDER[:steps].tolist())
        read = ORDER[:steps]
        assert (shown[read] == 255 * IMAGE.flatten()[read][:, None].numpy()).all()


def test_colours_and_texts_are_drawn(figures, tmp_path):
    colour = torch.rand(2, 2, 3, generator=SOURCE)
    about = {"image": colour, "order": torch.arange(12)}
    progressive_posterior(STEPS, NAMES, tmp_path / "p.png", "Row 0", **about)
    progressive_posterior(STEPS, NAMES, tmp_path / "p.png", "Row 0", signs="ab\n$efghijkl")
    assert [t.get_text() for t in figures[1].axes[0].get_xticklabels()][2:4] == ["↵", "$"]
    assert len(figures) == 2


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"log_posterior: expected \(T \+ 1, 2\)"):
        progressive_posterior(STEPS, NAMES[:2], tmp_path / "p.png", "Row 0")
    with pytest.raises(InputError, match="image, order: expected 12 values"):
        progressive_posterior(
            STEPS, NAMES, tmp_path / "p.png", "Row 0", image=IMAGE, order=torch.zeros(12).long()
        )
    assert not list(tmp_path.iterdir())
