"""A first pass over shards: how many rows they hold, and the schema that all of these follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arden.data.dataset import Split
from arden.data.inference import array_schema, array_split, infer_num_symbols
from arden.data.labels import class_names_of
from arden.data.raw import RawRows, RawSource
from arden.data.readers.arrow_table import parquet_tables
from arden.data.schema import Schema
from arden.data.scoring_rows import rows_of_table
from arden.data.shards.columns import ColumnSoFar
from arden.data.sources import read_file
from arden.data.tables import schema_of_kinds
from arden.errors import InputError

__all__ = ["Survey", "survey_arrays", "survey_tables"]

_ROWS_AT_A_TIME = 65_536
"""Of a table; an .npz file is packed as a whole, and read so."""


@dataclass(frozen=True)
class Survey:
    """What is known of shards before one of their rows is written down."""

    schema: Schema
    notes: list[str]
    """Words for the protocol: how that was decided."""
    rows_of: Callable[[Path], Iterator[Split]]
    """A shard -> its rows under the schema, so many at a time."""
    counts: list[int]
    """Rows of each shard."""


def survey_arrays(name: str, shards: Iterable[Path], discrete: bool | None) -> Survey:
    """A name, .npz shards -> what their rows are, by the rules of `infer_dataset`.

    Raises:
        InputError: shards of different shapes, with splits in them, or only some of them labelled.
    """
    first: RawSource | None = None
    counts: list[int] = []
    ends: list[float] = []
    kinds: list[int | None] = []
    labels: list[np.ndarray] = []
    for shard in shards:
        raw, rows = _whole(shard)
        first = first or raw
        shape, here = (one.parts["all"].values.shape[1:] for one in (first, raw))
        if shape != here:
            raise InputError(
                f"{name}: expected events of one shape, got {shape} in {first.name} and "
                f"{here} in {raw.name}."
            )
        counts.append(len(rows.values))
        if counts[-1]:
            kinds.append(infer_num_symbols(raw, discrete)[0])
            ends += [float(rows.values.min()), float(rows.values.max())]
        if rows.labels is not None:
            labels.append(np.unique(rows.labels))
        if len(labels) not in (0, len(counts)):
            raise InputError(f"{name}: expected labels in every shard or in none of them.")
    assert first is not None
    # The rule looks at the least value, the greatest, and whether there is one between levels.
    witness = [*ends, *([0.5] if None in kinds else [])]
    both = RawRows(np.array(witness or [0.0])[:, None])
    num_symbols, reading = infer_num_symbols(
        RawSource(name, {"all": both}, num_symbols=first.num_symbols), discrete
    )
    classes = class_names_of(labels, f"labels of {name}") if labels else ()
    schema = array_schema(first.parts["all"].values.shape[1:], num_symbols, None, classes)

    def rows_of(shard: Path) -> Iterator[Split]:
        raw, rows = _whole(shard)
        if len(rows.values):
            yield array_split(rows, schema, f"labels of {raw.name}")

    # The first note of a source is its own fingerprint.
    return Survey(schema, [*first.notes[1:], reading], rows_of, counts)


def survey_tables(
    name: str,
    shards: Iterable[Path],
    trained: np.ndarray,
    missing: Sequence[str],
    schema: Schema | None,
    unseen: str,
) -> Survey:
    """A name, .parquet shards, (N,) bool: their training rows -> as `infer_table` reads them.

    With a ``schema`` nothing is inferred.

    Raises:
        InputError: shards with other columns, or columns of other types.
    """
    notes = ["columns with the types of their source"]
    counts: list[int] = []
    columns: dict[str, ColumnSoFar] = {}
    at = 0
    for shard in shards:
        counts.append(0)
        for table, _ in parquet_tables(shard, _ROWS_AT_A_TIME, missing):
            names = [column.name for column in table.columns]
            columns = columns or {column: ColumnSoFar(column) for column in names}
            if sorted(names) != sorted(columns):
                raise InputError(
                    f"{name}: expected the columns {', '.join(columns)} in every shard, "
                    f"got {', '.join(names)} in {shard.name}."
                )
            for raw in table.columns if schema is None else []:
                columns[raw.name].add(raw, trained[at : at + len(table)], shard.name)
            counts[-1], at = counts[-1] + len(table), at + len(table)
    if schema is None:
        kinds = [column.kind(unseen) for column in columns.values()]
        schema, decided = schema_of_kinds(name, kinds, missing, unseen)
        notes += decided
    else:
        notes.append("columns by a given schema")
    settled = schema

    def rows_of(shard: Path) -> Iterator[Split]:
        for table, _ in parquet_tables(shard, _ROWS_AT_A_TIME, settled.missing):
            if len(table):
                yield rows_of_table(table, settled)

    return Survey(settled, notes, rows_of, counts)


def _whole(shard: Path) -> tuple[RawSource, RawRows]:
    """An .npz file -> what it holds; its splits, if it brings some, are no shard's business."""
    raw = read_file(shard)
    if set(raw.parts) != {"all"}:
        raise InputError(
            f"{shard}: expected one array of rows in a shard, got {', '.join(raw.parts)}; "
            "shards of given splits lie in folders train, valid and test."
        )
    return raw, raw.parts["all"]
