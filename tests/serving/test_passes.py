"""Requests that come together share passes, and are answered as if each had come alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from arden.errors import InputError
from arden.serving.batching import Batcher, Work
from arden.serving.limits import Limits
from arden.serving.refusal import Refusal
from tests.serving.test_answers import PET
from tests.serving.toys import Running

MANY = 32
ASKED: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("/score", "pets", [{"rows": PET[n % 3 :], "variables": n > 15} for n in range(MANY)]),
    ("/score", "strings", [{"rows": ["ab" * (1 + n % 7), "c"]} for n in range(MANY)]),
    ("/score", "text", [{"rows": ["abc" * (1 + n % 5), "c"]} for n in range(MANY)]),
    ("/sample", "pets", [{"number": 1 + n % 3, "seed": n} for n in range(MANY)]),
    ("/sample", "strings", [{"number": 1 + n % 3, "seed": n} for n in range(MANY)]),
    (
        "/complete",
        "reals",
        [{"rows": [[None, 5 + n / 9, None], [4.5, None, 7]], "seed": n} for n in range(MANY)],
    ),
    ("/complete", "pets", [{"rows": PET[n % 3 :], "seed": n} for n in range(MANY)]),
    (
        "/detect",
        "bits",
        [{"rows": [[n % 2] * 6, [0, 1, 1, 0, 1, n % 2]], "false_alarms": 0.2} for n in range(MANY)],
    ),
]


def alike(one: Any, other: Any) -> bool:
    """Two answers -> whether they are the same, numbers up to rounding in float64."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return isinstance(other, float) and abs(one - other) <= 1e-9 * max(1.0, abs(one))
    return bool(one == other)


@pytest.mark.parametrize(("path", "name", "asked"), ASKED)
def test_answers_do_not_hang_on_who_else_asks(
    server: Running, path: str, name: str, asked: list[dict[str, Any]]
) -> None:
    def ask(told: dict[str, Any]) -> dict[str, Any]:
        return server.ask(path, name, **told)

    alone = list(map(ask, asked))
    batcher = server.served[name].batcher
    before, shared = batcher.passes, batcher.shared
    with ThreadPoolExecutor(MANY) as threads:
        together = list(threads.map(ask, asked))
    assert batcher.shared - shared == MANY
    assert batcher.passes - before < MANY  # else nothing was put to the test
    for one, other in zip(alone, together, strict=True):
        assert alike(one, other)


def test_a_refusal_is_only_its_own(server: Running) -> None:
    """One of many asks for what cannot be told: the others are answered all the same."""
    good, bad = [[0, 1, 0, 1, 1, 0]], [[0, None, 0, 1, 1, 0]]

    def score(rows: Any) -> Any:
        return server.client.post("/score", json={"model": "bits", "rows": rows})

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(score, [good, bad] * 6))
    assert {response.status_code for response in found[::2]} == {200}
    assert {response.status_code for response in found[1::2]} == {422}
    assert "observed" in found[1].json()["error"]


@pytest.fixture
def batcher(request: pytest.FixtureRequest) -> Iterator[Batcher]:
    """() -> a batcher with the limits that the test asks for."""
    found = Batcher("toy", getattr(request, "param", Limits(max_wait=50)))
    yield found
    found.close()


def doubled(payloads: Sequence[Any]) -> list[Any]:
    """Numbers -> twice each; one that is negative is an error."""
    if min(payloads) < 0:
        raise InputError(f"payload: expected at least 0, got {min(payloads)}")
    return [2 * payload for payload in payloads]


async def all_of(batcher: Batcher, works: Sequence[Work]) -> list[Any]:
    """Pieces of work, all asked at once -> the answers, or the errors."""
    return await asyncio.gather(*map(batcher.submit, works), return_exceptions=True)


def test_only_one_kind_shares_a_pass(batcher: Batcher) -> None:
    works = [Work(place % 2, 1, place, doubled) for place in range(10)]
    assert asyncio.run(all_of(batcher, works)) == [2 * place for place in range(10)]
    assert (batcher.passes, batcher.shared) == (2, 10)


