"""Numbers under a schema -> cells as the table's own source writes them: words, numbers, types."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from arden.data.column import Column, Level
from arden.data.encoding import chosen_columns
from arden.data.readers.arrow_table import NEEDS_ARROW
from arden.data.readers.cells import parsed
from arden.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.raw import RawTable
    from arden.data.schema import Schema

__all__ = [
    "LIBRARIES",
    "arrow_table",
    "cells_of",
    "csv_bytes",
    "filled_cells",
    "frame_of_cells",
    "parquet_bytes",
    "parquet_of_cells",
    "to_frame",
]

LIBRARIES = ("pandas", "polars", "pyarrow")


def cells_of(
    values: Tensor, schema: Schema, observed: Tensor | None = None
) -> dict[str, list[Level | None]]:
    """(N, D), the schema, (N, D) bool -> N cells of every column, by name; None where unobserved.

    Level k becomes what the column says it stands for, a whole number itself, a real one is rounded
    to the decimals it was recorded with.

    >>> import torch
    >>> from arden.data.schema import Schema
    >>> pet = Column("pet", "binary", 2, levels=("cat", "dog"), dtype="string")
    >>> age = Column("age", "integer", 30, low=1, dtype="int64")
    >>> cells_of(torch.tensor([[1, 0], [0, 7]]), Schema("table", (2,), None, (pet, age)))
    {'pet': ['dog', 'cat'], 'age': [1, 8]}
    """
    found: dict[str, list[Level | None]] = {}
    for index, column in enumerate(schema.columns):
        numbers = values[:, index].double().tolist()
        known = [True] * len(numbers) if observed is None else observed[:, index].tolist()
        found[column.name] = [
            column.cell(number) if here else None
            for number, here in zip(numbers, known, strict=True)
        ]
    return found


def filled_cells(
    table: RawTable, values: Tensor, hidden: Tensor, schema: Schema, *, typed: bool = False
) -> dict[str, list[Level | None]]:
    """A table, (N, M, D) completions of its first N rows, (N, D) bool: which cells they fill
    -> its columns in its own order, N · M cells each.

    What is not hidden stays as it was, with more decimals than the model was fitted to, or as a
    word that the model does not know; so do columns that are no variables. ``typed``: numbers that
    are written as texts become numbers.
    """
    rows, number = values.shape[:2]
    filled = cells_of(values.flatten(0, 1), schema)
    chosen = chosen_columns(table, schema)
    found: dict[str, list[Level | None]] = {}
    for place, raw in enumerate(table.columns):
        own: list[Level | None] = raw.cells[:rows].repeat(number).tolist()
        if place in chosen:
            index = chosen.index(place)
            column, gaps = schema.columns[index], hidden[:, index].repeat_interleave(number)
            old = _typed(own, column) if typed and raw.is_text else own
            pairs = zip(old, filled[column.name], gaps.tolist(), strict=True)
            own = [drawn if gap else cell for cell, drawn, gap in pairs]
        elif typed or not raw.is_text:
            empty = raw.missing[:rows].repeat(number).tolist()
            own = [None if gap else cell for cell, gap in zip(own, empty, strict=True)]
        found[raw.name] = own
    return found


def _typed(cells: list[Any], column: Column) -> list[Level | None]:
    """Texts of a column -> the numbers they are, where the column is of numbers."""
    whole = column.dtype.startswith(("int", "uint"))
    if not whole and column.dtype not in ("double", "float"):
        return cells
    numbers = [parsed(cell) for cell in cells]
    return [int(n) if whole and n is not None else n for n in numbers]


def arrow_table(values: Tensor, schema: Schema, observed: Tensor | None = None) -> Any:
    """(N, D), the schema, (N, D) bool -> a pyarrow.Table with the types of the source.

    Raises InputError without pyarrow.
    """
    try:
        import pyarrow
    except ImportError:
        raise InputError(f"a table with types of its own {NEEDS_ARROW}.") from None
    cells = cells_of(values, schema, observed)
    columns = [
        _arrow_column(pyarrow, column.dtype or "double", column.levels, cells[column.name])
        for column in schema.columns
    ]
    return pyarrow.table(columns, names=[column.name for column in schema.columns])


def _arrow_column(pyarrow: Any, dtype: str, levels: Sequence[Level], cells: list[Any]) -> Any:
    if dtype in ("dictionary", "ordered"):
        # Words that were never seen are categories too, behind those that were.
        known = dict.fromkeys([*map(str, levels), *(str(c) for c in cells if c is not None)])
        place = {word: index for index, word in enumerate(known)}
        codes = [None if cell is None else place[str(cell)] for cell in cells]
        return pyarrow.DictionaryArray.from_arrays(
            pyarrow.array(codes, pyarrow.int32()), list(known), ordered=dtype == "ordered"
        )
    try:
        wanted = pyarrow.type_for_alias(dtype)
    except ValueError:  # times with a zone, and others that Arrow has no short name for
        return pyarrow.array(cells)
    plain = pyarrow.array(cells)
    try:
        return plain.cast(wanted)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return plain  # "(other)" is no date


def csv_bytes(cells: Mapping[str, Sequence[Level | None]], delimiter: str = ",") -> bytes:
    """Cells by column (`cells_of`, `filled_cells`) -> the content of a .csv file with their names.

    >>> csv_bytes({"pet": ["dog", "cat"], "age": [1, None]}, ";")
    b'pet;age\\ndog;1\\ncat;\\n'
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    return text.getvalue().encode("utf-8")


