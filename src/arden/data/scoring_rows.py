"""Rows to be scored, completed or coded: read like a data set, but held to a stored schema."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import torch

from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.encoding import encode
from arden.data.labels import encode_labels
from arden.data.raw import RawColumn, RawRows, RawSource, RawTable
from arden.data.readers.rgba import match_pixels
from arden.data.schema import Schema, default_column_name
from arden.data.tables import split_of
from arden.data.validation import check_values
from arden.errors import InputError, suggestion

__all__ = [
    "rows_of_dataset",
    "rows_of_source",
    "rows_of_split",
    "rows_of_table",
    "take_rows",
    "whole_rows",
]


def rows_of_source(
    raw: RawSource,
    schema: Schema,
    split: str | None = None,
    with_labels: bool = True,
    first_row: int = 0,
) -> Split:
    """Raw rows -> a Split under `schema`; nothing is inferred.

    All rows of a source without splits, else those of `split` ("test" by default). Named columns
    are matched by name. Images may come flattened, (N, H * W * C). `first_row` is the number of
    the first row in its file, for messages, when rows come in chunks.
    """
    rows = _chosen(raw, split)
    if schema.by_column and rows.values.ndim == 2:
        table = _table(raw, rows, schema, first_row)
        found = rows_of_table(table, schema)
        return replace(found, labels=_labels(rows, schema, raw.name) if with_labels else None)
    values = torch.tensor(match_pixels(rows.values, raw.num_symbols, schema))
    if schema.kind == "table" and raw.column_names:
        values = values[:, _column_order(raw, schema)] if _has_names(schema) else values
    values = _unflattened(values, schema)
    lines = None if rows.lines is None else rows.lines.tolist()
    check_values(schema, values, None, raw.name, lines, first_row)
    labels = _labels(rows, schema, raw.name) if with_labels else None
    return Split(values.to(schema.dtype), labels)


def rows_of_table(table: RawTable, schema: Schema) -> Split:
    """A table -> a Split under `schema`; what its cells do not tell is unobserved."""
    return split_of(*encode(table, schema), schema)


def _table(raw: RawSource, rows: RawRows, schema: Schema, first_row: int) -> RawTable:
    """Rows of numbers, a schema that speaks of a table's own values -> the same as a table."""
    if rows.values.shape[1] != schema.num_variables and not raw.column_names:
        expected = f"(N, {schema.num_variables})"
        raise InputError(f"{raw.name}: expected shape {expected}, got {rows.values.shape}.")
    names = raw.column_names or [column.name for column in schema.columns]
    columns = [
        RawColumn(name, cells, np.zeros(len(cells), dtype=bool), "")
        for name, cells in zip(names, rows.values.T, strict=True)
    ]
    return RawTable(raw.name, columns, lines=rows.lines, named=True, first_row=first_row)


def rows_of_split(split: Split, schema: Schema, name: str = "data") -> Split:
    """A Split made by the caller -> the same under `schema`, checked."""
    values = _unflattened(split.values, schema)
    observed = None if split.observed is None else _unflattened(split.observed, schema)
    schema.validate(values, observed, name)
    scored = None if split.scored is None else _unflattened(split.scored, schema)
    return Split(values.to(schema.dtype), split.labels, observed, scored)


def rows_of_dataset(
    data: Dataset, schema: Schema, split: str | None = None, with_labels: bool = True
) -> Split:
    """A data set -> one split of it ("test" by default); its schema must agree with `schema`.

    Binary digits fit into 17 levels, but their score would belong to another protocol.
    """
    theirs = data.schema
    if "strings" in (theirs.kind, schema.kind):  # of any length, and no windows of one text
        alike = (theirs.kind, theirs.num_symbols) == (schema.kind, schema.num_symbols)
    else:
        alike = (theirs.event_shape, theirs.levels) == (schema.event_shape, schema.levels)
    if not alike:
        raise InputError(
            f"{data.name}: expected {'' if schema.kind == 'strings' else 'events of '}"
            f"{_shape_of(schema)} with {_values_of(schema)}, got {_shape_of(theirs)} with "
            f"{_values_of(theirs)}."
        )
    if schema.by_column and theirs.by_column and theirs.columns != schema.columns:
        raise InputError(
            f"{data.name}: expected the columns of the model's data and their levels, got others."
        )
    if (theirs.symbols, theirs.sample_rate) != (schema.symbols, schema.sample_rate):
        what = "characters" if schema.symbols else "sample rate"
        raise InputError(f"{data.name}: expected the {what} of the model's data, got others.")
    chosen = data.split(split or "test")
    labels = chosen.labels if with_labels else None
    if labels is not None and theirs.class_names != schema.class_names:
        raise InputError(
            f"{data.name}: expected the classes {', '.join(schema.class_names) or '(none)'}, "
            f"got {', '.join(theirs.class_names)}."
        )
    return Split(chosen.values, labels, chosen.observed, chosen.scored)


