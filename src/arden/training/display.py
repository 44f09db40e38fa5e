"""A fit's progress on a terminal: epoch, nats, rate, time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.text import Text

from arden.live_line import LiveLine
from arden.training.fit import Progress as FitProgress

__all__ = ["FitDisplay"]


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(task.fields.get("rate", ""), style="dim")


class FitDisplay(LiveLine):
    """A fit's reports as one live line. Call it with a report."""

    def __init__(self, title: str, console: Console | None = None, unit: str = "nats") -> None:
        super().__init__(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("epoch {task.fields[epoch]}"),
            TextColumn("train {task.fields[train]}  valid {task.fields[valid]}"),
            TextColumn("best [green]{task.fields[best]}"),
            _Rate(),
            console=console,
        )
        self._task = self.progress.add_task(
            title, total=1.0, epoch="0", train="—", valid="—", best="—", rate=""
        )
        self._valid = "—"
        self._unit = unit

    def __call__(self, report: FitProgress) -> None:
        """A report -> (): redraw."""
        done_rows = (report.epoch - 1) * report.rows_per_epoch + report.rows
        all_rows = report.epochs * report.rows_per_epoch
        rate = done_rows / max(report.seconds, 1e-9)
        left = (all_rows - done_rows) / max(rate, 1e-9)
        if report.valid is not None:
            self._valid = f"{report.valid:.2f}"
        self.progress.update(
            self._task,
            completed=done_rows / all_rows,
            epoch=f"{report.epoch}/{report.epochs}",
            train=f"{report.train:.2f}",
            valid=self._valid,
            best="—" if report.best_valid is None else f"{report.best_valid:.2f} {self._unit}",
            rate=f"{rate:,.0f} rows/s, at most {_clock(left)} left",
        )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
