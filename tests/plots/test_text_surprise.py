"""Characters on the colour of their surprise: each in its place, none lost in silence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from arden.errors import InputError
from arden.plots.text_surprise import text_surprise


def drawn(figure) -> dict[tuple[int, int], str]:
    """figure -> the sign at each (line, column)."""
    found = {}
    for text in figure.axes[0].texts:
        column, height = text.get_position()
        line = math.floor(height)
        for place, sign in enumerate(text.get_text()):
            if sign != " ":
                assert (line, column + place) not in found
                found[line, column + place] = sign
    return found


def brightness(figure) -> np.ndarray:
    """figure -> (lines, 80) of the cells."""
    return np.asarray(figure.axes[0].images[0].get_array()).astype(int).sum(axis=2)


def test_every_character_stands_in_its_place(tmp_path, figures):
    text = "ab\nc d\n\nwide 字 e\t"
    text_surprise(text, np.linspace(0, 5, len(text)), tmp_path / "x.png", "Title")
    [figure] = figures
    expected = {}
    for line, words in enumerate(["ab↵", "c d↵", "↵", "wide � e→"]):
        expected |= {(line, c): sign for c, sign in enumerate(words) if sign != " "}
    assert drawn(figure) == expected
    shown = brightness(figure)
    assert shown.shape == (4, 80)
    assert (shown[0, 3:] == 3 * 255).all()  # paper beyond the line
    colours = [shown[0, 0], shown[0, 1], shown[0, 2], shown[1, 0]]
    assert colours == sorted(colours)


def test_ink_can_be_read_on_its_cell(tmp_path, figures):
    text_surprise("ab", [0.0, 9.0], tmp_path / "x.png")
    inks = {text.get_text().strip(): text.get_color() for text in figures[0].axes[0].texts}
    assert inks == {"a": "#ffffff", "b": "#1b1f24"}


def test_long_lines_go_on_and_long_texts_end(tmp_path, figures, words):
    text = "x" * 81 + "\n" + "y\n" * 100
    text_surprise(text, np.ones(len(text)), tmp_path / "x.png")
    found = drawn(figures[0])
    assert found[1, 0] == "x"
    assert found[1, 1] == "↵"
    assert max(line for line, _ in found) == 59
    assert f"Surprise at each character (the first 198 of {len(text)})" in words()


def test_short_lines_stand_side_by_side(tmp_path, figures):
    lines = [f"{'x' * (number % 5)}{number % 10}" for number in range(20)]
    text = "".join(f"{line}\n" for line in lines)
    nats = np.repeat(np.arange(20), [len(line) + 1 for line in lines])
    text_surprise(text, nats, tmp_path / "x.png", side_by_side=True)
    step = 6 + 3  # the longest line with its end, and a gap: nine columns of three have room
    expected = {
        (number % 3, number // 3 * step + place): sign
        for number, line in enumerate(lines)
        for place, sign in enumerate(f"{line}↵")
    }
    assert drawn(figures[0]) == expected
    shown = brightness(figures[0])
    firsts = [shown[number % 3, number // 3 * step] for number in range(20)]
    assert firsts == sorted(firsts)


def test_many_short_lines_and_long_ones(tmp_path, figures, words):
    text_surprise("ab\n" * 2000, np.ones(6000), tmp_path / "y.png", side_by_side=True)
    found = drawn(figures[0])
    assert max(found) == (59, 12 * 6 + 2)  # thirteen columns of sixty
    assert f"Surprise at each character (the first {13 * 60 * 3:,} of 6,000)" in words()
    # A line too long for two columns: as any text.
    text_surprise("x" * 50 + "\nyy\n", np.ones(54), tmp_path / "z.png", side_by_side=True)
    assert drawn(figures[1])[1, 1] == "y"


def test_something_impossible_does_not_hide_the_rest(tmp_path, figures):
    nats = np.linspace(0, 4, 30)
    nats[3] = math.inf
    text_surprise("z" * 30, nats, tmp_path / "x.png")
    assert figures[0].axes[-1].get_ylim()[1] < 25
    assert brightness(figures[0])[0, 3] == brightness(figures[0])[0, :30].max()


@pytest.mark.parametrize(
    ("text", "nats"), [("", []), ("ab", [1.0]), ("ab", [[1.0, 2.0]]), ("a", 1.0)]
)
def test_wrong_numbers_of_numbers(text, nats, tmp_path):
    with pytest.raises(InputError, match="surprise: expected one number for each of the"):
        text_surprise(text, nats, tmp_path / "x.png")
