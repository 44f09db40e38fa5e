"""The words and colours that all pictures share."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from arden.plots import style


def luminance(colour: str) -> float:
    """A colour -> its relative luminance (WCAG 2.1)."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colour", [style.INK, style.MUTED, style.BLUE, style.VERMILION])
def test_coloured_words_can_be_read_on_the_paper(colour):
    contrast = (luminance(style.PAPER) + 0.05) / (luminance(colour) + 0.05)
    assert contrast > 3.5


@pytest.mark.parametrize("name", [style.GREY, style.SURPRISE, style.SEQUENTIAL])
def test_colour_maps_grow_lighter_all_the_way(name):
    table = style.colour_table(name) / 255.0
    assert table.shape == (256, 3)
    shades = np.array([luminance(tuple(colour)) for colour in table])
    assert (np.diff(shades[::8]) > 0).all()
    assert not (style.colour_table(name) == np.array(style.UNKNOWN)).all(axis=1).any()


@pytest.mark.parametrize("width", [1.2, 5.6])
@pytest.mark.parametrize("title", ["NADE, 500 hidden units, on digits " * 4, "W" * 90, "i" * 300])
def test_titles_are_broken_into_lines_that_fit(width, title):
    text = style.wrapped(title, width, style.TITLE_SIZE)
    figure = style.new_figure(width, 4.0)
    drawn = figure.text(0, 0, text, fontsize=style.TITLE_SIZE, fontweight="bold", **style.TEXT)
    assert drawn.get_window_extent().width <= width * style.DPI * 1.01
    assert "".join(text.split()) == "".join(title.split())


@pytest.mark.parametrize("pixels", [29, 928, 1856, 1857])
def test_no_pixel_is_lost_to_rounding(pixels):
    figure = style.new_figure(pixels / style.DPI, pixels / style.DPI)
    assert figure.canvas.get_width_height() == (pixels, pixels)


def test_a_short_title_stays_on_one_line():
    assert style.wrapped("NADE on digits: 64 samples", 5.0, style.TITLE_SIZE).count("\n") == 0
    assert style.wrapped("", 5.0, style.TITLE_SIZE) == ""


def test_what_no_font_can_draw_is_replaced():
    assert style.legible("p(x) ≤ 1 — 猫 é") == "p(x) ≤ 1 — � é"
