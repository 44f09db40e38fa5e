"""Texts and sounds scored window by window: one number a symbol written, their sum printed."""

from __future__ import annotations

import json as json_module
import math
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from arden.cli.outputs import ColumnFile, say_where
from arden.cli.reading import ReadingDisplay
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema
from arden.data.windows import Windows
from arden.storage.plain import without_nan
from arden.tasks.score import check_scored, score_conditionals
from arden.training.context import class_context

__all__ = ["score_documents"]

_PICTURED = {"text": 2_000, "audio": 40_000}
_UNITS = {"text": "character", "audio": "sample"}


def score_documents(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    names: list[str],
    windows: Windows,
    most_rows: int,
    batch_size: int,
    *,
    unit: str,
    out: Path | None,
    picture: Path | None,
    json: bool,
) -> int:
    """A model, documents' names and windows -> exit code 0; ln p of each symbol is told.

    A symbol is given what its window holds before it: the sum is ln p of the documents under the
    model with a memory of one window, an exact density.
    """
    scale = 1.0 if unit == "nats" else -1.0 / math.log(2)
    name = "log_prob" if unit == "nats" else "bits_per_dim"
    word = _UNITS[schema.kind]
    total, count = 0.0, 0
    shown: list[np.ndarray] = []
    surprise: list[np.ndarray] = []
    with ColumnFile(out) as file, ReadingDisplay("score", word) as display:
        for start in range(0, len(windows), most_rows):
            chosen = slice(start, start + most_rows)
            rows = windows.take(chosen)
            assert rows.scored is not None
            check_scored(model, rows.values, rows.scored, rows.observed)
            context = class_context(rows, model.context_size)
            terms = score_conditionals(
                model, rows.values, context, rows.observed, batch_size=batch_size
            )
            log_prob = terms.double()[rows.scored]  # row by row: the order of the file
            total += log_prob.sum().item()
            if picture and count < _PICTURED[schema.kind]:
                shown.append(rows.values[rows.scored].numpy())
                surprise.append(-log_prob.numpy())
            count += len(log_prob)
            columns: dict[str, np.ndarray | list[str]] = {name: (log_prob * scale).numpy()}
            if len(names) > 1:
                index = np.repeat(windows.document[chosen], rows.scored.sum(dim=1).numpy())
                is_csv = out is not None and out.suffix == ".csv"
                document = [names[place] for place in index] if is_csv else index
                columns = {"document": document, **columns}
            file.add(columns)
            display.show(min(1.0, (start + len(rows)) / len(windows)), count)
        if len(names) > 1:
            file.put_beside("documents", np.array(names))
    if picture:
        _draw(schema, np.concatenate(shown), np.concatenate(surprise), names, picture)
    stride = schema.stride or max(1, windows.window // 2)
    nats = -total / count
    if json:
        summary = {
            "documents": len(names),
            "symbols": count,
            "windows": len(windows),
            "window": windows.window,
            "stride": stride,
            "total_nats": -total,
            "nats_per_symbol": nats,
            "bits_per_symbol": nats / math.log(2),
        }
        print(json_module.dumps(without_nan(summary)))
        return 0
    table = Table(title=f"−ln p of {count:,} {word}s")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row("total", f"{-total:,.2f} nats")
    table.add_row(f"per {word}", f"{nats:.4f} nats")
    table.add_row(f"per {word}", f"{nats / math.log(2):.4f} bits")
    table.add_row("documents", f"{len(names):,}")
    table.add_row("windows", f"{len(windows):,} of {windows.window}, {stride} apart")
    Console().print(table)
    for path in filter(None, (out, picture)):
        say_where("Written", path)
    return 0


def _draw(
    schema: Schema, symbols: np.ndarray, surprise: np.ndarray, names: list[str], path: Path
) -> None:
    most = _PICTURED[schema.kind]
    symbols, surprise = symbols[:most], surprise[:most]
    title = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"
    from arden.plots.sequence_surprise import sequence_surprise  # which takes a second

    sequence_surprise(schema, symbols, surprise, path, title)
