"""Whatever words users bring are shown, never obeyed; unknown values have a colour of their own."""

from __future__ import annotations

import numpy as np
import pytest

from arden.plots import style
from arden.studio import markup

EVIL = '<img src=x onerror="alert(1)">'


@pytest.mark.parametrize(
    "made",
    [
        markup.table([EVIL], [[EVIL]]),
        markup.table([EVIL], [[EVIL]], colours=[["color:red"]]),
        markup.facts([(EVIL, EVIL)]),
        markup.figure("", EVIL),
        markup.note(EVIL),
        markup.scale(EVIL, EVIL, EVIL),
        markup.progress_bar(0.5, EVIL),
        markup.picture(np.zeros((1, 1, 3), dtype=np.uint8), EVIL),
    ],
)
def test_words_are_escaped(made):
    assert "<img src=x" not in made
    assert "&lt;img src=x" in made


def test_unknown_values_are_told_apart():
    values = np.array([[0.0, 1.0, np.nan]])
    assert markup.shades(values, 2).tolist() == [[[0] * 3, [255] * 3, list(style.UNKNOWN)]]
    assert markup.heat(values, 0.0, 1.0)[0, 2].tolist() == list(style.UNKNOWN)


def test_colours_stay_colours():
    red = np.array([[[3.0, 0.0, 0.0]]])
    assert markup.shades(red, 4).tolist() == [[[255, 0, 0]]]


def test_a_marked_pixel_is_framed_where_it_stands():
    made = markup.picture(np.zeros((4, 2, 3), dtype=np.uint8), "words", mark=(3, 1))
    assert "left:50%;top:75%;width:50%;height:25%" in made
