"""Posteriors as data are read: row by row, or document by document from their windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema, Split
from arden.data.scoring_rows import take_rows
from arden.data.windows import Windows
from arden.errors import InputError, suggestion
from arden.tasks.classify import class_log_prior, class_log_probs
from arden.tasks.classify import classify as classify_rows

__all__ = ["Asked", "Piece", "classes_of", "pieces_of_documents", "pieces_of_rows"]


@dataclass(frozen=True)
class Asked:
    """What is asked of which model; ``column`` is the place of the class in a joint one."""

    model: AutoregressiveModel | Mixture
    prior: list[float] | None
    column: int | None
    observed_first: bool
    batch_size: int | None

    def posterior(self, rows: Split) -> Tensor:
        """Rows -> (n, K) nats."""
        return classify_rows(
            self.model,
            rows.values,
            self.prior,
            column=self.column,
            observed=rows.observed,
            scored=rows.scored if self.column is None else None,
            observed_first=self.observed_first,
            batch_size=self.batch_size,
        )

    def labels(self, rows: Split) -> Tensor | None:
        """Rows -> (n,) their own classes, None where they are not known."""
        if self.column is None:
            return rows.labels
        known = rows.observed
        if known is not None and not bool(known.flatten(1)[:, self.column].all()):
            return None
        return rows.values.flatten(1)[:, self.column].long()


@dataclass(frozen=True)
class Piece:
    """(n, K) nats, (n,) true classes or None, the share read so far, documents' names, one row."""

    log_posterior: Tensor
    labels: Tensor | None
    share: float
    names: list[str] | None = None
    shown: Split | None = None


def classes_of(
    model: AutoregressiveModel | Mixture, schema: Schema, column: str | None
) -> tuple[int | None, list[str]]:
    """A model, its schema, the name or place of a column -> its place, the names of the classes.

    A column's classes are called what its source calls its levels.

    Raises:
        InputError: no such column, or one of real numbers; neither a column nor classes.
    """
    if column is None:
        class_log_prior(model, [1.0] * max(1, model.context_size))  # without classes: refused
        names = schema.class_names or tuple(map(str, range(model.context_size)))
        return None, list(names)
    known = [each.name for each in schema.columns]
    if column in known:
        place = known.index(column)
    elif column.isdecimal() and int(column) < schema.num_variables:
        place = int(column)
    else:
        told = f"one of {', '.join(known)}" if known else f"0 … {schema.num_variables - 1}"
        raise InputError(f"column: expected {told}, got {column!r}." + suggestion(column, known))
    levels = schema.levels[place]
    if levels is None:
        raise InputError(f"column: expected one of levels, but {column} holds real numbers")
    return place, schema.columns[place].level_names if known else list(map(str, range(levels)))


def pieces_of_rows(
    asked: Asked, chunks: Iterator[tuple[Split, float]], row: int
) -> Iterator[Piece]:
    """Rows in chunks with the share read so far -> a piece for each; one holds the row to show."""
    count = 0
    for rows, share in chunks:
        here = row - count
        shown = take_rows(rows, slice(here, here + 1)) if 0 <= here < len(rows) else None
        count += len(rows)
        yield Piece(asked.posterior(rows), asked.labels(rows), share, None, shown)


def pieces_of_documents(
    asked: Asked, names: list[str], windows: Windows, row: int, most_rows: int, *, whole: bool
) -> Iterator[Piece]:
    """Documents' names and windows -> a piece for each chunk of windows, or one of all documents.

    Each symbol of a document counts once, in the window that scores it: what its windows tell of a
    class adds up to p(document | class) under the model with a memory of one window.
    """
    if asked.column is not None and whole:
        raise InputError("column: expected --per window, because a column is one of its symbols")
    shown = windows.take(slice(row, row + 1)) if row < len(windows) else None
    joint = torch.zeros(len(names), max(1, asked.model.context_size), dtype=torch.float64)
    true = torch.zeros(len(names), dtype=torch.int64)
    for start in range(0, len(windows), most_rows):
        chosen = slice(start, start + most_rows)
        rows, share = windows.take(chosen), min(1.0, (start + most_rows) / len(windows))
        document = torch.from_numpy(windows.document[chosen])
        if not whole:  # as a row of its own, all that it holds counts
            rows = replace(rows, scored=None)
            told = [names[index] for index in document.tolist()]
            yield Piece(asked.posterior(rows), asked.labels(rows), share, told, shown)
            continue
        joint.index_add_(
            0,
            document,
            class_log_probs(
                asked.model,
                rows.values,
                rows.observed,
                scored=rows.scored,
                batch_size=asked.batch_size,
            ),
        )
        if rows.labels is not None:
            true[document] = rows.labels.long()
        yield Piece(joint[:0], None, share, [])
    if whole:
        posterior = (joint + class_log_prior(asked.model, asked.prior)).log_softmax(dim=1)
        labels = true if windows.labels is not None else None
        yield Piece(posterior, labels, 1.0, names, shown)
