"""The studio as people use it: a real browser, a mouse, a keyboard, a phone; nothing leaves."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.studio.chromium import FLAGS, browser_path, serving, turn_to

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser_path() is None, reason="no Chromium; ARDEN_CHROMIUM may name one"),
]

_PATIENCE = 60_000  # milliseconds; machines that test are slow and shared


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> the file that would hold what connections the studio made to other machines."""
    return tmp_path_factory.mktemp("left") / "connections"


@pytest.fixture(scope="module")
def address(folder: Path, left: Path) -> Iterator[str]:
    """() -> where the studio of the small runs is served, its data now all of the digits."""
    runs = left.parent / "runs"
    shutil.copytree(folder, runs)
    for config in runs.glob("*/config.json"):
        config.write_text(config.read_text().replace('"few digits"', '"digits"'))
    with serving(runs, left, kernels=False) as found:
        yield found.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """() -> a headless Chromium."""
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_path(), args=FLAGS, timeout=_PATIENCE
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def requests() -> list[str]:
    """() -> the addresses of all requests of all pages so far."""
    return []


@pytest.fixture(scope="module")
def page(browser: Any, address: str, requests: list[str]) -> Iterator[Any]:
    """() -> one window for all tests: opening it costs more than most of them."""
    opened = _open(browser, address, requests, {"width": 1100, "height": 900})
    yield opened
    opened.close()


def _open(browser: Any, address: str, requests: list[str], size: dict[str, int]) -> Any:
    page = browser.new_page(viewport=size)
    page.set_default_timeout(_PATIENCE)
    page.mistakes = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.goto(address)
    page.locator("#gallery-list table").wait_for()
    return page


def wait_for(page: Any, place: str, pattern: str) -> str:
    """A page, an element, an expression -> its words, once they fit."""
    found = page.locator(place)
    api.expect(found).to_contain_text(re.compile(pattern), timeout=_PATIENCE)
    return str(found.inner_text())


def test_the_gallery_lists_runs_and_audits_one(page):
    assert page.locator("#gallery-list tbody tr").count() == 6
    page.click("#gallery-run input")
    page.get_by_role("option", name="by-class").click()
    wait_for(page, "#gallery-run-shown", "independent")
    page.click("#audit")
    wait_for(page, "#audit-found", "checks that apply have passed")


def test_a_drawing_is_completed_while_it_is_drawn(page):
    turn_to(page, "Draw")
    wait_for(page, "#verdict", "0 of 64 pixels")
    box = page.locator("#board canvas").bounding_box()
    middle = box["x"] + box["width"] * 0.44
    page.mouse.move(middle, box["y"] + box["height"] * 0.06)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] * 0.94, steps=4)
    page.mouse.up()
    told = wait_for(page, "#verdict", "8 of 64 pixels")
    assert re.search(r"p-value\s+0\.\d{3} among 360 held-out", told)
    assert page.locator("#completions img").count() == 8
    before = page.locator("#completions").inner_html()
    page.click("#again")
    page.wait_for_function(
        "old => document.querySelector('#completions').innerHTML !== old", arg=before
    )


def test_a_drawing_needs_no_mouse(page):
    turn_to(page, "Draw")
    page.get_by_role("button", name="Forget all").click()
    wait_for(page, "#verdict", "0 of 64 pixels")
    page.locator("#board canvas").focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")
    for key in ("1", "ArrowRight", "p", "ArrowDown", "i", "ArrowLeft", "2", "u", "Shift+ArrowUp"):
        page.keyboard.press(key)
    # Ink, paper, ink; then paper that is forgotten again, and the first pixel with it.
    wait_for(page, "#verdict", "2 of 64 pixels")
    assert page.locator("#board .told").inner_text() == "row 1, column 1: unknown"


def test_half_an_image_is_given(page):
    turn_to(page, "Draw")
    page.click("#held-out")
    wait_for(page, "#verdict", "32 of 64 pixels")


