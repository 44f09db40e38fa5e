"""The sheet of orderings: every panel at its place, under its own heading."""

from __future__ import annotations

import pytest

from arden.errors import InputError
from arden.orderings.column import Column
from arden.orderings.hilbert import Hilbert
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.spiral import Spiral
from arden.plots.ordering_sheet import OrderingPanel, ordering_sheet

RULES = (Raster, Column, Spiral, Hilbert, Shuffled)


def panels(*shapes):
    """-> a panel of every rule for every shape."""
    return [
        OrderingPanel(f"{rule.__name__} {shape}", rule(shape).order(), shape)
        for shape in shapes
        for rule in RULES
    ]


def places(figure):
    """figure -> the text of every heading: its panel's left and upper edge in inches."""
    width, height = figure.get_size_inches()
    headings = [text.get_text() for text in figure.texts]
    boxes = [axes.get_position() for axes in figure.axes]
    return {
        heading: (round(box.x0 * width, 2), round((1 - box.y1) * height, 2))
        for heading, box in zip(headings, boxes, strict=False)
    }


def test_four_in_a_line_and_another_size_in_a_line_of_its_own(tmp_path, figures):
    ordering_sheet(panels((4, 4), (3, 5)), tmp_path / "sheet.png")
    at = places(figures[0])
    first, fifth, other = at["Raster (4, 4)"], at["Shuffled (4, 4)"], at["Raster (3, 5)"]
    assert first[0] == fifth[0] == other[0]
    assert first[1] < fifth[1] < other[1]
    assert first[0] < at["Column (4, 4)"][0] < at["Hilbert (4, 4)"][0]
    assert first[1] == at["Hilbert (4, 4)"][1]


def test_a_panel_shows_its_own_order(tmp_path, figures):
    ordering_sheet(panels((3, 4)), tmp_path / "sheet.png")
    for axes, rule in zip(figures[0].axes, RULES, strict=False):
        shown = axes.collections[0].get_array().reshape(3, 4)
        assert shown.tolist() == rule((3, 4)).order().argsort().reshape(3, 4).tolist()


def test_the_scale_says_what_the_colours_are(tmp_path, figures):
    ordering_sheet(panels((3, 3)), tmp_path / "sheet.png", "A title")
    labels = [label.get_text() for label in figures[0].axes[-1].get_xticklabels()]
    assert labels == ["first step", "last step"]
    assert "A title" in [text.get_text() for text in figures[0].texts]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (7,), (5, 7, 3)], ids=str)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_size_is_drawn(shape, count, tmp_path, figures):
    ordering_sheet(panels(shape)[:count], tmp_path / "sheet.png")
    assert len(figures[0].axes) == count + 1


def test_what_is_no_sheet_is_refused(tmp_path):
    with pytest.raises(InputError, match="panels: expected at least one ordering, got none"):
        ordering_sheet([], tmp_path / "sheet.png")
    with pytest.raises(InputError, match="order: expected every number from 0 to 3 once"):
        ordering_sheet([OrderingPanel("T", [0, 1, 1, 2], (2, 2))], tmp_path / "sheet.png")
