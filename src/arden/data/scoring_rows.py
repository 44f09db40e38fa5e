"""Rows to be scored, completed or coded: read like a data set, but held to a stored schema."""

from __future__ import annotations

from dataclasses import fields, replace

import torch

from arden.data.dataset import Dataset, Split
from arden.data.labels import encode_labels
from arden.data.raw import RawRows, RawSource
from arden.data.readers.rgba import match_pixels
from arden.data.schema import Schema, default_column_name
from arden.data.validation import check_values
from arden.errors import InputError, suggestion

__all__ = ["rows_of_dataset", "rows_of_source", "rows_of_split", "take_rows"]


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
    values = torch.tensor(match_pixels(rows.values, raw.num_symbols, schema))
    if schema.kind == "table" and raw.column_names:
        values = values[:, _column_order(raw, schema)] if _has_names(schema) else values
    values = _unflattened(values, schema)
    lines = None if rows.lines is None else rows.lines.tolist()
    check_values(schema, values, None, raw.name, lines, first_row)
    labels = _labels(rows, schema, raw.name) if with_labels else None
    return Split(values.to(schema.dtype), labels)


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


def take_rows(split: Split, rows: slice) -> Split:
    """A Split, which rows -> a Split of those, with all that stands beside them."""
    cut = {field.name: getattr(split, field.name) for field in fields(split)}
    return replace(split, **{name: kept[rows] for name, kept in cut.items() if kept is not None})


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
