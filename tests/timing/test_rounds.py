"""Ways that take turns, and the memory that one takes."""

from __future__ import annotations

import pytest
import torch

from arden.timing import Timing, interleaved, peak_memory


def test_all_ways_are_called_in_every_round() -> None:
    told: list[str] = []
    ways = {name: lambda name=name: told.append(name) for name in "ab"}
    timed = interleaved(ways, rounds=3, least_seconds=0)  # type: ignore[arg-type]
    assert told == [*"aabb", *"ababab"]  # the first call and one that says how many make a round
    assert all(len(one.rounds) == 3 for one in timed.values())


def test_what_is_short_is_repeated() -> None:
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    [timing] = interleaved({"count": count}, rounds=2, least_seconds=0.01).values()
    assert calls > 100
    assert 0 < timing.seconds < 1e-3


def test_the_median_and_the_spread() -> None:
    timing = Timing(9.0, (1.0, 2.0, 3.0, 4.0, 50.0))
    assert timing.seconds == 3
    assert timing.spread == pytest.approx((4 - 2) / 3)
    assert Timing(1.0, (2.0,)).spread == 0


def test_memory_is_that_of_the_call() -> None:
    size = 2**26

    def take() -> object:
        return torch.ones(size, dtype=torch.uint8).max()

    found = peak_memory(take)
    if found is None:
        pytest.skip("this system does not say how much memory was used at most")
    assert 0.9 * size < found < 2 * size
    nothing = peak_memory(lambda: None)
    assert nothing is not None
    assert nothing < size / 4