def parquet_bytes(values: Tensor, schema: Schema, observed: Tensor | None = None) -> bytes:
    """(N, D), the schema, (N, D) bool -> the content of a .parquet file."""
    return _as_parquet(arrow_table(values, schema, observed))


def parquet_of_cells(
    cells: Mapping[str, list[Level | None]], dtypes: Mapping[str, str], schema: Schema
) -> bytes:
    """Cells by column (`filled_cells`), the type that their source gave each -> a .parquet file.

    Raises InputError without pyarrow.
    """
    return _as_parquet(_arrow_of_cells(cells, dtypes, schema))


def frame_of_cells(
    cells: Mapping[str, list[Level | None]],
    dtypes: Mapping[str, str],
    schema: Schema,
    library: str = "pandas",
) -> Any:
    """As `parquet_of_cells` -> a frame of a library.

    Raises InputError without pyarrow or the library.
    """
    return _in_library(_arrow_of_cells(cells, dtypes, schema), library)


def _arrow_of_cells(
    cells: Mapping[str, list[Level | None]], dtypes: Mapping[str, str], schema: Schema
) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise InputError(f"a table with types of its own {NEEDS_ARROW}.") from None
    own = {column.name: column for column in schema.columns}
    columns = [
        _arrow_column(pyarrow, dtypes[name], own[name].levels if name in own else (), column)
        for name, column in cells.items()
    ]
    return pyarrow.table(columns, names=list(cells))


def _as_parquet(table: Any) -> bytes:
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def to_frame(
    values: Tensor,
    schema: Schema,
    observed: Tensor | None = None,
    *,
    library: str = "pandas",
) -> Any:
    """(N, D) samples or rows, the schema of their data set, (N, D) bool -> a data frame.

    Columns have the names, the types and the words of the table the model was fitted to, and what
    is not observed is missing. ``library`` is pandas, polars or pyarrow, which must be installed.

    Raises:
        InputError: another library, one that is not installed, values of another width.
    """
    if library not in LIBRARIES:
        raise InputError(f"library: expected one of {', '.join(LIBRARIES)}, got {library!r}.")
    if schema.kind != "table" or tuple(values.shape[1:]) != schema.event_shape:
        raise InputError(
            f"values: expected (N, {', '.join(map(str, schema.event_shape))}) rows of a table, "
            f"got {tuple(values.shape)} of kind {schema.kind}."
        )
    return _in_library(arrow_table(values, schema, observed), library)


def _in_library(table: Any, library: str) -> Any:
    if library == "pyarrow":
        return table
    try:
        if library == "polars":
            import polars

            return polars.from_arrow(table)
        return table.to_pandas()
    except ImportError:
        raise InputError(
            f"library: {library} is not installed; expected it (it is in arden[table])."
        ) from None
