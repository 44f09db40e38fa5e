"""How far a file has been read, on a terminal: a bar, the rate, the time left."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["ReadingDisplay"]


class ReadingDisplay:
    """A context manager that shows one live line. On anything but a terminal it stays silent."""

    def __init__(self, title: str, unit: str, console: Console | None = None) -> None:
        self._unit = unit
        self._started = time.monotonic()
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("[dim]{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(escape(title), total=1.0, rate="")

    def __enter__(self) -> ReadingDisplay:
        if self._progress.console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress.console.is_terminal:  # else it would print an empty line
            self._progress.stop()

    def show(self, share: float, count: int) -> None:
        """The share that is done, how many units -> (): redraw."""
        rate = count / max(time.monotonic() - self._started, 1e-9)
        words = f"{count:,} {self._unit}s, {rate:,.0f} a second"
        self._progress.update(self._task, completed=share, rate=words)
