"""A download's progress on a terminal: bytes, rate, time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from arden.live_line import LiveLine

__all__ = ["FetchDisplay"]


class FetchDisplay(LiveLine):
    """Bytes of a download as one live line. Call it with bytes there and bytes in all."""

    def __init__(self, title: str, console: Console | None = None) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self.progress.add_task(title, total=None, start=False)
        self._is_started = False

    def __call__(self, done: int, total: int | None) -> None:
        """Bytes there, bytes in all or None -> (): redraw."""
        if not self._is_started:
            # Bytes of an earlier call came at another time: they must not count in the rate.
            self.progress.update(self._task, completed=done, total=total)
            self.progress.start_task(self._task)
            self._is_started = True
        self.progress.update(self._task, completed=done, total=total)