def test_a_walk_goes_forwards_and_backwards(page):
    turn_to(page, "One pixel at a time")
    wait_for(page, "#walk-A", "0 of 64")
    assert page.locator("#walk-B figure").count() == 3
    page.click("#forward")
    first = wait_for(page, "#walk-A", "1 of 64")
    page.click("#forward")
    wait_for(page, "#walk-A", "2 of 64")
    page.click("#back")
    assert wait_for(page, "#walk-A", "1 of 64") == first
    page.click("#last")
    wait_for(page, "#walk-B", "64 of 64")
    page.locator("#step input[type=range]").focus()
    page.keyboard.press("Home")
    wait_for(page, "#walk-B", "0 of 64")
    page.click("#ordering-A input")
    page.get_by_role("option", name="hilbert").click()
    page.click("#last")
    assert wait_for(page, "#walk-A", "64 of 64") != wait_for(page, "#walk-B", "64 of 64")


def test_a_table_is_fitted_filled_and_downloaded(page, tmp_path):
    turn_to(page, "Table")
    rows = ["pet,legs"] + ["cat,4", "bird,2", "cat,", "bird,2"] * 10
    (tmp_path / "pets.csv").write_text("\n".join(rows) + "\n")
    page.set_input_files("#upload input[type=file]", tmp_path / "pets.csv")
    wait_for(page, "#columns", r"Missing cells\s*10")
    page.click("#fit")
    wait_for(page, "#fit-progress", "Epoch")
    page.click("#stop")
    wait_for(page, "#fit-progress", "is kept")
    page.click("#find")
    page.locator("#surprising table").wait_for()
    page.get_by_role("tab", name="Fill gaps").click()
    page.click("#fill")
    wait_for(page, "#filled", "10 cells of 10 rows filled in")
    with page.expect_download() as download:
        page.click("#filled-file")
    assert download.value.suggested_filename == "pets-filled.csv"
    download.value.save_as(tmp_path / "filled.csv")
    with (tmp_path / "filled.csv").open(newline="") as file:
        cells = list(csv.reader(file))
    assert len(cells) == 41
    assert {row[1] for row in cells[1:]} == {"2", "4"}
    page.get_by_role("tab", name="Synthetic rows").click()
    page.click("#make")
    wait_for(page, "#made", "200 independent draws")


def test_a_bad_file_is_told_of_in_one_sentence(page, tmp_path):
    turn_to(page, "Table")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n3\n")
    empty = re.compile("clear|remove", re.IGNORECASE)
    page.locator("#upload").get_by_role("button", name=empty).first.click()
    page.set_input_files("#upload input[type=file]", tmp_path / "bad.csv")
    toast = page.locator(".toast-body").first
    toast.wait_for()
    words = toast.inner_text()
    assert "bad.csv: line 3" in words
    assert "Traceback" not in words
    assert str(tmp_path) not in words


def test_a_text_is_coloured_and_written(page):
    turn_to(page, "Text")
    page.fill("#text textarea", "the dog jumps")
    page.click("#score-text")
    page.wait_for_function("document.querySelectorAll('#coloured b').length === 13")
    page.click("#write")
    page.locator("#written .draws").wait_for()
    page.fill("#text textarea", "the ß")
    page.click("#score-text")
    page.get_by_text("line 1, column 5").first.wait_for()


def test_two_runs_are_compared(page):
    turn_to(page, "Compare")
    page.click("#compare-second input")
    page.get_by_role("option", name="one", exact=True).click()
    page.click("#compare")
    wait_for(page, "#compared", r"more likely under one")
    page.locator("#draws-second img").first.wait_for()


def test_a_phone_shows_every_page_without_scrolling_sideways(browser, address, requests):
    page = _open(browser, address, requests, {"width": 390, "height": 844})
    for name in ("Gallery", "Draw", "One pixel at a time", "Table", "Text", "Compare"):
        turn_to(page, name)
        page.wait_for_timeout(300)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{name} is {wide} pixels wide"
    assert page.mistakes == []
    page.close()


def test_nothing_has_left_the_machine(page, requests, left):
    """Neither the browser nor the studio has asked another machine for anything."""
    assert page.mistakes == []
    asked = [url for url in requests if not url.startswith(("data:", "blob:"))]
    assert asked
    assert [url for url in asked if not url.startswith("http://127.0.0.1:")] == []
    assert not left.exists()
