"""What a studio without runs begins with: three small models, fitted once into its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arden.assembly import split_options
from arden.data import Dataset, load_data
from arden.data.documents import Document, DocumentSource
from arden.data.sequences import infer_sequences
from arden.errors import FileError
from arden.runs import fit_run
from arden.runs.folder import CHECKPOINT
from arden.studio.shelf import Run, Shelf
from arden.training.display import FitDisplay
from arden.training.outcome import STOPPED

__all__ = ["OWN_DATA", "STARTERS", "Starter", "fit_starters", "language_reference"]

_CHARACTERS = 60_000


@dataclass(frozen=True)
class Starter:
    """A run to be: its name, its system and options, and where its data come from."""

    name: str
    system: str
    data: Callable[[], Dataset | None]
    options: dict[str, Any]


def language_reference() -> Dataset | None:
    """() -> the beginning of Python's own language reference, a text that comes with Python.

    None where Python was installed without it.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return None
    written = "\n\n".join(topics[name].strip() for name in sorted(topics))
    plain = "".join(c for c in written if c == "\n" or " " <= c <= "~")[:_CHARACTERS]
    document = Document("topics", np.frombuffer(plain.encode("utf-32-le"), dtype="<u4"))
    notes = ["the help texts of this Python, by name, ASCII characters only"]
    source = DocumentSource("language-reference", "text", {"all": [document]}, notes=notes)
    return infer_sequences(source)


STARTERS = (
    Starter(
        "digits-any-order",
        "orderless-nade",
        lambda: load_data("digits"),
        {"hidden": (128, 128), "epochs": 120, "patience": 20},
    ),
    Starter(
        "digits-nade",
        "nade",
        lambda: load_data("digits"),
        {"hidden": 200, "epochs": 60, "patience": 10},
    ),
    Starter(
        "text-gru",
        "gru",
        language_reference,
        {"hidden": 96, "epochs": 10, "patience": 3, "learning_rate": 1e-2},
    ),
)
"""Any mask is completed exactly by the first; the second has one order, to be compared with it."""


OWN_DATA = {"language-reference": language_reference}
"""Data that have no name in the catalogue, since they differ from one Python to the next."""


def fit_starters(
    shelf: Shelf, say: Callable[[str], None] = print, starters: tuple[Starter, ...] = STARTERS
) -> int:
    """A shelf -> how many were fitted: all of them where it has no run, none where it has one.

    Their folders are whole at any moment; a fit that was interrupted goes on when called again.

    Raises:
        FileError: the folder cannot be written.
    """
    begun = [run for run in shelf.runs() if run.name in {starter.name for starter in starters}]
    if shelf.runs() and all(_is_whole(run) for run in begun):
        return 0
    _make(shelf.folder)
    fitted = 0
    say(f"No runs in {shelf.folder} yet: fitting {len(starters)} small models, once.")
    for place, starter in enumerate(starters, start=1):
        data = starter.data()
        if data is None:
            continue
        options = split_options(starter.system, starter.options)
        with FitDisplay(f"{place}/{len(starters)} {starter.name}") as display:
            where = shelf.folder / starter.name
            figures = fit_run(starter.system, data, options, where, resume=True, report=display)[1]
        if figures.ended == STOPPED:
            raise KeyboardInterrupt
        fitted += 1
    return fitted


def _is_whole(run: Run) -> bool:
    """Whether its fit has come to its end: until then it has no figures, or a checkpoint."""
    return "figures" in run.card and not (run.folder / CHECKPOINT).exists()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot be made ({error.strerror})") from None
