"""What the tests of pictures share: reading one back, and catching a figure as it is written."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from arden.plots import style


@pytest.fixture
def pixels():
    """-> path -> (h, w, 3) uint8: what the written picture shows."""

    def read(path):
        with Image.open(path) as picture:
            picture.load()
            return np.asarray(picture.convert("RGB"))

    return read


@pytest.fixture
def figures(monkeypatch):
    """-> the figures that would have been written; none may have anything outside its edges."""
    caught = []

    def keep(figure, path):
        box = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= 0, box
        caught.append(figure)
        return path

    monkeypatch.setattr(style, "write_figure", keep)
    return caught


@pytest.fixture
def words(figures):
    """-> () -> every text of the one figure that would have been written."""

    def read():
        [figure] = figures
        texts = list(figure.texts)
        for axes in figure.axes:
            texts += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        return [text.get_text() for text in texts if text.get_text()]

    return read
