"""`arden orderings`: the path of an ordering in numbers, as a grid and drawn."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from PIL import Image

from arden.orderings.hilbert import Hilbert
from arden.orderings.shuffled import Shuffled
from tests.cli.words import done, refused

Capture = pytest.CaptureFixture[str]


def told(capfd: Capture, *words: object) -> list[dict]:
    """Words after `arden orderings` -> what --json prints."""
    found = json.loads(done(capfd, "orderings", *words, "--json"))
    assert isinstance(found, list)
    return found


def test_the_figures_of_a_raster_by_hand(capfd: Capture) -> None:
    [raster] = told(capfd, "raster", "2x3")
    assert raster == {
        "ordering": "raster",
        "event_shape": [2, 3],
        "steps": 6,
        "neighbour_share": 4 / 5,  # the fifth step goes from the end of a row to the next row
        "mean_distance": pytest.approx((4 + math.sqrt(5)) / 5),
        "longest": pytest.approx(math.sqrt(5)),
        "order": [0, 1, 2, 3, 4, 5],
    }


def test_a_pixel_with_channels_is_one_place(capfd: Capture) -> None:
    [flat], [deep] = told(capfd, "diagonal", "3x4"), told(capfd, "diagonal", "3x4x3")
    assert deep["steps"] == 3 * flat["steps"] == 36
    for name in ("neighbour_share", "mean_distance", "longest"):
        assert deep[name] == flat[name]


def test_one_pixel_goes_nowhere(capfd: Capture) -> None:
    [one] = told(capfd, "hilbert", "1x1")
    assert (one["steps"], one["neighbour_share"], one["mean_distance"]) == (1, None, None)
    assert "–" in done(capfd, "orderings", "hilbert", "1x1")


def test_all_orderings_that_need_no_more_than_a_shape(capfd: Capture) -> None:
    found = told(capfd, "all", "4x4", "3x2x2", "--seed", 5)
    names = ["raster", "zigzag", "column", "diagonal", "spiral", "hilbert", "shuffled"]
    assert [one["ordering"] for one in found] == 2 * names
    assert found[5]["order"] == Hilbert((4, 4)).order().tolist()
    assert found[-1]["order"] == Shuffled((3, 2, 2), 5).order().tolist()
    assert [one.get("seed") for one in found[:7]] == [None] * 6 + [5]
    assert told(capfd, "shuffled", "4x4")[0]["seed"] == 0


def test_small_images_are_printed_step_by_step(capfd: Capture) -> None:
    assert "0 1 2\n7 8 3\n6 5 4\n" in done(capfd, "orderings", "spiral", "3x3")
    assert "0 3\n9 6\n" in done(capfd, "orderings", "zigzag", "2x2x3")
    assert "step (from 0)" not in done(capfd, "orderings", "spiral", "17x17")
    assert "step (from 0)" not in done(capfd, "orderings", "all", "3x3")


def test_the_picture_is_a_map_or_a_sheet(capfd: Capture, tmp_path: Path) -> None:
    for name, words in {"map": ["hilbert", "8x8"], "sheet": ["all", "8x8"]}.items():
        out = tmp_path / f"{name}.png"
        assert f"Written: {out}" in done(capfd, "orderings", *words, "--out", out)
        sentence = refused(capfd, "orderings", *words, "--out", out)
        assert sentence == f"{out}: exists already; say --overwrite to replace it"
        done(capfd, "orderings", *words, "--out", out, "--overwrite")
    with Image.open(tmp_path / "map.png") as one, Image.open(tmp_path / "sheet.png") as several:
        assert several.width > 1.5 * one.width
    json.loads(done(capfd, "orderings", "all", "8x8", "--json", "--out", tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["hilber", "8x8"], "or all, got 'hilber'. Did you mean \"hilbert\"?"),
        (["given", "8x8"], "name: expected raster, zigzag, column, diagonal, spiral, hilbert"),
        (["until_end", "8x8"], "name: expected raster"),
        (["hilbert", "8"], "size: expected HxW or HxWxC, such as 28x28 or 32x32x3, got '8'"),
        (["hilbert", "0x8"], "size: expected HxW"),
        (["hilbert", "8x8x3x2"], "size: expected HxW"),
        (["hilbert", "8x8", "-3x4"], "-3x4"),
        (["hilbert", "99999x99999"], "size: expected at most 16,777,216 scalars, got 99999x99999"),
        (["hilbert", "8x8", "--seed", "1"], "seed: only shuffled takes one, hilbert does not"),
        (["shuffled", "8x8", "--seed", "1.5"], "1.5"),
        (["hilbert", "8x8", "--out", "order.gif"], "out: expected a name ending in .png"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(words: list[str], match: str, capfd: Capture) -> None:
    assert match in refused(capfd, "orderings", *words)
