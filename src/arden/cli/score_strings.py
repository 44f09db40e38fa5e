"""Strings scored one by one: ln p of each written, their mean printed, and that per symbol."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from arden.cli.outputs import ColumnFile, say_where
from arden.cli.reading import ReadingDisplay
from arden.cli.running import Running
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema, Split
from arden.data.spelling import strings_of
from arden.orderings.until_end import UntilEnd
from arden.storage.plain import without_nan
from arden.tasks.score import chunk_rows, score, score_conditionals
from arden.training.context import class_context

__all__ = ["score_strings"]

_PICTURED = 150


def score_strings(
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
    """A model, strings in chunks with the share read so far -> exit code 0; each ln p is told.

    The end of a string is one of its symbols: it is scored with the others, and counted.
    """
    assert schema.end is not None
    name = "log_prob" if unit == "nats" else "bits_per_dim"
    found, symbols = Running(), 0
    shown: list[np.ndarray] = []
    surprise: list[np.ndarray] = []
    with ColumnFile(out) as file, ReadingDisplay("score", "string") as display:
        for rows, share in chunks:
            context = class_context(rows, model.context_size)
            # Some may be far longer than those of training, by which the size was chosen.
            size = min(batch_size, chunk_rows(model, rows.values.shape[1]))
            log_prob = score(model, rows.values, context, batch_size=size)
            valid = UntilEnd(schema.end).valid(rows.values)
            lengths = valid.sum(dim=1)
            found.add(log_prob)
            told = log_prob if unit == "nats" else -log_prob / lengths / math.log(2)
            columns = {"symbols": lengths.numpy(), name: told.numpy()}
            if out is not None and out.suffix == ".csv":
                file.add({"string": strings_of(rows.values, schema), **columns})
            else:
                file.add(columns)
            if picture and not shown:
                some = None if context is None else context[:_PICTURED]
                terms = score_conditionals(model, rows.values[:_PICTURED], some)
                shown.append(rows.values[:_PICTURED][valid[:_PICTURED]].numpy())
                surprise.append(-terms[valid[:_PICTURED]].double().numpy())
            symbols += int(lengths.sum())
            display.show(share, found.count)
    if picture:
        title = f"The first {min(_PICTURED, found.count)} of {found.count:,} strings"
        from arden.plots.sequence_surprise import sequence_surprise  # which takes a second

        sequence_surprise(schema, shown[0], surprise[0], picture, title)
    nats = -found.mean * found.count / symbols
    if json:
        summary = {
            "strings": found.count,
            "symbols": symbols,
            "mean_log_prob": found.mean,
            "standard_error": found.standard_error,
            "least_log_prob": found.least,
            "most_log_prob": found.most,
            "nats_per_symbol": nats,
            "bits_per_symbol": nats / math.log(2),
        }
        print(json_module.dumps(without_nan(summary)))
        return 0
    table = Table(title=f"ln p of {found.count:,} strings")
    table.add_column("figure")
    table.add_column("value", justify="right")
    error = f"{found.mean:.4f} ± {found.standard_error:.4f} nats"
    table.add_row("mean per string ± standard error", error)
    table.add_row("least", f"{found.least:.4f} nats (string {found.least_at})")
    table.add_row("most", f"{found.most:.4f} nats (string {found.most_at})")
    table.add_row("symbols, ends among them", f"{symbols:,}")
    table.add_row("−ln p per symbol", f"{nats:.4f} nats")
    table.add_row("−log2 p per symbol", f"{nats / math.log(2):.4f} bits")
    Console().print(table)
    for path in filter(None, (out, picture)):
        say_where("Written", path)
    return 0
