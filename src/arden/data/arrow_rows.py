"""Rows as an Arrow table and back: how they travel to whoever scores them."""

from __future__ import annotations

from typing import Any

import torch

from arden.data.dataset import Split
from arden.data.readers.arrow_table import NEEDS_ARROW, table_of_arrow
from arden.data.schema import Schema
from arden.data.scoring_rows import rows_of_split, rows_of_table
from arden.errors import InputError

__all__ = ["rows_from_arrow", "rows_to_arrow"]

VALUES, OBSERVED, SCORED, LABEL = "x", "observed", "scored", "label"
"""Whole events as lists of one length, what is known and what counts of each, and its class."""


def rows_to_arrow(rows: Split) -> Any:
    """N rows -> an Arrow table: their values as lists in `x`, and what else is known beside them.

    >>> rows_to_arrow(Split(torch.tensor([[0, 1], [1, 1]], dtype=torch.uint8))).column("x").type
    FixedSizeListType(fixed_size_list<item: uint8>[2])
    """
    arrow = _arrow()
    columns = {VALUES: _lists(rows.values)}
    for name, beside in ((OBSERVED, rows.observed), (SCORED, rows.scored)):
        if beside is not None:
            columns[name] = _lists(beside)
    if rows.labels is not None:
        columns[LABEL] = arrow.array(rows.labels.numpy())
    return arrow.table(columns)


def rows_from_arrow(batch: Any, schema: Schema, name: str = "batch", first_row: int = 0) -> Split:
    """An Arrow table or record batch of N rows -> the same under the schema of their model.

    It holds either what `rows_to_arrow` makes, or, where the schema knows a table by its columns,
    these columns as their file has them. ``first_row`` is the number of its first row in ``name``.

    Raises:
        InputError: other columns, or values that the schema does not allow.
    """
    arrow = _arrow()
    try:
        return _rows_from(arrow.table(batch), schema, name, first_row)
    except arrow.ArrowException as error:
        told = " ".join(str(error).split())
        raise InputError(f"{name}: not a readable Arrow table ({told}).") from None


def _rows_from(table: Any, schema: Schema, name: str, first_row: int) -> Split:
    if VALUES not in table.column_names or not _are_lists(table.column(VALUES)):
        if schema.by_column:
            raw = table_of_arrow(table, name, schema.missing)
            raw.first_row = first_row
            return rows_of_table(raw, schema)
        raise InputError(
            f'{name}: expected an Arrow column "{VALUES}" with a list of {schema.num_variables} '
            f"numbers a row, got {', '.join(table.column_names) or 'no columns'}."
        )
    known = (VALUES, OBSERVED, SCORED, LABEL)
    if foreign := [column for column in table.column_names if column not in known]:
        raise InputError(f"{name}: expected columns {', '.join(known)}, got {foreign[0]} as well.")
    beside = {
        column: _events(table.column(column), schema) if column in table.column_names else None
        for column in known[:-1]
    }
    labels = None
    if LABEL in table.column_names:
        labels = torch.from_numpy(table.column(LABEL).to_numpy().copy()).long()
    values = beside[VALUES]
    assert values is not None
    return rows_of_split(Split(values, labels, beside[OBSERVED], beside[SCORED]), schema, name)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise InputError(f"engine: {NEEDS_ARROW}") from None
    return pyarrow


def _lists(values: torch.Tensor) -> Any:
    """(N, *event) -> N lists, without a copy where Arrow knows the type."""
    arrow = _arrow()
    flat = values.flatten(1).contiguous()
    return arrow.FixedSizeListArray.from_arrays(
        arrow.array(flat.reshape(-1).numpy()), flat.shape[1]
    )


def _are_lists(column: Any) -> bool:
    from pyarrow import types

    return bool(types.is_fixed_size_list(column.type))


def _events(column: Any, schema: Schema) -> torch.Tensor:
    """N lists -> (N, *event); the right number of values is left to the schema to check."""
    flat = column.combine_chunks().flatten()
    numbers = flat.to_numpy(zero_copy_only=False).reshape(len(column), -1).copy()
    found = torch.from_numpy(numbers)
    fits = found.shape[1] == schema.num_variables
    return found.reshape(-1, *schema.event_shape) if fits else found
