"""One line on a terminal that tells how far something long has come."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn

__all__ = ["LiveLine"]


class LiveLine:
    """A context manager to build on: within the block its columns are shown on standard error.

    On anything but a terminal it stays silent: logs and pipes are not filled with bars.
    """

    def __init__(self, *columns: ProgressColumn, console: Console | None = None) -> None:
        self.progress = Progress(*columns, console=console or Console(stderr=True), transient=True)

    def __enter__(self) -> Self:
        if self.progress.console.is_terminal:
            self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.progress.console.is_terminal:  # else it would print an empty line
            self.progress.stop()
