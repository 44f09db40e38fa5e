"""What a second process brings: the page shows what was measured, the projection what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.scale.table import LINKS, MARKS, PAGE, Projection, text

RESULTS = Path(__file__).parents[2] / "benchmarks" / "scale" / "results" / "processes.json"


def test_the_page_shows_the_results() -> None:
    shown = PAGE.read_text(encoding="utf-8").split(MARKS[0])[1].split(MARKS[1])[0].strip()
    assert shown == text(json.loads(RESULTS.read_text(encoding="utf-8")))


def test_the_projection_goes_through_what_was_measured() -> None:
    cases = json.loads(RESULTS.read_text(encoding="utf-8"))["cases"]
    projection = Projection.from_cases(cases)
    for case in cases:
        if (case["processes"], case["threads"]) == (1, 1):
            alone = projection.seconds(case["batch_size"], 1, (1e9, 1e-5))
            assert alone == pytest.approx(case["cpu_seconds"])


def test_a_ring_sends_each_part_twice_round() -> None:
    projection = Projection(fixed=0.01, row=0.001, bytes=8e6)
    # 100 rows by four: 25 of them, and six messages of two megabytes at 1 GB/s and 1 ms.
    assert projection.seconds(100, 4, (1e9, 1e-3)) == pytest.approx(0.01 + 0.025 + 6 * 0.003)
    assert projection.efficiency(100, 1, (1e9, 1e-3)) == pytest.approx(1.0)
    assert projection.efficiency(100, 4, (1e9, 1e-3)) == pytest.approx(0.11 / 4 / 0.053)


@pytest.mark.parametrize("link", LINKS)
def test_more_processes_are_never_more_efficient(link: str) -> None:
    projection = Projection.from_cases(json.loads(RESULTS.read_text(encoding="utf-8"))["cases"])
    shares = [projection.efficiency(4096, count, LINKS[link]) for count in (1, 2, 4, 8, 16, 32)]
    assert shares == sorted(shares, reverse=True)
