"""Rows scored as they are read: one number a row written, its mean printed, memory bounded."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from rich.console import Console

from arden.cli.outputs import ColumnFile, say_where
from arden.cli.reading import ReadingDisplay
from arden.cli.running import Running
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema, Split
from arden.data.scoring_rows import take_rows
from arden.engines.row_scores import RowScores
from arden.tasks.score import score_conditionals
from arden.training.context import class_context

__all__ = ["FirstRows", "report_rows"]

_PICTURED = 16


def report_rows(
    scores: Iterable[RowScores],
    schema: Schema,
    *,
    unit: str,
    out: Path | None,
    json: bool,
    complete_rows: bool = False,
    picture: tuple[Path, FirstRows] | None = None,
) -> int:
    """The scores of rows as they come, whoever computes them -> exit code 0; each is told.

    Of a row with missing cells it is ln p of what it holds; with ``complete_rows`` there is none.
    """
    scale = 1.0 if unit == "nats" else -1.0 / (schema.num_variables * math.log(2))
    name = "log_prob" if unit == "nats" else "bits_per_dim"
    found, rows, partial = Running(), 0, 0
    with ColumnFile(out) as file, ReadingDisplay("score", "row") as display:
        for chunk in scores:
            values = chunk.log_prob * scale
            found.add(values[chunk.whole] if complete_rows else values)
            rows, partial = rows + len(chunk), partial + int((~chunk.whole).sum())
            file.add({name: values.numpy()})
            display.show(chunk.share, rows)
    if picture:
        surprise, shown = picture[1].surprise()
        from arden.plots.conditionals_map import conditionals_map  # which takes a second

        conditionals_map(surprise, shown, picture[0], num_symbols=schema.num_symbols)
    if json:
        gaps = {"rows_with_missing_cells": partial} if partial else {}
        print(json_module.dumps(found.summary(name) | gaps))
        return 0
    title = f"{name} of {found.count:,} rows ({unit.replace('_', ' ')})"
    Console().print(found.table(title))
    if partial:
        became = "left out" if complete_rows else "scored by what they hold"
        print(f"{partial:,} of {rows:,} rows have missing cells: {became}.")
    for path in filter(None, (out, picture and picture[0])):
        say_where("Written", path)
    return 0


class FirstRows:
    """The first rows of all, and where they surprise the model."""

    def __init__(self, model: AutoregressiveModel | Mixture, complete_rows: bool) -> None:
        self._model, self._complete_rows = model, complete_rows
        self._terms: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []

    def seen(self, chunks: Iterable[tuple[Split, float]]) -> Iterator[tuple[Split, float]]:
        """Chunks of rows -> the same; the first of them are kept on their way."""
        for rows, share in chunks:
            self._take(rows)
            yield rows, share

    def _take(self, rows: Split) -> None:
        room = _PICTURED - sum(map(len, self._values))
        if room <= 0:
            return
        if self._complete_rows and rows.observed is not None:
            rows = take_rows(rows, rows.observed.flatten(1).all(dim=1))
        some = take_rows(rows, slice(0, room))
        if len(some):
            context = class_context(some, self._model.context_size)
            self._terms.append(score_conditionals(self._model, some.values, context, some.observed))
            self._values.append(some.values)

    def surprise(self) -> tuple[torch.Tensor, torch.Tensor]:
        """() -> their terms (N, *event), in nats, and their values."""
        return torch.cat(self._terms), torch.cat(self._values)
