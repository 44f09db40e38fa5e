"""A download's progress on a terminal: bytes, rate, time left."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from arden.data.fetching.download import Report

__all__ = ["FetchDisplay"]


class FetchDisplay:
    """A context manager that gives a function (bytes there, bytes in all or None) -> ().

    On anything but a terminal it stays silent: logs and pipes are not filled with bars.
    """

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console or Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(title, total=None, start=False)
        self._is_started = False

    def __enter__(self) -> Report:
        if self._progress.console.is_terminal:
            self._progress.start()
        return self._report

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress.console.is_terminal:  # else it would print an empty line
            self._progress.stop()

    def _report(self, done: int, total: int | None) -> None:
        if not self._is_started:
            # Bytes of an earlier call came at another time: they must not count in the rate.
            self._progress.update(self._task, completed=done, total=total)
            self._progress.start_task(self._task)
            self._is_started = True
        self._progress.update(self._task, completed=done, total=total)
