"""The runs in a folder: found by what they say of themselves, opened once, kept in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Dataset, Schema, load_data
from arden.errors import ArdenError, FileError, InputError
from arden.runs.folder import METRICS
from arden.storage.model_files import CONFIG, load, read_card
from arden.tasks.verbs import exact

__all__ = ["Run", "Shelf"]

_DEEPEST = 3
_OPEN = 8
"""Models kept in memory; the one asked for longest ago goes first."""


@dataclass(frozen=True)
class Run:
    """A folder with a model: the name it is chosen by, its card, the schema of its rows."""

    folder: Path
    name: str
    card: dict[str, Any]
    schema: Schema

    @property
    def title(self) -> str:
        """What the model is and what it was fitted to."""
        return f"{self.card.get('system', 'model')} on {self.card.get('data', 'unnamed data')}"

    def curve(self) -> list[dict[str, Any]]:
        """() -> one record {epoch, train, valid, seconds} for every epoch that was written down."""
        try:
            lines = (self.folder / METRICS).read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return []


class Shelf:
    """The runs below a folder. Nothing is written to any of them.

    ``own`` are data sets that only the studio knows, by the name on their runs' cards.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as empty:
    ...     Shelf(Path(empty)).runs()
    []
    """

    def __init__(
        self,
        folder: Path,
        data_dir: Path | None = None,
        own: Mapping[str, Callable[[], Dataset | None]] | None = None,
    ) -> None:
        self.folder = folder
        self._data_dir = data_dir
        self._own = own or {}
        self._opened = lru_cache(_OPEN)(self._open)
        self._rows = lru_cache(_OPEN)(self._read)

    def runs(self, wanted: Callable[[Run], bool] = lambda run: True) -> list[Run]:
        """() -> the runs that are wanted, by name; folders that cannot be read are left out."""
        found = []
        for config in sorted(self._configs()):
            name = config.parent.relative_to(self.folder).as_posix()
            name = self.folder.resolve().name if name == "." else name
            try:
                card = read_card(config.parent)
                run = Run(config.parent, name, card, Schema.from_dict(card["schema"]))
            except (ArdenError, KeyError, TypeError):
                continue
            if wanted(run):
                found.append(run)
        return found

    def run(self, name: str | None) -> Run:
        """The name of a run -> that run.

        Raises:
            FileError: none has that name (any more).
        """
        for run in self.runs():
            if run.name == name:
                return run
        raise FileError(f"{self.folder}: expected one of its runs, but none is called {name}")

    def model(self, run: Run) -> AnyModel:
        """A run -> its model, read again only when the folder has changed."""
        return self._opened(run.folder, (run.folder / CONFIG).stat().st_mtime_ns)

    def exact_model(self, run: Run, verb: str) -> AutoregressiveModel | Mixture:
        """A run, what is to be asked of it -> its model; a refusal when it has no density."""
        return exact(verb, self.model(run))

    def data(self, run: Run) -> Dataset:
        """A run -> the data it was fitted to.

        Raises:
            FileError: they are not where they were.
        """
        name = str(run.card.get("data", ""))
        try:
            data = self._rows(name)
        except ArdenError as error:
            raise FileError(f"the data of {run.name} are not at hand: {error}") from None
        if data.schema.event_shape != run.schema.event_shape:
            raise InputError(f"the data of {run.name}: {name} now holds other events than it did")
        return data

    def _configs(self) -> list[Path]:
        found: list[Path] = []
        for depth in range(_DEEPEST + 1):
            found += self.folder.glob("/".join(["*"] * depth + [CONFIG]))
        return found

    def _read(self, name: str) -> Dataset:
        own = self._own[name]() if name in self._own else None
        return load_data(name, data_dir=self._data_dir) if own is None else own

    def _open(self, folder: Path, changed: int) -> AnyModel:
        return load(folder)
