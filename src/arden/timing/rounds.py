"""Several ways to do one thing, timed in turns, so that a busy machine is busy for all of them."""

from __future__ import annotations

import ctypes
import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Timing", "interleaved", "peak_memory"]

_LEAST_SECONDS = 0.02  # what is shorter is repeated within a round: clocks and caches have grain


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: of the very first, which may compile, and of every round's mean."""

    first: float
    rounds: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """The range of the middle half of the rounds, as a share of the median."""
        if len(self.rounds) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return (high - low) / self.seconds


def interleaved(
    ways: Mapping[str, Callable[[], object]],
    rounds: int = 5,
    least_seconds: float = _LEAST_SECONDS,
) -> dict[str, Timing]:
    """Names and calls -> how long each takes: every round calls all of them, one after another.

    Ratios of the medians hold even where the machine's speed drifts from round to round.

    >>> told = interleaved({"short": lambda: sum(range(10)), "long": lambda: sum(range(10**5))})
    >>> told["short"].seconds < told["long"].seconds
    True
    """
    first, calls = {}, {}
    for name, call in ways.items():
        first[name] = _seconds(call, 1)
        calls[name] = max(1, round(least_seconds / max(_seconds(call, 1), 1e-9)))
    each: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            each[name].append(_seconds(call, calls[name]))
    return {name: Timing(first[name], tuple(each[name])) for name in ways}


def peak_memory(call: Callable[[], object]) -> int | None:
    """A call -> bytes by which the process grew at most while it ran; None where not known.

    It runs once before, for what is only loaded or compiled then. Linux says the peak, and forgets
    an earlier one when asked to. What is free inside the process is given back first where the C
    library can: memory that is used again would not be seen.
    """
    call()
    status, peak = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    try:
        _give_back()
        peak.write_text("5", encoding="ascii")
        before = _field(status, "VmRSS")
        call()
        return max(0, _field(status, "VmHWM") - before)
    except (OSError, StopIteration):
        return None


def _give_back() -> None:
    """What is free inside the process goes back to the system; OSError where there is no Linux."""
    if sys.platform != "linux":
        raise OSError
    gc.collect()
    if hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)


def _seconds(call: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def _field(status: Path, name: str) -> int:
    lines = status.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
