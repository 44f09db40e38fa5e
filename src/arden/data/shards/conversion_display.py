"""How far the conversion of shards has come, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from arden.live_line import LiveLine

__all__ = ["ConversionDisplay"]


class ConversionDisplay(LiveLine):
    """Shards as they are surveyed and written, as one live line each time."""

    def __init__(self, shards: int) -> None:
        super().__init__(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("[dim]shards"),
            TimeRemainingColumn(),
        )
        self._task = self.progress.add_task("look at", total=shards)

    def surveyed(self, shards: Sequence[Path]) -> Iterator[Path]:
        """Shards -> the same, told of as each is done with."""
        return self._told("look at", shards)

    def written(self, shards: Sequence[Path]) -> Iterator[Path]:
        """Shards -> the same, told of as each is done with."""
        return self._told("write", shards)

    def _told(self, what: str, shards: Sequence[Path]) -> Iterator[Path]:
        self.progress.reset(self._task, description=what)
        for shard in shards:
            yield shard
            self.progress.advance(self._task)
