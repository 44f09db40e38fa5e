"""Waiting for a compiler is told: one line in the log for everything that Python called."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from numba.core.event import Event, Listener, register

__all__ = ["tell_of_compiling"]

_LOG = logging.getLogger("arden.kernels")
_WORTH_TELLING = 1.0  # seconds


class _Notice(Listener):
    """Compiling a function compiles those it calls: only the outermost is told."""

    def __init__(self) -> None:
        self._began: list[float] = []

    def on_start(self, event: Event) -> None:
        self._began.append(time.perf_counter())

    def on_end(self, event: Event) -> None:
        seconds = time.perf_counter() - self._began.pop()
        if self._began or seconds < _WORTH_TELLING:
            return
        code = event.data["dispatcher"].py_func.__code__
        if Path(code.co_filename).parent == Path(__file__).parent:
            name = Path(code.co_filename).stem.strip("_")
            _LOG.info("compiled %s for this processor in %.0f s, once", name, seconds)


def tell_of_compiling() -> None:
    """() -> (): from now on the log `arden.kernels` has a line for whatever took a second."""
    register("numba:compile", _Notice())