@pytest.mark.parametrize("batcher", [Limits(max_wait=50, max_batch=4)], indirect=True)
def test_a_pass_has_a_greatest_size(batcher: Batcher) -> None:
    works = [Work("a", rows, rows, doubled) for rows in (2, 2, 2, 9, 1)]
    assert asyncio.run(all_of(batcher, works)) == [4, 4, 4, 18, 2]
    assert batcher.passes == 3  # 2 + 2, 2 + 1, and 9 alone


def test_what_fails_together_is_done_one_by_one(batcher: Batcher) -> None:
    found = asyncio.run(all_of(batcher, [Work("a", 1, number, doubled) for number in (3, -1, 4)]))
    assert (found[0], found[2]) == (6, 8)
    assert str(found[1]) == "payload: expected at least 0, got -1"


def test_a_mistake_of_ours_does_not_end_the_thread(batcher: Batcher) -> None:
    def broken(payloads: Sequence[Any]) -> list[Any]:
        raise ZeroDivisionError

    [found] = asyncio.run(all_of(batcher, [Work("a", 1, 1, broken)]))
    assert isinstance(found, ZeroDivisionError)
    assert asyncio.run(all_of(batcher, [Work("a", 1, 1, doubled)])) == [2]


@pytest.mark.parametrize("batcher", [Limits(max_waiting=2, max_wait=0)], indirect=True)
def test_a_full_queue_turns_requests_away(batcher: Batcher) -> None:
    begin, go_on = threading.Event(), threading.Event()

    def slow(payloads: Sequence[Any]) -> list[Any]:
        begin.set()
        go_on.wait(10)
        return doubled(payloads)

    async def ask() -> list[Any]:
        first = asyncio.create_task(batcher.submit(Work("slow", 1, 1, slow)))
        await asyncio.to_thread(begin.wait, 10)
        others = [
            asyncio.create_task(batcher.submit(Work(place, 1, place, doubled)))
            for place in range(4)
        ]
        await asyncio.sleep(0.05)
        go_on.set()
        return await asyncio.gather(first, *others, return_exceptions=True)

    found = asyncio.run(ask())
    assert found[:3] == [2, 0, 2]
    for refused in found[3:]:
        assert isinstance(refused, Refusal)
        assert (refused.status, refused.headers) == (503, {"Retry-After": "1"})
        assert "2 requests wait for this model already (--max-waiting)" in refused.sentence


@pytest.mark.parametrize("batcher", [Limits(max_time=0.1, max_wait=0)], indirect=True)
def test_work_that_nobody_waits_for_is_not_done(batcher: Batcher) -> None:
    done, go_on = [], threading.Event()

    def slow(payloads: Sequence[Any]) -> list[Any]:
        go_on.wait(10)
        done.extend(payloads)
        return list(payloads)

    found = asyncio.run(all_of(batcher, [Work(name, 1, name, slow) for name in "abc"]))
    assert [getattr(refused, "status", None) for refused in found] == [504] * 3
    assert "given up after 0.1 seconds (--max-time)" in str(found[0])
    go_on.set()
    batcher.close()
    assert done == ["a"]  # it was running; the others were taken back in time


def test_after_the_end_nothing_is_taken(batcher: Batcher) -> None:
    async def ask() -> list[Any]:
        waiting = [asyncio.create_task(batcher.submit(Work("a", 1, n, doubled))) for n in (1, 2)]
        await asyncio.sleep(0)
        await asyncio.to_thread(batcher.close)
        late = asyncio.create_task(batcher.submit(Work("a", 1, 3, doubled)))
        return await asyncio.gather(*waiting, late, return_exceptions=True)

    started = time.monotonic()
    found = asyncio.run(ask())
    assert found[:2] == [2, 4]  # what waited is still answered
    assert isinstance(found[2], Refusal)
    assert found[2].status == 503
    assert time.monotonic() - started < 5
