"""Parquet files and frames of pandas, polars or Arrow: columns with types of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from arden.data.raw import RawColumn, RawTable
from arden.data.readers.cells import MISSING
from arden.data.readers.unpacked import check_unpacked
from arden.errors import FileError, InputError

__all__ = [
    "NEEDS_ARROW",
    "is_frame",
    "parquet_batches",
    "parquet_length",
    "parquet_tables",
    "read_parquet",
    "table_of_arrow",
    "table_of_frame",
]

NEEDS_ARROW = (
    "needs the package pyarrow, which is not installed; expected it (it is in arden[table])"
)


def is_frame(source: Any) -> bool:
    """Anything -> whether it is a table that Arrow can read: a frame of pandas, polars, Arrow."""
    return hasattr(source, "__arrow_c_stream__") and _arrow() is not None


def table_of_frame(source: Any, name: str, missing: Sequence[str] = MISSING) -> RawTable:
    """A data frame -> its columns; null, NaN and texts of ``missing`` are cells that hold nothing.

    Raises InputError for a frame that Arrow cannot read: a column of several types, names twice.
    """
    arrow = _arrow()
    assert arrow is not None
    named = getattr(source, "columns", source)
    if isinstance(source, arrow.Table):  # whose columns are their cells
        named = source.column_names
    names = [str(column) for column in named]
    for column in names:
        if isinstance(column, str) and names.count(column) > 1:
            raise InputError(f'{name}: columns must have distinct names, got "{column}" twice.')
    try:
        table = arrow.table(source)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, arrow.ArrowNotImplementedError) as error:
        told = " ".join(str(error.args[0] if error.args else error).split())
        raise InputError(f"{name}: expected columns of one type each ({told}).") from None
    return table_of_arrow(table, name, missing)


def read_parquet(path: Path, missing: Sequence[str] = MISSING) -> RawTable:
    """A .parquet file -> its columns. Raises FileError when it cannot be read as one."""
    tables = [table for table, _ in parquet_tables(path, None, missing)]
    return tables[0]


def parquet_tables(
    path: Path, most_rows: int | None, missing: Sequence[str] = MISSING
) -> Iterator[tuple[RawTable, float]]:
    """A .parquet file, how many rows to hold at a time -> its columns, chunk by chunk.

    Beside each chunk stands the share of the file that was read so far.
    """
    with _one_sentence(path):
        for batch, first, share in parquet_batches(path, most_rows):
            table = table_of_arrow(batch, path.name, missing)
            table.first_row = first
            yield table, share


def parquet_batches(path: Path, most_rows: int | None) -> Iterator[tuple[Any, int, float]]:
    """A .parquet file, how many rows to hold at a time -> Arrow tables of its columns as they are.

    Beside each stand the number of its first row and the share of the file read so far. All have
    ``most_rows`` rows but the last.
    """
    with _one_sentence(path), _parquet_file(path) as file:
        total = file.metadata.num_rows
        if most_rows is None or not total:
            # A column of one value takes no room there, and eight bytes a row in memory.
            cells = total * file.metadata.num_columns
            check_unpacked(path, 8 * cells, path.stat().st_size)
            yield file.read(), 0, 1.0
            return
        first = 0
        for batch in file.iter_batches(batch_size=most_rows):
            table = _arrow().Table.from_batches([batch])
            yield table, first, (first + len(batch)) / total
            first += len(batch)


def parquet_length(path: Path) -> int:
    """A .parquet file -> how many rows it says it has."""
    with _one_sentence(path), _parquet_file(path) as file:
        return file.metadata.num_rows


def _parquet_file(path: Path) -> Any:
    from pyarrow import parquet

    return parquet.ParquetFile(path)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Within the block what is wrong with a .parquet file is told in one sentence."""
    arrow = _arrow()
    if arrow is None:
        raise InputError(f"{path}: a .parquet file {NEEDS_ARROW}.")
    try:
        yield
    except (
        *(arrow.ArrowInvalid, arrow.ArrowNotImplementedError, arrow.ArrowIndexError),
        *(EOFError, UnicodeDecodeError),
    ):
        raise FileError(
            f"{path}: not a readable Parquet file; is it damaged or cut short?"
        ) from None
    except OSError as error:  # Arrow's own have several lines and no strerror
        if isinstance(error, FileError):  # of whoever reads it
            raise
        reason = " ".join(str(error.strerror or error).split())
        raise FileError(f"{path}: cannot be read ({reason}).") from None


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        return None
    return pyarrow


