"""Arrow batch -> Arrow batch: the one function by which rows are scored away from their reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.arrow_rows import rows_from_arrow, rows_to_arrow
from arden.data.opening import suffix_of_file, without_split
from arden.data.readers.arrow_table import parquet_batches
from arden.data.reading import read_chunks, read_shards
from arden.data.schema import Schema
from arden.engines.row_scores import RowScores, ScoringOptions, score_chunk

__all__ = ["ArrowChunk", "RowSource", "score_batch", "scores_of"]

LOG_PROB, WHOLE = "log_prob", "whole"


@dataclass(frozen=True, eq=False)
class ArrowChunk:
    """Rows of the file ``name`` that begin with its row ``first_row``; ``share`` of all by then."""

    rows: Any
    name: str
    first_row: int
    share: float


def score_batch(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    batch: Any,
    options: ScoringOptions | None = None,
    *,
    name: str = "batch",
    first_row: int = 0,
) -> Any:
    """An Arrow table or record batch of n rows -> an Arrow table of as many, in their order.

    Its columns are `log_prob`, in nats, and `whole`: whether no cell was missing. What the batch
    may hold says `rows_from_arrow`: of tables the columns of their Parquet file. A plain function
    of a model and its schema, so that whatever maps Arrow batches can map it.

    Raises:
        InputError: columns or values that the schema does not allow, named by ``name`` and the row
            (the first is ``first_row``); rows that the model cannot score.

    >>> import arden, torch
    >>> from arden.data import Split
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> batch = rows_to_arrow(Split(data.test.values[:3]))
    >>> [round(nats, 2) for nats in score_batch(model, data.schema, batch)["log_prob"].to_pylist()]
    [-24.58, -19.84, -23.22]
    """
    import pyarrow

    rows = rows_from_arrow(batch, schema, name, first_row)
    log_prob, whole = score_chunk(model, rows, options or ScoringOptions(), first_row, name)
    return pyarrow.table({LOG_PROB: log_prob.numpy(), WHOLE: whole.numpy()})


def scores_of(scored: Any, share: float = 1.0) -> RowScores:
    """What `score_batch` gives -> the same as tensors."""
    log_prob, whole = (
        torch.from_numpy(scored.column(name).to_numpy().copy()) for name in (LOG_PROB, WHOLE)
    )
    return RowScores(log_prob, whole, share)


@dataclass(frozen=True)
class RowSource:
    """What `read_chunks` takes: a source, the schema of its rows, how many are read at a time."""

    source: str
    schema: Schema
    most_rows: int
    split: str | None = None
    with_labels: bool = True
    data_dir: Path | None = None

    def parts(self) -> list[RowSource]:
        """() -> the sources it consists of, in their order: itself, or each of its shards."""
        files = read_shards(self.source, self.split)
        if files is None:
            return [self]
        return [replace(self, source=str(file), split=None) for file in files]

    def chunks(self) -> Iterator[ArrowChunk]:
        """() -> the rows of all its parts as Arrow tables, so many at a time."""
        parts = self.parts()
        for place, part in enumerate(parts):
            for chunk in part.own_chunks():
                yield replace(chunk, share=(place + chunk.share) / len(parts))

    def own_chunks(self) -> Iterator[ArrowChunk]:
        """() -> the rows of one part.

        The columns of a .parquet file stay as they are: what they mean is left to whoever scores
        them, so that one reader can feed many.
        """
        path, split = without_split(self.source, self.split)
        if self.schema.by_column and split is None and suffix_of_file(path) == ".parquet":
            path = Path(path).expanduser()
            for batch, first_row, share in parquet_batches(path, self.most_rows):
                yield ArrowChunk(batch, path.name, first_row, share)
            return
        first_row = 0
        for rows, share in read_chunks(
            self.source,
            self.schema,
            self.most_rows,
            split=self.split,
            with_labels=self.with_labels,
            data_dir=self.data_dir,
        ):
            yield ArrowChunk(rows_to_arrow(rows), self.source, first_row, share)
            first_row += len(rows)
