"""How soon the studio is there and how fast it answers; and pictures of all its pages.

python benchmarks/studio/run.py --runs DIRECTORY    # figures, docs/studio.md, docs/pictures/
python benchmarks/studio/run.py --table             # docs/studio.md again, from what was measured

DIRECTORY is where the studio keeps its models; without any it fits them first, timed as well.
Needs playwright and a Chromium (ARDEN_CHROMIUM names one that is not on the path).
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import write_between
from benchmarks.studio.chromium import FLAGS, Served, browser_path, serving, turn_to

RESULT = Path(__file__).parent / "results" / "studio.json"
PICTURES = ROOT / "docs" / "pictures"
PAGE = ROOT / "docs" / "studio.md"
MARKS = ("<!-- studio: made by benchmarks/studio/run.py -->\n", "<!-- end of studio -->")
_ASKED = 20
_PATIENCE = 300_000  # milliseconds
_MOST_BYTES = 200_000


def measure(runs: Path) -> dict[str, Any]:
    """A folder for runs -> seconds of a first start, of a later one, and of completions."""
    from playwright.sync_api import sync_playwright

    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        left = Path(folder) / "connections"
        if not any(runs.glob("*/config.json")):
            with serving(runs, left) as served:
                found["first_start"] = _start(served)
        with serving(runs, left) as served, sync_playwright() as playwright:
            found["start"] = _start(served)
            browser = playwright.chromium.launch(
                executable_path=browser_path(), args=FLAGS, timeout=_PATIENCE
            )
            page = _opened(browser, served.address, 1080, 900)
            found["completion"] = _completions(page)
            _picture_pages(page, Path(folder))
            phone = _opened(browser, served.address, 390, 844)
            turn_to(phone, "Draw")
            _half_drawn(phone)
            _picture(phone, "draw-phone")
            dark = _opened(browser, served.address, 1080, 900, "dark")
            turn_to(dark, "Draw")
            _half_drawn(dark)
            _picture(dark, "draw-dark")
            browser.close()
        found["completion"] |= _processor_seconds(runs)
        if left.exists():
            raise RuntimeError(f"the studio left the machine: {left.read_text()}")
    return found


def _start(served: Served) -> dict[str, float]:
    return {"seconds": round(served.seconds, 2), "cpu_seconds": round(served.cpu_seconds, 2)}


def _opened(browser: Any, address: str, wide: int, high: int, scheme: str = "light") -> Any:
    page = browser.new_page(viewport={"width": wide, "height": high}, color_scheme=scheme)
    page.set_default_timeout(_PATIENCE)
    page.goto(address)
    page.locator("#gallery-list table").wait_for()
    return page


def _half_drawn(page: Any) -> None:
    """The upper half of a held-out digit, completed."""
    page.locator("#completions img").first.wait_for()
    page.click("#held-out")
    page.wait_for_function("document.querySelector('#verdict').innerText.includes('32 of 64')")
    page.wait_for_timeout(500)


def _completions(page: Any) -> dict[str, Any]:
    """Halves of held-out digits -> seconds until their completions are drawn in the browser."""
    turn_to(page, "Draw")
    _half_drawn(page)
    seen, told = [], []
    for _ in range(_ASKED):
        before = page.locator("#verdict .facts").inner_text()
        began = time.perf_counter()
        page.click("#held-out")
        page.wait_for_function(
            "old => document.querySelector('#verdict .facts').innerText !== old", arg=before
        )
        seen.append(time.perf_counter() - began)
        words = page.locator("#verdict .facts").inner_text()
        told.append(float(words.split("Answered in")[1].split()[0]))
        assert told[-1] <= seen[-1] + 0.005, "another answer than the one waited for"
    return {
        "asked": _ASKED,
        "median_in_browser": round(statistics.median(seen), 3),
        "slowest_in_browser": round(max(seen), 3),
        "median_of_answer": round(statistics.median(told), 3),
    }


def _processor_seconds(runs: Path) -> dict[str, float]:
    """The same halves in this very process -> seconds of the processor, whatever else it does."""
    import torch

    from arden.kernels import register
    from arden.studio.drawing import complete_board, forget_ranks, held_out_board
    from arden.studio.images import is_drawable
    from arden.studio.shelf import Shelf

    torch.set_num_threads(1)
    register()
    shelf = Shelf(runs)
    run = shelf.runs(is_drawable)[0]
    spent: dict[str, list[float]] = {"cpu_of_new_mask": [], "cpu_of_known_mask": []}
    for place in range(_ASKED + 1):
        board = held_out_board(shelf, run, place)
        forget_ranks()
        for kind in spent:
            began = time.process_time()
            complete_board(shelf, run, board)
            spent[kind].append(time.process_time() - began)
    # The first compiles.
    return {kind: round(statistics.median(each[1:]), 3) for kind, each in spent.items()}


def _picture_pages(page: Any, folder: Path) -> None:
    """Every page with something on it."""
    turn_to(page, "Gallery")
    page.wait_for_timeout(500)
    page.click("#audit")
    page.locator("#audit-found table").wait_for()
    _picture(page, "gallery")
    turn_to(page, "Draw")
    _half_drawn(page)
    _picture(page, "draw")
    turn_to(page, "One pixel at a time")
    page.locator("#walk-A img").first.wait_for()
    page.locator("#step input[type=range]").fill("29")
    page.wait_for_function("document.querySelector('#walk-B').innerText.includes('29 of 64')")
    _picture(page, "steps")
    turn_to(page, "Table")
    page.set_input_files("#upload input[type=file]", _flowers(folder))
    page.locator("#columns table").wait_for()
    page.click("#fit")
    page.wait_for_function("document.querySelector('#fit-progress').innerText.includes('is kept')")
    page.click("#find")
    page.locator("#surprising table").wait_for()
    _picture(page, "table")
    turn_to(page, "Text")
    page.locator("#coloured b").first.wait_for()
    page.click("#write")
    page.locator("#written .draws").wait_for()
    _picture(page, "text")
    turn_to(page, "Compare")
    page.locator("#draws-second img").first.wait_for()
    _picture(page, "compare")


def _flowers(folder: Path) -> Path:
    """A folder -> a file there: the irises that come with scikit-learn, a cell in 20 missing."""
    from sklearn.datasets import load_iris

    irises, source = load_iris(), np.random.default_rng(0)
    names = [name.removesuffix(" (cm)").replace(" ", "_") for name in irises.feature_names]
    path = folder / "irises.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "species"])
        for row, species in zip(irises.data, irises.target_names[irises.target], strict=True):
            cells = [*(f"{value:.1f}" for value in row), str(species)]
            writer.writerow(["" if source.random() < 0.05 else cell for cell in cells])
    return path


def _picture(page: Any, name: str) -> None:
    """What a page shows -> docs/pictures/studio-NAME.png, in fewer colours where it is big."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    taken = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    path = PICTURES / f"studio-{name}.png"
    taken.save(path, optimize=True)
    if path.stat().st_size > _MOST_BYTES:
        few = taken.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def write_page() -> None:
    """() -> (): the figures that were measured stand in docs/studio.md."""
    told = json.loads(RESULT.read_text(encoding="utf-8"))
    first, later, asked = told.get("first_start"), told["start"], told["completion"]
    lines = ["| | seconds | of the processor |", "|---|---|---|"]
    if first:
        lines.append(
            f"| first start, three models fitted | {first['seconds']:.1f} | "
            f"{first['cpu_seconds']:.1f} |"
        )
    lines += [
        f"| later starts | {later['seconds']:.1f} | {later['cpu_seconds']:.1f} |",
        f"| half a digit completed, ranked and explained: median of {asked['asked']} | "
        f"{asked['median_of_answer']:.2f} | {asked['cpu_of_new_mask']:.2f} |",
        f"| the same pixels again | | {asked['cpu_of_known_mask']:.2f} |",
        f"| from the click (another half is fetched, then completed) to the browser showing it | "
        f"{asked['median_in_browser']:.2f} | |",
    ]
    about = told["provenance"]
    words = f"\n{told['remark']} {about['machine']}, torch {about['versions']['torch']}.\n"
    write_between(PAGE, MARKS, "\n".join(lines) + "\n" + words)


def main() -> None:
    """Command-line words -> figures and pictures, or the page alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, help="where the studio keeps its models")
    parser.add_argument("--table", action="store_true", help="write docs/studio.md alone")
    parser.add_argument(
        "--remark", default="Measured while nothing else ran.", help="on what else the machine did"
    )
    given = parser.parse_args()
    if not given.table:
        if given.runs is None:
            parser.error("--runs: expected a folder for the studio's models")
        found = measure(given.runs)
        kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
        if "first_start" in kept:
            found.setdefault("first_start", kept["first_start"])
        found |= {"remark": given.remark, "provenance": provenance("benchmarks/studio/run.py")}
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    write_page()


if __name__ == "__main__":
    main()
