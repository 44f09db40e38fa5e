"""Ctrl-C between two gradient steps, never inside one."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interruption"]


class Interruption:
    """A context manager: a first Ctrl-C only sets `asked`, a second one interrupts at once.

    In the middle of a step weights and optimiser do not belong together, and nothing could be
    resumed from there. A request to terminate is treated likewise, and delivered again at the end.
    Threads other than the main one receive no signals; there it does nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self._terminate = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup and its like mean it
                    self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._terminate:
            signal.raise_signal(signal.SIGTERM)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True
        self._terminate = number == signal.SIGTERM