def take_rows(split: Split, rows: slice | torch.Tensor) -> Split:
    """A Split, which rows (a slice or (N,) bool) -> those, with all that stands beside them."""
    cut = {field.name: getattr(split, field.name) for field in fields(split)}
    return replace(split, **{name: kept[rows] for name, kept in cut.items() if kept is not None})


def whole_rows(data: Dataset) -> Dataset:
    """A data set -> that of its rows without a missing cell; the protocol counts the others.

    >>> import torch
    >>> cells, known = torch.tensor([[0, 1], [1, 0]]), torch.tensor([[True, True], [True, False]])
    >>> rows = Split(cells, observed=known)
    >>> toy = Dataset("toy", Schema("table", (2,), 2), rows, rows, rows, "Two rows.")
    >>> whole_rows(toy).protocol
    'Two rows. Rows with missing cells left out: 1 of 2 train, 1 of 2 valid, 1 of 2 test.'
    """
    kept, told = {}, []
    for name in SPLIT_NAMES:
        split = data.split(name)
        kept[name] = split
        if split.observed is not None:
            whole = split.observed.flatten(1).all(dim=1)
            told.append(f"{int((~whole).sum()):,} of {len(split):,} {name}")
            if not bool(whole.any()):
                raise InputError(
                    f"complete_rows: expected rows without a missing cell, but none of the "
                    f"{len(split):,} {name} rows of {data.name} is one."
                )
            kept[name] = replace(take_rows(split, whole), observed=None)
    if not told:
        return data
    protocol = f"{data.protocol} Rows with missing cells left out: {', '.join(told)}."
    return Dataset(data.name, data.schema, **kept, protocol=protocol)


def _shape_of(schema: Schema) -> str:
    return "strings" if schema.kind == "strings" else f"shape {schema.event_shape}"


def _values_of(schema: Schema) -> str:
    if schema.num_symbols is not None:
        return f"{schema.num_symbols} levels"
    return "columns of several levels" if schema.is_discrete else "real values"


def _chosen(raw: RawSource, split: str | None) -> RawRows:
    if split is None:
        split = "all" if "all" in raw.parts else "test"
    if split not in raw.parts:
        known = [part for part in raw.parts if part != "all"]
        brought = f"only {', '.join(known)}" if known else "no splits, only rows"
        raise InputError(f'{raw.name}: there is no split "{split}" in it, {brought}.')
    return raw.parts[split]


def _has_names(schema: Schema) -> bool:
    """Whether the columns of the fitted table had names of their own; else places decide."""
    return any(
        column.name != default_column_name(index) for index, column in enumerate(schema.columns)
    )


def _column_order(raw: RawSource, schema: Schema) -> list[int]:
    names = list(raw.column_names or ())
    wanted = [column.name for column in schema.columns]
    for name in wanted:
        if name not in names:
            raise InputError(f'{raw.name}: lacks the column "{name}".{suggestion(name, names)}')
    for name in names:
        if name not in wanted:
            raise InputError(
                f'{raw.name}: has a column "{name}" that the model does not know.'
                + suggestion(name, wanted)
            )
    return [names.index(name) for name in wanted]


def _unflattened(values: torch.Tensor, schema: Schema) -> torch.Tensor:
    if schema.kind == "image" and tuple(values.shape[1:]) == (schema.num_variables,):
        return values.reshape(-1, *schema.event_shape)
    return values


def _labels(rows: RawRows, schema: Schema, name: str) -> torch.Tensor | None:
    """Labels as indices into the schema's classes; a schema without classes asks for none."""
    if rows.labels is None or not schema.class_names:
        return None
    where = f"labels of {name}"
    return torch.from_numpy(encode_labels(rows.labels, schema.class_names, len(rows.values), where))
