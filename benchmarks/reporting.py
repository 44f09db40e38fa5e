"""What every likelihood benchmark does around a fit: tell how it goes, write the tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.korean import in_korean
from benchmarks.provenance import ROOT

if TYPE_CHECKING:
    from arden.assembly import FitOptions
    from arden.data.dataset import Dataset
    from arden.runs import AnyFigures

__all__ = ["READMES", "fit_and_tell", "write_between"]

READMES: dict[Path, Callable[[str], str]] = {
    ROOT / "README.md": str,
    ROOT / "README.ko.md": in_korean,
}
"""A README -> what says a word of a generated table in its language."""


def fit_and_tell(
    title: str, system: str, data: Dataset, options: FitOptions, folder: Path
) -> AnyFigures:
    """As that of `arden.reproduction`; a script that is stopped leaves with 130."""
    from arden.reproduction.measuring import fit_and_tell

    try:
        return fit_and_tell(title, system, data, options, folder)
    except KeyboardInterrupt:
        sys.exit(130)


def write_between(path: Path, marks: tuple[str, str], text: str) -> None:
    """A Markdown file, two marks in it, text -> (): the text stands between the marks."""
    whole = path.read_text(encoding="utf-8")
    before, first, rest = whole.partition(marks[0])
    _, second, after = rest.partition(marks[1])
    assert first, f"{path} lacks {marks[0]}"
    assert second, f"{path} lacks {marks[1]}"
    path.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}", encoding="utf-8")
