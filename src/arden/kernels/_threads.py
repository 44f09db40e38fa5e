"""Running the tasks of one kernel on as many threads as torch uses."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import torch

__all__ = ["pieces", "run"]

# Numba's own threads are not used: their pools do not survive a fork, some do not accept calls from
# two threads at once, and compiling for them takes several times longer.
_helpers: ThreadPoolExecutor | None = None


def run(function: Callable[[Any], object], tasks: Sequence[Any], work: int) -> None:
    """function that leaves the GIL, an argument for each independent call, operations -> ().

    Uses `torch.get_num_threads` threads, this one included; just this one when the work is too
    little to share. Which thread takes which task has no influence on any result.
    """
    global _helpers
    threads = 1 if work < _WORTH_SHARING else min(torch.get_num_threads(), len(tasks))
    waiting = deque(tasks)

    def drain() -> None:
        while True:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            function(task)

    if threads == 1:
        return drain()
    if _helpers is None:
        _helpers = ThreadPoolExecutor(max_workers=max(os.cpu_count() or 1, threads))
    futures = [_helpers.submit(drain) for _ in range(threads - 1)]
    drain()
    for future in futures:
        future.result()


def pieces(size: int, at_most: int, multiple: int = 1) -> list[tuple[int, int]]:
    """N, most per piece -> [from, to) of equal pieces covering N, at least one per thread."""
    units = -(-size // multiple)
    count = max(-(-size // at_most), min(torch.get_num_threads(), units))
    edges = [min(units * index // count * multiple, size) for index in range(count + 1)]
    return [(low, high) for low, high in pairwise(edges) if low < high]


_WORTH_SHARING = 2**20
"""Waking a thread takes some 50 µs, in which one does about this many multiplications."""


def _forget_helpers() -> None:
    global _helpers
    _helpers = None


if hasattr(os, "register_at_fork"):  # a child inherits the pool but none of its threads
    os.register_at_fork(after_in_child=_forget_helpers)