def table_of_arrow(table: Any, name: str, missing: Sequence[str] = MISSING) -> RawTable:
    """An Arrow table -> its columns, as `table_of_frame`."""
    if not table.num_columns:
        raise InputError(f"{name}: expected columns, got none.")
    columns = []
    for place, column in enumerate(table.column_names):
        try:
            columns.append(_column(str(column), table.column(place), missing))
        except UnicodeDecodeError:  # Arrow looks at the bytes of a text only when it is asked for
            raise InputError(
                f'{name}: expected texts in UTF-8, but column "{column}" holds other bytes.'
            ) from None
        except IndexError as error:  # and at places in a dictionary
            raise InputError(f'{name}: column "{column}" is damaged ({error}).') from None
    return RawTable(name, columns, tuple(missing), notes=["columns with the types of their source"])


def _column(name: str, chunks: Any, missing: Sequence[str]) -> RawColumn:
    """An Arrow column -> its cells; dates and times become texts as ISO 8601 writes them."""
    import pyarrow as arrow
    from pyarrow import compute, types

    kind = chunks.type
    levels: tuple[str, ...] = ()
    dtype = str(kind)
    if types.is_dictionary(kind):
        dtype = "ordered" if kind.ordered else "dictionary"
        if kind.ordered and chunks.num_chunks:
            levels = tuple(map(str, chunks.chunk(0).dictionary.to_pylist()))
        # Not a cast: Arrow has none for every kind of category.
        chunks = arrow.chunked_array([arrow.array(chunks.to_pylist())])
        kind = chunks.type
    if types.is_null(kind):
        cells = np.full(len(chunks), "", dtype=object)
        return RawColumn(name, cells, np.ones(len(chunks), dtype=bool), dtype)
    unknown = np.asarray(chunks.is_null().to_numpy(), dtype=bool)
    if types.is_boolean(kind):
        return RawColumn(name, _filled(chunks, False).astype(bool), unknown, "bool")
    if types.is_integer(kind):
        cells = _filled(chunks, 0)
        # Whole numbers beyond int64 cannot be levels; as reals they are at least what was meant.
        beyond = cells.dtype == np.uint64 and cells.max(initial=0) >> 63
        return RawColumn(name, cells.astype(np.float64 if beyond else np.int64), unknown, dtype)
    if types.is_floating(kind) or types.is_decimal(kind):
        if types.is_decimal(kind):
            chunks, dtype = chunks.cast("float64"), "double"
        cells = _filled(chunks, 0.0).astype(np.float64)
        unknown |= np.isnan(cells)
        return RawColumn(name, np.where(unknown, 0.0, cells), unknown, dtype)
    if types.is_temporal(kind):
        chunks, kind = compute.cast(chunks, "string"), None
    if (
        kind is None
        or types.is_string(kind)
        or types.is_large_string(kind)
        or _is_view(types, kind)
    ):
        texts = [None if text is None else text.strip() for text in chunks.to_pylist()]
        marks = set(missing)
        unknown |= np.array([text is None or text.lower() in marks for text in texts], dtype=bool)
        cells = np.array(["" if text is None else text for text in texts], dtype=object)
        return RawColumn(name, cells, unknown, dtype, levels)
    cells = np.full(len(chunks), "", dtype=object)
    told = f"{dtype} is no type of numbers, words or dates"
    return RawColumn(name, cells, np.ones(len(chunks), dtype=bool), dtype, refusal=told)


def _is_view(types: Any, kind: Any) -> bool:
    return hasattr(types, "is_string_view") and types.is_string_view(kind)


def _filled(chunks: Any, value: object) -> np.ndarray:
    """A column -> (N,) array, what is null replaced: NumPy knows no null in whole numbers."""
    return np.asarray(chunks.fill_null(value).to_numpy())
