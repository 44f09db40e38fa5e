"""Running the tasks of one kernel on as many threads as torch uses."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

__all__ = ["pieces", "run"]

# Numba's own threads are not used: their pools do not survive a fork, some do not accept calls from
# two threads at once, and compiling for them takes several times longer.
_helpers: ThreadPoolExecutor | None = None
_forked = False
_Body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


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
    if _torchs_team() is None or _forked:
        _by_helpers(drain, threads)
    else:
        _by_torchs_team(drain, threads)


def _by_helpers(drain: Callable[[], None], threads: int) -> None:
    global _helpers
    if _helpers is None:
        _helpers = ThreadPoolExecutor(max_workers=max(os.cpu_count() or 1, threads))
    futures = [_helpers.submit(drain) for _ in range(threads - 1)]
    drain()
    for future in futures:
        future.result()


def _by_torchs_team(drain: Callable[[], None], threads: int) -> None:
    """On the threads that torch itself computes with, where they can be had.

    After each operation they go on waiting at full speed for some milliseconds: a thread of ours
    would share a core with them, and two were no faster than one.
    """
    errors: list[BaseException] = []

    def body(_: object) -> None:
        try:
            drain()
        except BaseException as error:  # it may not pass through C
            errors.append(error)

    team = _torchs_team()
    assert team is not None
    team(_Body(body), None, threads, 0)
    if errors:
        raise errors[0]


@cache
def _torchs_team() -> Any:
    """() -> `GOMP_parallel` of the library in which torch's threads live, or None.

    GCC keeps that function for every program it has ever compiled; torch promises nothing, and
    where it comes with another library our own threads serve.
    """
    if "OpenMP" not in torch.__config__.parallel_info():
        return None
    for file in sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*")):
        try:
            # Only a library that is loaded already is torch's.
            library = ctypes.CDLL(str(file), mode=os.RTLD_NOLOAD | os.RTLD_LOCAL)
            function = library.GOMP_parallel
        except (AttributeError, OSError):
            continue
        function.argtypes = [_Body, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
        function.restype = None
        return function
    return None


def pieces(size: int, at_most: int, multiple: int = 1) -> list[tuple[int, int]]:
    """N, most per piece -> [from, to) of equal pieces covering N, at least one per thread."""
    units = -(-size // multiple)
    count = max(-(-size // at_most), min(torch.get_num_threads(), units))
    edges = [min(units * index // count * multiple, size) for index in range(count + 1)]
    return [(low, high) for low, high in pairwise(edges) if low < high]


_WORTH_SHARING = 2**20
"""Waking a thread takes some 50 µs, in which one does about this many multiplications."""


def _forget_helpers() -> None:
    global _helpers, _forked
    _helpers, _forked = None, True


if hasattr(os, "register_at_fork"):  # a child inherits pools but none of their threads
    os.register_at_fork(after_in_child=_forget_helpers)
