"""Rows scored as they are read: one number a row written, its mean printed, memory bounded."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Iterator
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
from arden.errors import InputError
from arden.plots.conditionals_map import conditionals_map
from arden.tasks.score import score, score_conditionals
from arden.training.context import class_context
from arden.training.missing import tellable

__all__ = ["score_rows"]

_PICTURED = 16


def score_rows(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    chunks: Iterator[tuple[Split, float]],
    batch_size: int,
    *,
    unit: str,
    out: Path | None,
    picture: Path | None,
    json: bool,
    complete_rows: bool = False,
) -> int:
    """A model, rows in chunks with the share read so far -> exit code 0; each ln p(x) is told.

    Of a row with missing cells it is ln p of what it holds; with ``complete_rows`` there is none.
    """
    scale = 1.0 if unit == "nats" else -1.0 / (schema.num_variables * math.log(2))
    name = "log_prob" if unit == "nats" else "bits_per_dim"
    found, first, gaps = Running(), _First(model), _Gaps(model, complete_rows)
    with ColumnFile(out) as file, ReadingDisplay("score", "row") as display:
        for rows, share in chunks:
            whole = gaps.counted(rows)
            values = torch.full((len(rows),), torch.nan, dtype=torch.float64)
            kept = rows if whole is None else take_rows(rows, whole)
            if len(kept):
                context = class_context(kept, model.context_size)
                log_prob = score(
                    model,
                    kept.values,
                    context,
                    kept.observed,
                    scored=kept.scored,
                    batch_size=batch_size,
                )
                found.add(log_prob * scale)
                values[slice(None) if whole is None else whole] = log_prob * scale
                if picture:
                    first.take(kept, context)
            file.add({name: values.numpy()})
            display.show(share, gaps.rows)
    if picture:
        surprise, shown = first.surprise()
        conditionals_map(surprise, shown, picture, num_symbols=schema.num_symbols)
    if json:
        print(json_module.dumps(found.summary(name) | gaps.summary()))
        return 0
    title = f"{name} of {found.count:,} rows ({unit.replace('_', ' ')})"
    Console().print(found.table(title))
    if gaps.told():
        print(gaps.told())
    for path in filter(None, (out, picture)):
        say_where("Written", path)
    return 0


class _Gaps:
    """Rows with missing cells: how many there are, and what becomes of them."""

    def __init__(self, model: AutoregressiveModel | Mixture, left_out: bool) -> None:
        self._model, self._left_out = model, left_out
        self.rows = self.partial = 0

    def counted(self, rows: Split) -> torch.Tensor | None:
        """Rows -> (N,) bool, those that are scored; None for all. They are counted.

        Raises:
            InputError: a row of whose known cells the model cannot tell the probability.
        """
        before, self.rows = self.rows, self.rows + len(rows)
        if rows.observed is None:
            return None
        whole = rows.observed.flatten(1).all(dim=1)
        self.partial += int((~whole).sum())
        if self._left_out:
            return whole
        told = tellable(self._model, rows.observed)
        if not bool(told.all()):
            raise InputError(
                f"data: row {before + int((~told).long().argmax())} (counted from 0) has a missing "
                "cell, and this model reads every cell before the next, so that ln p of what the "
                "row holds is not known; expected whole rows (--complete-rows leaves the others "
                "out), or a model of any order"
            )
        return None

    def summary(self) -> dict[str, int]:
        """() -> how many there were, for JSON; nothing if none."""
        return {"rows_with_missing_cells": self.partial} if self.partial else {}

    def told(self) -> str:
        """() -> a sentence on them; empty if there were none."""
        if not self.partial:
            return ""
        count = f"{self.partial:,} of {self.rows:,} rows have missing cells"
        return f"{count}: left out." if self._left_out else f"{count}: scored by what they hold."


class _First:
    """The first rows of all, and where they surprise the model."""

    def __init__(self, model: AutoregressiveModel | Mixture) -> None:
        self._model = model
        self._terms: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []

    def take(self, rows: Split, context: torch.Tensor | None) -> None:
        room = _PICTURED - sum(map(len, self._values))
        if room <= 0:
            return
        values = rows.values[:room]
        given = None if context is None else context[:room]
        observed = None if rows.observed is None else rows.observed[:room]
        self._terms.append(score_conditionals(self._model, values, given, observed))
        self._values.append(values)

    def surprise(self) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.cat(self._terms), torch.cat(self._values)
