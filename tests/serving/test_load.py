"""A crowd of clients, good and bad at once: limits hold, everybody is answered, nothing is left."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from arden.kernels import without_kernels
from arden.serving.limits import Limits
from tests.serving.toys import Running, running, sentence

CLIENTS, ASKED = 24, 240
LIMITS = Limits(
    max_body=0.02, max_rows=8, max_samples=8, max_steps=4000, max_time=5.0, max_waiting=6
)
ROW = [0, 1, 1, 0, 1, 0]


@pytest.fixture(scope="module")
def crowded() -> Any:
    """() -> a server with narrow limits."""
    with without_kernels(), running(["bits", "strings"], LIMITS) as found:
        yield found


# A kind of request -> what is sent where, and the statuses that are right where there is room.
GOOD, BAD = (
    {200},
    {
        "too many rows": 413,
        "too large a body": 413,
        "no JSON": 400,
        "too many steps": 422,
        "too many samples": 422,
        "no such model": 404,
    },
)


def ask(client: httpx.Client, kind: str) -> httpx.Response:
    """A client, a kind of request -> the response."""
    said: dict[str, tuple[str, dict[str, Any]]] = {
        "score": ("/score", {"json": {"model": "bits", "rows": [ROW] * 3}}),
        "sample": ("/sample", {"json": {"model": "strings", "number": 4, "longest": 30}}),
        "complete": (
            "/complete",
            {"json": {"model": "bits", "rows": [[None] * 6], "number": 2, "candidates": 8}},
        ),
        "too many rows": ("/score", {"json": {"model": "bits", "rows": [ROW] * 9}}),
        "too large a body": ("/score", {"json": {"model": "bits", "rows": [ROW] * 2000}}),
        "no JSON": (
            "/score",
            {"content": b"{" * 50, "headers": {"content-type": "application/json"}},
        ),
        "too many steps": ("/sample", {"json": {"model": "strings", "number": 8, "longest": 999}}),
        "too many samples": ("/sample", {"json": {"model": "bits", "number": 9}}),
        "no such model": ("/score", {"json": {"model": "cats", "rows": [ROW]}}),
    }
    path, how = said[kind]
    return client.post(path, **how)


def test_a_crowd_is_served_refused_and_gone(crowded: Running) -> None:
    source, found = random.Random(0), Counter[tuple[str, int]]()
    kinds = ["score", "sample", "complete"] * 3 + list(BAD)
    healthy: list[float] = []
    done = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=crowded.address, timeout=10) as client:
            while not done.is_set():
                began = time.monotonic()
                assert client.get("/health").json()["status"] == "ok"
                healthy.append(time.monotonic() - began)
                time.sleep(0.02)

    def one(kind: str) -> None:
        with httpx.Client(base_url=crowded.address, timeout=LIMITS.max_time + 10) as client:
            response = ask(client, kind)
        if response.status_code == 503:
            assert response.headers["retry-after"]
            assert "(--max-waiting)" in sentence(response, 503)
        elif response.status_code != 200:
            sentence(response, response.status_code)
        found[kind, response.status_code] += 1

    watching = threading.Thread(target=watch)
    watching.start()
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(one, source.choices(kinds, k=ASKED)))
    took = time.monotonic() - began
    done.set()
    watching.join()
    assert sum(found.values()) == ASKED  # everybody has an answer
    assert took < 60
    for (kind, status), _ in found.items():
        assert status in ({BAD[kind], 503} if kind in BAD else {200, 503}), (kind, status)
    assert sum(many for (_, status), many in found.items() if status == 200) > 0
    assert max(healthy) < LIMITS.max_time
    # Nothing is left behind: no request, no place in a queue, and the next one is answered.
    for _ in range(200):
        told = crowded.client.get("/metrics").text
        if "arden_running 1\n" in told:
            break
        time.sleep(0.02)
    assert "arden_running 1\n" in told
    for name in ("bits", "strings"):
        assert f'arden_waiting{{model="{name}"}} 0' in told
    assert crowded.ask("/score", "bits", rows=[ROW])["log_prob"]


def test_more_than_may_wait_come_at_once(crowded: Running) -> None:
    """While one pass goes on, more come than may wait: some are served, the rest are told."""
    served = crowded.served["bits"]
    go_on, whole = threading.Event(), served.model.log_prob

    def slow(*given: Any, **how: Any) -> Any:
        go_on.wait(LIMITS.max_time)
        return whole(*given, **how)

    served.model.log_prob = slow  # type: ignore[assignment]
    try:
        with ThreadPoolExecutor(3 * LIMITS.max_waiting) as threads:
            asked = [
                threads.submit(crowded.post, "/score", "bits", rows=[ROW], variables=bool(k % 2))
                for k in range(3 * LIMITS.max_waiting)
            ]
            time.sleep(0.7)
            go_on.set()
            statuses = Counter(one.result().status_code for one in asked)
    finally:
        go_on.set()
        del served.model.log_prob
    assert set(statuses) == {200, 503}
    assert crowded.ask("/score", "bits", rows=[ROW])["log_prob"]
