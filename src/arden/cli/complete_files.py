"""Completed rows as the file they came from: tables with their own cells, texts, sounds, arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.cli.sample_files import strings_of, write_sound, write_text
from arden.data import Schema
from arden.data.decoding import cells_of, filled_cells, parquet_of_cells
from arden.data.raw import RawTable
from arden.storage.folders import write_atomically
from arden.tasks.complete import Completion

__all__ = ["TypedCells", "columns_of", "write_whole"]


def columns_of(
    found: Completion,
    hidden: Tensor,
    schema: Schema,
    first: int,
    suffix: str,
    own: RawTable | None,
) -> dict[str, Any]:
    """Completed rows -> arrays by name: those of the input, and what is known of each."""
    rows, number = found.values.shape[:2]
    if suffix == ".npz":
        values = found.values.to(schema.dtype)
        if schema.end is not None:  # chunks of strings have other lengths
            return {
                "string": np.array(strings_of(values.flatten(0, 1), schema)),
                "row": np.arange(first, first + rows).repeat(number),
            }
        return {
            "x": (values[:, 0] if number == 1 else values).numpy(),
            "observed": ~hidden.numpy(),
            "exact": found.exact_rows.numpy(),
            "log_observed": found.log_observed.numpy(),
            "effective_sample_size": found.effective_sample_size.numpy(),
        }
    flat = found.values.flatten(0, 1)
    if schema.end is not None:
        columns: dict[str, Any] = {"string": strings_of(flat, schema)}
    elif own is not None:
        columns = dict(filled_cells(own, found.values, hidden, schema))
    elif schema.by_column:
        columns = dict(cells_of(flat, schema))
    else:
        cells = flat.flatten(1).to(schema.dtype).numpy()
        names = [c.name for c in schema.columns] or [f"x{i}" for i in range(cells.shape[1])]
        columns = dict(zip(names, np.moveaxis(cells, 1, 0), strict=True))
    if number > 1:  # else the lines are the rows of the input
        columns[_free_name(columns)] = np.arange(first, first + rows).repeat(number)
    return columns


def _free_name(columns: dict[str, Any]) -> str:
    """Columns by name -> what the number of a row is called beside them."""
    name = "row"
    while name in columns:
        name += "_"
    return name


class TypedCells:
    """Completed rows of a table with the types of their columns, written when all are there."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._dtypes = {column.name: column.dtype or "double" for column in schema.columns}
        self._cells: dict[str, list[Any]] = {}

    def add(self, found: Completion, hidden: Tensor, first: int, own: RawTable | None) -> None:
        """Completions (N, M, D) of rows from ``first`` on, and the cells those were read from."""
        rows, number = found.values.shape[:2]
        cells: dict[str, list[Any]]
        if own is None:
            cells = dict(cells_of(found.values.flatten(0, 1), self._schema))
        else:
            cells = dict(filled_cells(own, found.values, hidden, self._schema, typed=True))
            self._dtypes = {raw.name: raw.dtype for raw in own.columns} | self._dtypes
        if number > 1:
            name = _free_name(cells)
            self._dtypes[name] = "int64"
            cells[name] = [*np.arange(first, first + rows).repeat(number).tolist()]
        for name, column in cells.items():
            self._cells.setdefault(name, []).extend(column)

    def write(self, out: Path) -> None:
        """A path -> (): the file."""
        write_atomically(out, parquet_of_cells(self._cells, self._dtypes, self._schema))


def write_whole(out: Path, whole: list[Tensor], schema: Schema) -> None:
    """A path, completions (N, M, *event) of all chunks -> (): a text, a sound or an array."""
    longest = max(part.shape[2] for part in whole)
    fill = schema.end or 0
    room = [(0,) * (2 * (part.dim() - 3)) + (0, longest - part.shape[2]) for part in whole]
    values = torch.cat(
        [torch.nn.functional.pad(p, r, value=fill) for p, r in zip(whole, room, strict=True)]
        if schema.end is not None
        else whole
    )
    if out.suffix == ".txt":
        write_text(values.flatten(0, 1), schema, out)
    elif out.suffix == ".wav":
        write_sound(values.flatten(0, 1), schema, out)
    else:
        import io

        buffer = io.BytesIO()
        array = values.to(schema.dtype)
        np.save(buffer, (array[:, 0] if array.shape[1] == 1 else array).numpy())
        write_atomically(out, buffer.getvalue())
