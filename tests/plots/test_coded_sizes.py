"""Sizes as bars: every name, its number, and the limit of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.axes import Axes

from arden.errors import InputError
from arden.plots.coded_sizes import Bar, Panel, _draw, coded_sizes
from arden.plots.style import BLUE, new_figure

BARS = (Bar("gzip", 0.33), Bar("NADE", 0.17, 0.16))


def drawn(panel: Panel) -> Axes:
    axes = new_figure(3, 2).add_axes((0, 0, 1, 1))
    _draw(axes, panel)
    return axes


def test_a_bar_is_as_long_as_its_bits() -> None:
    axes = drawn(Panel("images", "dim", BARS))
    assert [patch.get_width() for patch in axes.patches] == [0.33, 0.17]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["gzip", "NADE"]
    assert [text.get_text() for text in axes.texts] == ["0.3300", "0.1700"]
    (limit,) = axes.lines
    assert list(limit.get_xdata()) == [0.16, 0.16]
    assert axes.get_xlabel() == "bits per dim; the orange line is −log₂ p"
    assert axes.patches[1].get_facecolor()[:3] != axes.patches[0].get_facecolor()[:3]
    assert BLUE == "#0072b2"


def test_a_picture_of_several_panels_is_written(tmp_path: Path) -> None:
    panels = [Panel("images", "dim", BARS), Panel("a text", "character", BARS[:1])]
    path = coded_sizes(panels, tmp_path / "sizes.png")
    assert path.read_bytes()[:4] == b"\x89PNG"
    for wrong in ([], [Panel("nothing", "dim", ())]):
        with pytest.raises(InputError, match="panels: expected at least one"):
            coded_sizes(wrong, tmp_path / "none.png")
    assert [file.name for file in tmp_path.iterdir()] == ["sizes.png"]
