"""What `arden classify` says: a class a row, figures where the true ones are known, pictures."""

from __future__ import annotations

import json as json_module
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arden.cli.classify_pieces import Asked, Piece
from arden.core.mixture import Mixture
from arden.data import Schema, Split
from arden.errors import InputError
from arden.storage.plain import without_nan
from arden.tasks.classify import progressive_posterior
from arden.tasks.judge import Judge

__all__ = ["Report", "draw_progressive"]

_MOST_LISTED = 20


class Report:
    """Pieces as they come -> what is written of each, and what is told of all."""

    def __init__(self, names: list[str], unit: str) -> None:
        self.names = np.array(names)
        self.judge = Judge(len(names))
        self.judged = False
        self.count = 0
        self._unit = unit
        self._found: Counter[str] = Counter()
        self._shown: Split | None = None

    def take(self, piece: Piece, *, as_table: bool) -> dict[str, Any]:
        """A piece -> its columns: the class found ("" where none can be), ln p of each class."""
        posterior = piece.log_posterior
        known = ~posterior.isnan().any(dim=1).numpy()
        named = np.where(known, self.names[posterior.nan_to_num(0.0).argmax(dim=1).numpy()], "")
        self.count += len(posterior)
        self._found.update(named.tolist())
        self._shown = piece.shown if self._shown is None else self._shown
        if piece.labels is not None:
            self.judge.add(posterior, piece.labels)
            self.judged = True
        columns: dict[str, Any] = {"class": named}
        if piece.names is not None:
            columns = {"document": np.array(piece.names, dtype=np.str_), **columns}
        if not as_table:
            return {**columns, "log_posterior": posterior.numpy()}
        each = {f"log_p_{name}": posterior[:, k].numpy() for k, name in enumerate(self.names)}
        return {**columns, **each}

    def shown(self, row: int) -> Split:
        """The number of a row -> that row, which must have been read."""
        if self._shown is None:
            raise InputError(f"row: expected one that is there, got {row} (counted from 0)")
        return self._shown

    def tell(self, source: str, *, json: bool) -> None:
        """Where the rows came from -> (): the figures, on standard output."""
        figures = asdict(self.judge.figures()) if self.judged else {}
        if json:
            counts = {name: self._found[name] for name in self.names.tolist()}
            told = {"data": source, "unit": self._unit, "rows": self.count, **figures}
            print(json_module.dumps(without_nan({**told, "found": counts})))
            return
        unit = self._unit if self.count == 1 else f"{self._unit}s"
        table = Table(title=escape(f"Classes of {self.count:,} {unit} of {source}"))
        table.add_column("figure")
        table.add_column("value", justify="right")
        if figures:
            right, error = figures["accuracy"], figures["accuracy_error"]
            table.add_row("right", f"{100 * right:.2f} ± {100 * error:.2f} %")
            loss, error = figures["log_loss"], figures["log_loss_error"]
            table.add_row("log loss, −ln p(true class)", f"{loss:.4f} ± {error:.4f} nats")
            table.add_row("mean confidence", f"{100 * figures['confidence']:.2f} %")
            table.add_row("calibration error", f"{100 * figures['calibration_error']:.2f} %")
        else:
            for name in self.names[:_MOST_LISTED].tolist():
                table.add_row(escape(f"taken for {name}"), f"{self._found[name]:,}")
        if self._found[""]:
            table.add_row("explained by no class", f"{self._found['']:,}")
        Console().print(table)


def draw_progressive(asked: Asked, schema: Schema, row: Split, path: Path, title: str) -> None:
    """One row -> (): the picture of its posterior, value by value."""
    model = asked.model
    first = model.models[0] if isinstance(model, Mixture) else model
    values = row.values[0]
    steps = progressive_posterior(model, row.values, asked.prior, observed=row.observed)[0]
    if first.ordering.end is not None:
        steps = steps[: 1 + int(first.ordering.valid(row.values).sum())]
    about: dict[str, Any] = {}
    if schema.kind == "image":
        order = first.dims(1, values.numel())
        about = {"image": values, "order": order, "num_symbols": schema.num_symbols}
    elif schema.symbols:
        flat = values.flatten()[: len(steps) - 1].tolist()
        about = {"signs": [schema.symbols[symbol] for symbol in flat]}
    true = None if row.labels is None else int(row.labels[0])
    names = list(schema.class_names) or [str(k) for k in range(steps.shape[1])]
    from arden.plots import progressive_posterior as drawing  # which takes a second

    drawing.progressive_posterior(steps, names, path, title, true, **about)
