"""Rows completed as they are read: written in their own form, shown, and told whether exactly."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from arden.cli.complete_files import TypedCells, columns_of, write_whole
from arden.cli.outputs import ColumnFile, say_where
from arden.cli.reading import ReadingDisplay
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema, Split
from arden.data.masks import hidden_cells
from arden.data.raw import RawTable
from arden.errors import InputError
from arden.orderings.until_end import UntilEnd
from arden.storage.plain import without_nan
from arden.tasks.complete import Completion, complete
from arden.training.context import class_context, label_context

__all__ = ["Asked", "complete_rows"]

_PICTURED_ROWS, _PICTURED_DRAWS = 8, 8


@dataclass(frozen=True)
class Asked:
    """What the command line said: see `arden complete --help`."""

    mask: str | None
    number: int
    rows: int | None
    greedy: bool
    candidates: int
    seed: int | None
    label: str | None
    max_steps: int | None


@dataclass
class _Told:
    """What is known of all rows so far."""

    joint: str = ""
    rows: int = 0
    hidden: int = 0
    exact_rows: int = 0
    log_observed: list[Tensor] = field(default_factory=list)
    sizes: list[Tensor] = field(default_factory=list)

    def add(self, found: Completion, hidden: Tensor) -> None:
        self.joint = found.joint
        self.rows += len(hidden)
        self.hidden += int(hidden.sum())
        self.exact_rows += int(found.exact_rows.sum())
        self.log_observed.append(found.log_observed)
        self.sizes.append(found.effective_sample_size[~found.exact_rows])

    def summary(self, asked: Asked) -> dict[str, Any]:
        sizes = torch.cat(self.sizes)
        told = {
            "rows": self.rows,
            "completions": asked.number,
            "hidden": self.hidden,
            "exact": self.exact_rows == self.rows,
            "exact_rows": self.exact_rows,
            "joint": self.joint,
            "mean_log_observed": float(torch.cat(self.log_observed).mean()),
            "median_effective_sample_size": float(sizes.median()) if len(sizes) else math.nan,
            "least_effective_sample_size": float(sizes.min()) if len(sizes) else math.nan,
        }
        return without_nan(told)

    def words(self, asked: Asked) -> str:
        kind = "an independent draw from p(missing | observed)"
        if asked.greedy:
            kind = "the most likely value at every step, given all that is observed"
        told = f"{self.hidden:,} values of {self.rows:,} rows filled in, {asked.number} "
        told += "time each.\n" if asked.number == 1 else "times each.\n"
        if self.exact_rows == self.rows:
            return told + f"Exact: each is {kind}, of {self.joint}."
        sizes, weighed = torch.cat(self.sizes), self.rows - self.exact_rows
        told += (
            f"Not exact in {weighed:,} of {self.rows:,} rows: there something observed comes after "
            f"something missing, in {self.joint}. Of each such row {asked.candidates} candidates "
            "were weighed and resampled; they are worth "
            f"{float(sizes.median()):.1f} independent draws in the middle row, "
            f"{float(sizes.min()):.1f} in the worst."
        )
        if float(sizes.min()) < 2:
            told += " --candidates allows more; an any-order system needs none."
        return told


def complete_rows(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    chunks: Iterator[tuple[Split, float]],
    tables: Iterator[tuple[RawTable, float]] | None,
    asked: Asked,
    data: str,
    *,
    out: Path,
    picture: Path | None,
    json: bool,
) -> int:
    """A model, rows in chunks with the share read so far -> exit code 0; what is missing is filled.

    ``tables`` are the cells that the chunks are read from, where they come from a file of a table:
    what they hold is written as it is.

    Raises:
        InputError: rows in which nothing is missing, and no mask.
    """
    generator = Generator()
    generator.seed() if asked.seed is None else generator.manual_seed(asked.seed)
    told, shown = _Told(), _Shown()
    whole: list[Tensor] = []  # of what cannot be written piece by piece
    table = out if out.suffix in (".csv", ".npz") else None
    typed = TypedCells(schema) if out.suffix == ".parquet" else None
    with ColumnFile(table) as file, ReadingDisplay("complete", "row") as display:
        for part, share in chunks:
            own = None if tables is None else next(tables)[0]
            some = _wanted(part, schema, told.rows, asked.rows)
            if some is None:
                continue
            hidden = _hidden(some, schema, asked.mask, generator)
            if asked.label is None:
                context = class_context(some, model.context_size)
            else:
                context = label_context(asked.label, schema, model.context_size, len(some))
            found = complete(
                model,
                some.values,
                ~hidden,
                context,
                num=asked.number,
                greedy=asked.greedy,
                generator=generator,
                candidates=asked.candidates,
                max_steps=_steps(some, asked.max_steps),
            )
            if typed is not None:
                typed.add(found, hidden, told.rows, own)
            elif table is not None:
                file.add(columns_of(found, hidden, schema, told.rows, table.suffix, own))
            else:
                whole.append(found.values)
            shown.take(some, ~hidden, found)
            told.add(found, hidden)
            display.show(share, told.rows)
            if told.rows == asked.rows:
                break
        if told.rows == 0:
            raise InputError(f"data: expected at least one whole row in {data}, got none")
        if told.hidden == 0 and asked.mask is None:
            raise InputError(
                f"mask: nothing is missing in {data}; say with --mask what is to be hidden"
            )
    if typed is not None:
        typed.write(out)
    elif table is None and out.suffix != ".png":
        write_whole(out, whole, schema)
    for path in dict.fromkeys(p for p in (picture, out if out.suffix == ".png" else None) if p):
        shown.draw(path, schema, told.words(asked).splitlines()[-1].partition(":")[0], asked, data)
    if json:
        print(json_module.dumps(told.summary(asked)))
        return 0
    print(told.words(asked))
    for path in dict.fromkeys(filter(None, (out, picture))):
        say_where("Written", path)
    return 0


def _wanted(part: Split, schema: Schema, taken: int, most: int | None) -> Split | None:
    """Rows as they come -> those that are asked for; of texts and sounds whole windows only."""
    from arden.data.scoring_rows import take_rows

    if schema.is_sequence and part.observed is not None:
        whole = part.observed.flatten(1).all(dim=1)
        labels = None if part.labels is None else part.labels[whole]
        part = Split(part.values[whole], labels)
    if most is not None and taken + len(part) > most:
        part = take_rows(part, slice(0, most - taken))
    return part if len(part) else None


def _hidden(some: Split, schema: Schema, mask: str | None, generator: Generator) -> Tensor:
    shape = tuple(some.values.shape)
    hidden = torch.zeros(shape, dtype=torch.bool)
    if some.observed is not None:
        hidden |= ~some.observed
    if mask is not None:
        hidden |= hidden_cells(mask, schema, shape, generator)
    if schema.end is not None:  # padding is no value that could be hidden, unless its end is
        hidden &= UntilEnd(schema.end).valid(some.values)
        ends_hidden = (hidden & (some.values == schema.end)).any(dim=1, keepdim=True)
        hidden |= ends_hidden & ~UntilEnd(schema.end).valid(some.values)
    return hidden


def _steps(some: Split, max_steps: int | None) -> int | None:
    """Strings of the data may be longer than --longest: they stay as they are."""
    return None if max_steps is None else max(max_steps, some.values.shape[1])


class _Shown:
    """The first rows of all, for a picture."""

    def __init__(self) -> None:
        self._values: list[Tensor] = []
        self._observed: list[Tensor] = []
        self._filled: list[Tensor] = []
        self._known: list[bool] = []

    def take(self, some: Split, observed: Tensor, found: Completion) -> None:
        room = _PICTURED_ROWS - sum(map(len, self._values))
        if room > 0:
            self._values.append(some.values[:room])
            self._observed.append(observed[:room])
            self._filled.append(found.values[:room, :_PICTURED_DRAWS])
            self._known.append(some.observed is None or bool(some.observed[:room].all()))

    def draw(self, path: Path, schema: Schema, verdict: str, asked: Asked, data: str) -> None:
        what = "Most likely values" if asked.greedy else "Completions"
        data = Path(data).name if Path(data).is_file() else data
        from arden.plots.completions import completions  # which takes a second

        completions(
            torch.cat(self._values),
            torch.cat(self._observed),
            torch.cat(self._filled),
            path,
            f"{what} of {data}: {verdict[:1].lower()}{verdict[1:]}",
            schema.num_symbols,
            with_originals=all(self._known),
        )
