"""The load test: what it counts, what it writes, and that it can really press a server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")

from arden.kernels import without_kernels
from benchmarks.serving.client import Asked, Stage, fetch, press
from benchmarks.serving.table import MARKS, PAGE, growth, text
from tests.serving.toys import running

RESULTS = Path(__file__).parents[2] / "benchmarks" / "serving" / "results"


def test_latencies_become_figures() -> None:
    stage = Stage([place / 1000 for place in range(1, 201)], refused=3, seconds=4.0)
    assert stage.figures() == {
        "requests": 200,
        "refused": 3,
        "requests_per_second": 50.0,
        "p50_ms": pytest.approx(101.0),
        "p99_ms": pytest.approx(199.0),
        "most_ms": pytest.approx(200.0),
    }


def test_memory_is_told_at_both_ends() -> None:
    memory = [[place, 1e6 * (100 + place)] for place in range(40)]
    assert growth(memory) == (pytest.approx(101.5), pytest.approx(137.5))


def test_a_server_is_pressed() -> None:
    good = Asked.of("/score", [{"rows": [[0, 1, 0, 1, 1, 0]]}])
    bad = Asked.of("/score", [{"rows": [[0]]}])
    with without_kernels(), running(["bits"]) as server:
        host, _, port = server.address.removeprefix("http://").rpartition(":")
        found = asyncio.run(press(host, int(port), [good, bad], 4, 0.3))
        metrics = asyncio.run(fetch(host, int(port), "/metrics"))
    assert len(found.latencies) >= 8
    assert 0 < found.refused < len(found.latencies)  # those with a wrong row, and only those
    refused = f'arden_requests_total{{path="/score",status="422"}} {found.refused}'
    assert refused in metrics.splitlines()


def test_the_page_shows_the_results() -> None:
    [path] = RESULTS.glob("*.json")
    shown = PAGE.read_text(encoding="utf-8").split(MARKS[0])[1].split(MARKS[1])[0].strip()
    assert shown == text(json.loads(path.read_text(encoding="utf-8")))
