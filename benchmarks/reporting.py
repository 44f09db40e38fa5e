"""What every likelihood benchmark does around a fit: tell how it goes, write the tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.korean import in_korean
from benchmarks.provenance import ROOT

if TYPE_CHECKING:
    from arden.assembly import FitOptions
    from arden.data.dataset import Dataset
    from arden.runs import AnyFigures
    from arden.training.fit import Progress

__all__ = ["READMES", "fit_and_tell", "write_between"]

READMES: dict[Path, Callable[[str], str]] = {
    ROOT / "README.md": str,
    ROOT / "README.ko.md": in_korean,
}
"""A README -> what says a word of a generated table in its language."""

_FIGURES = (
    ("test_nats", "standard_error"),
    ("bound", "bound_error"),
    ("reconstruction_error", "standard_error"),
)
"""What a fit is judged by, the first that it has, and the error of that."""


def fit_and_tell(
    title: str, system: str, data: Dataset, options: FitOptions, folder: Path
) -> AnyFigures:
    """What to fit, and the run directory it is written to -> its figures.

    A live line on a terminal; elsewhere a line per epoch, for a log.
    """
    from rich.console import Console

    from arden.runs import fit_run
    from arden.runs.folder import CHECKPOINT
    from arden.training.display import FitDisplay
    from arden.training.outcome import STOPPED

    with FitDisplay(title) as display:

        def report(progress: Progress) -> None:
            display(progress)
            if progress.valid is not None and not sys.stdout.isatty():
                print(_line(title, progress), flush=True)

        # What was interrupted goes on; what was finished is measured again.
        unfinished = (folder / CHECKPOINT).exists()
        how = {"resume": unfinished, "overwrite": not unfinished}
        _, figures, _ = fit_run(system, data, options, folder, report=report, **how)
    if figures.ended == STOPPED:
        sys.exit(130)  # what was not finished is no figure; the same command goes on with it
    told = asdict(figures)
    name, error = next(pair for pair in _FIGURES if pair[0] in told)
    Console().print(f"{title}: {name} {told[name]:.3f} ± {told[error]:.3f}")
    return figures


def _line(title: str, progress: Progress) -> str:
    return (
        f"{title} epoch {progress.epoch}/{progress.epochs} train {progress.train:.3f} "
        f"valid {progress.valid:.3f} best {progress.best_valid:.3f} {progress.seconds:,.0f} s"
    )


def write_between(path: Path, marks: tuple[str, str], text: str) -> None:
    """A Markdown file, two marks in it, text -> (): the text stands between the marks."""
    whole = path.read_text(encoding="utf-8")
    before, first, rest = whole.partition(marks[0])
    _, second, after = rest.partition(marks[1])
    assert first, f"{path} lacks {marks[0]}"
    assert second, f"{path} lacks {marks[1]}"
    path.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}", encoding="utf-8")
