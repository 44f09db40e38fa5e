"""The folder of a run: who may write to it, and the lines of its curve."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from arden.assembly import split_options
from arden.errors import FileError, InputError
from arden.runs.pictures import PICTURES
from arden.storage.folders import claim_folder, held, write_atomically
from arden.storage.model_files import CONFIG, read_card
from arden.systems import SYSTEMS
from arden.training.checkpoint import Checkpoint
from arden.training.outcome import Progress
from arden.training.world import world

__all__ = ["CHECKPOINT", "METRICS", "Metrics", "claimed", "forget"]

CHECKPOINT = "checkpoint.safetensors"
METRICS = "metrics.jsonl"


@contextmanager
def claimed(
    folder: Path, card: Mapping[str, Any], *, overwrite: bool, resume: bool
) -> Iterator[dict[str, Any] | None]:
    """A folder, the card of a fit -> within the block it is this fit's alone.

    Gives the card of the fit found there to be resumed, or None for a fit that begins. Of several
    processes the first one claims it.

    Raises:
        FileError: the folder is taken, another fit writes to it, or the fit in it is another one.
    """
    if overwrite and resume:
        raise InputError("overwrite, resume: expected one of them, got both")
    if not world().leads:
        yield None
        return
    if (folder / CHECKPOINT).exists() and not (overwrite or resume):
        raise FileError(
            f"{folder}: holds an unfinished fit; say --resume to go on with it, or --overwrite "
            "to start again"
        )
    claim_folder(folder, marker=CONFIG, overwrite=overwrite or resume)
    with held(folder):
        if resume and (folder / CONFIG).exists():
            found = read_card(folder)
            _check_same(folder, found, card)
            yield found
            return
        yield None


def forget(folder: Path) -> None:
    """The folder of a fit that begins -> (): what a replaced run left would be taken for its own.

    Called once the first files of the new one are there: without room for those nothing is lost.
    """
    if world().leads:
        Checkpoint(folder / CHECKPOINT).remove()
        for name in (METRICS, *PICTURES):
            (folder / name).unlink(missing_ok=True)


def _check_same(folder: Path, found: Mapping[str, Any], card: Mapping[str, Any]) -> None:
    """What lies there, what is asked for -> (); one sentence naming the first difference."""
    theirs, ours = _flat(found), _flat(card)
    # A run of an older version lacks options that came later: it had what they are without a word.
    known = _defaults(found.get("system"))
    theirs = {**{name: known[name] for name in ours if name in known}, **theirs}
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise FileError(
                f"{folder}: was fitted with {name} {theirs.get(name)}, but this fit has "
                f"{ours.get(name)}; say --overwrite to start again"
            )


def _defaults(system: str | None) -> dict[str, Any]:
    """A system's name -> its options when none is given."""
    if system not in SYSTEMS:
        return {}
    return _flat({"options": [asdict(part) for part in split_options(system, {})]})


def _flat(card: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: card.get(name) for name in ("system", "data", "protocol", "schema")}
    for part in card.get("options", []):
        told |= part
    return json.loads(json.dumps(told))


class Metrics:
    """The file of one line per epoch; an epoch that is trained again replaces its line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: list[str] = []
        if world().leads:
            if path.exists():
                self._lines = path.read_text(encoding="utf-8").splitlines()
            write_atomically(path, "".join(f"{line}\n" for line in self._lines).encode())

    def note(self, progress: Progress) -> None:
        """The report of a finished epoch -> (): written down; others are not."""
        if progress.valid is None:
            return
        line = json.dumps({k: v for k, v in asdict(progress).items() if k in _RECORDED})
        again = len(self._lines) >= progress.epoch
        self._lines = [*self._lines[: progress.epoch - 1], line]
        if again:
            write_atomically(self.path, "".join(f"{line}\n" for line in self._lines).encode())
            return
        try:
            before = self.path.stat().st_size
            try:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            except OSError:
                os.truncate(self.path, before)  # no half of a line is left
                raise
        except OSError as error:
            raise FileError(f"{self.path}: cannot be written ({error.strerror})") from None


_RECORDED = ("epoch", "train", "valid", "seconds")
