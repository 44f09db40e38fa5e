"""How far a file has been read, on a terminal: a bar, the rate, the time left."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from arden.live_line import LiveLine

__all__ = ["ReadingDisplay"]


class ReadingDisplay(LiveLine):
    """Shares of a file as one live line."""

    def __init__(self, title: str, unit: str, console: Console | None = None) -> None:
        self._unit = unit
        self._started = time.monotonic()
        super().__init__(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("[dim]{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self.progress.add_task(escape(title), total=1.0, rate="")

    def show(self, share: float, count: int) -> None:
        """The share that is done, how many units -> (): redraw."""
        rate = count / max(time.monotonic() - self._started, 1e-9)
        words = f"{count:,} {self._unit}s, {rate:,.0f} a second"
        self.progress.update(self._task, completed=share, rate=words)
