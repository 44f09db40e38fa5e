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
from arden.plots.conditionals_map import conditionals_map
from arden.tasks.score import score, score_conditionals
from arden.training.context import class_context

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
) -> int:
    """A model, rows in chunks with the share read so far -> exit code 0; each ln p(x) is told."""
    scale = 1.0 if unit == "nats" else -1.0 / (schema.num_variables * math.log(2))
    name = "log_prob" if unit == "nats" else "bits_per_dim"
    found, first = Running(), _First(model)
    with ColumnFile(out) as file, ReadingDisplay("score", "row") as display:
        for rows, share in chunks:
            context = class_context(rows, model.context_size)
            log_prob = score(
                model,
                rows.values,
                context,
                rows.observed,
                scored=rows.scored,
                batch_size=batch_size,
            )
            values = log_prob * scale
            found.add(values)
            file.add({name: values.numpy()})
            if picture:
                first.take(rows, context)
            display.show(share, found.count)
    if picture:
        surprise, shown = first.surprise()
        conditionals_map(surprise, shown, picture, num_symbols=schema.num_symbols)
    if json:
        print(json_module.dumps(found.summary(name)))
        return 0
    title = f"{name} of {found.count:,} rows ({unit.replace('_', ' ')})"
    Console().print(found.table(title))
    for path in filter(None, (out, picture)):
        say_where("Written", path)
    return 0


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
