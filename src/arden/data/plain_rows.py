"""Rows as plain values hold them, as JSON does: lists, records and texts -> rows under a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from arden.data.alphabets import symbols_of
from arden.data.column import Column
from arden.data.dataset import Split
from arden.data.decoding import cells_of
from arden.data.documents import Document, DocumentSource
from arden.data.raw import RawColumn, RawRows, RawSource, RawTable, numbers
from arden.data.readers.wav_file import MU_LAW_SYMBOLS
from arden.data.schema import Schema
from arden.data.scoring_rows import rows_of_source, rows_of_split, rows_of_table
from arden.data.sequences import windows_under
from arden.data.spelling import strings_of, texts_of
from arden.data.strings import lines_in_memory, strings_under
from arden.errors import InputError, suggestion

__all__ = ["Rows", "plain_beginnings", "plain_documents", "plain_rows", "to_plain_rows"]

Rows = Sequence[Any] | np.ndarray
"""Rows as plain values: a list of them, or an array of numbers."""


def plain_rows(rows: Rows, schema: Schema) -> Split:
    """N rows as plain values -> a Split (N, *event) under the schema.

    A row of a table is a record (column -> cell) or a list of its cells in the schema's order, in
    the words of the table it was fitted to; of an image nested lists, or one list of all its
    values; of strings a text. None is a value that is not observed. Texts and sounds are longer
    than events: `plain_documents` reads those.

    Raises:
        InputError: a row of another form, shape or range, named by its number.

    >>> schema = Schema("table", (2,), num_symbols=2)
    >>> found = plain_rows([[0, None], {"x1": 1, "x0": 1}], schema)
    >>> found.values.tolist(), found.observed.tolist()
    ([[0, 0], [1, 1]], [[True, False], [True, True]])
    """
    _check_any(rows)
    if schema.kind == "strings":
        source = lines_in_memory(rows)
        if source is None:
            wrong = next(place for place, row in enumerate(rows) if not isinstance(row, str))
            raise InputError(_wrong_kind(rows[wrong], wrong, "a text"))
        return strings_under(source, schema, with_labels=False)
    if schema.is_sequence:
        raise InputError(f"rows: expected events of one length, got {schema.kind} documents")
    if schema.kind == "table":
        rows = [_cells_in_order(row, place, schema) for place, row in enumerate(rows)]
    if schema.by_column:
        return rows_of_table(_table(rows, schema), schema)
    for place, row in enumerate(rows):
        if not isinstance(row, (list, tuple, np.ndarray)):
            raise InputError(_wrong_kind(row, place, "a list"))
    values, observed = _array(rows)
    if observed is None:
        return rows_of_source(RawSource("rows", {"all": RawRows(values)}), schema)
    return rows_of_split(
        Split(torch.from_numpy(values), observed=torch.from_numpy(observed)), schema, "rows"
    )


def plain_documents(rows: Rows, schema: Schema) -> tuple[Split, torch.Tensor]:
    """N documents, texts or lists of a sound's levels -> M windows, (M,) the document of each.

    Raises:
        InputError: an empty document, a character or a level that the model does not know.
    """
    _check_any(rows)
    documents = [
        Document(f"row {place}", _symbols(row, place, schema)) for place, row in enumerate(rows)
    ]
    for place, document in enumerate(documents):
        if not len(document.values):
            raise InputError(f"rows: row {place} (counted from 0) is empty")
    source = DocumentSource("rows", schema.kind, {"all": documents}, schema.sample_rate)
    _, windows = windows_under(source, schema, with_labels=False)
    return windows.take(), torch.from_numpy(windows.document)


def plain_beginnings(rows: Rows, schema: Schema) -> Split:
    """N strings, texts or sounds of which some is known -> (N, L) values, which are observed.

    A row is a list of characters (levels, of a sound) in which None is not known, or a text: the
    beginning of one. What follows a row is not known either. Of strings L is the longest row, of
    texts and sounds the window.

    >>> schema = Schema("text", (3,), num_symbols=2, symbols=("a", "b"))
    >>> found = plain_beginnings(["b", ["a", None, "b"]], schema)
    >>> found.values.tolist(), found.observed.tolist()
    ([[1, 0, 0], [0, 0, 1]], [[True, False, False], [True, False, True]])
    """
    _check_any(rows)
    given = [list(row) if isinstance(row, (str, list, tuple)) else row for row in rows]
    for place, row in enumerate(given):
        if not isinstance(row, list):
            raise InputError(_wrong_kind(row, place, "a text or a list"))
    longest = max(map(len, given))
    if not schema.is_sequence:
        length = max(longest, 1)
    else:
        [length] = schema.event_shape
        if longest > length:
            raise InputError(
                f"rows: expected at most {length} {_unit(schema)}s, the window of the model, "
                f"got {longest}"
            )
    values = np.zeros((len(given), length), dtype=np.int64)
    observed = np.zeros(values.shape, dtype=bool)
    for place, row in enumerate(given):
        known = [at for at, symbol in enumerate(row) if symbol is not None]
        said = [row[at] for at in known]
        if schema.kind != "audio":
            for at, symbol in zip(known, said, strict=True):
                if not isinstance(symbol, str) or len(symbol) != 1:
                    raise InputError(
                        f"rows: row {place}, place {at} (counted from 0) holds {symbol!r}; "
                        "expected a character or null"
                    )
            said = "".join(said)  # type: ignore[assignment]
        values[place, known] = _levels(_symbols(said, place, schema), place, schema)
        observed[place, known] = True
    known_rows = torch.from_numpy(observed)
    return Split(torch.from_numpy(values).to(schema.dtype), observed=known_rows)


def to_plain_rows(values: torch.Tensor, schema: Schema) -> list[Any]:
    """(N, *event) values -> N rows as JSON holds them, in the form that `plain_rows` reads.

    Records of a table read column by column, texts of strings and texts, else lists of numbers.

    >>> to_plain_rows(torch.tensor([[0, 1]]), Schema("table", (2,), num_symbols=2))
    [[0, 1]]
    """
    if schema.by_column:
        cells = cells_of(values, schema)
        return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    if schema.kind == "strings":
        return strings_of(values, schema)
    if schema.kind == "text":
        return texts_of(values, schema)
    return values.to(schema.dtype).tolist()


def _check_any(rows: Rows) -> None:
    if not len(rows):
        raise InputError("rows: expected at least one row, got none")


def _unit(schema: Schema) -> str:
    return "sample" if schema.kind == "audio" else "character"


def _wrong_kind(row: Any, place: int, wanted: str) -> str:
    return f"rows: row {place} (counted from 0) is a {type(row).__name__}; expected {wanted}"


def _symbols(row: Any, place: int, schema: Schema) -> np.ndarray:
    """A text -> its code points; the levels of a sound -> μ-law symbols."""
    if schema.kind != "audio":
        if not isinstance(row, str):
            raise InputError(_wrong_kind(row, place, "a text"))
        try:
            return np.frombuffer(row.encode("utf-32-le"), dtype="<u4")
        except UnicodeEncodeError as error:
            lone = ord(error.object[error.start])
            raise InputError(
                f"rows: row {place} (counted from 0) holds the lone surrogate U+{lone:04X}; "
                "expected Unicode text"
            ) from None
    whole = isinstance(row, (list, tuple)) and all(
        type(level) in (int, float) and 0 <= level < MU_LAW_SYMBOLS and level == int(level)
        for level in row
    )
    if not whole:
        raise InputError(
            f"rows: row {place} (counted from 0) is no list of whole numbers in "
            f"0..{MU_LAW_SYMBOLS - 1}, the μ-law levels of a sound"
        )
    return np.array(row, dtype=np.uint8)


def _levels(points: np.ndarray, place: int, schema: Schema) -> np.ndarray:
    if schema.kind == "audio":
        return points
    return symbols_of(Document(f"row {place}", points), schema.symbols)


def _cells_in_order(row: Any, place: int, schema: Schema) -> list[Any]:
    """A record or a list of cells -> the cells in the schema's order."""
    where = f"rows: row {place} (counted from 0)"
    names = [column.name for column in schema.columns]
    if isinstance(row, (list, tuple, np.ndarray)):
        if len(row) != len(names):
            raise InputError(f"{where}: expected {len(names)} cells, got {len(row)}")
        return list(row)
    if not isinstance(row, Mapping):
        raise InputError(_wrong_kind(row, place, "a record or a list"))
    for name in names:
        if name not in row:
            hint = suggestion(name, row)
            raise InputError(
                f'{where} lacks the column "{name}"; expected null where nothing is known.{hint}'
            )
    beside = {column.name for column in schema.left_out}
    for name in row:
        if name not in names and name not in beside:
            raise InputError(
                f'{where} has a column "{name}" that the model does not know.'
                + suggestion(name, names)
            )
    return [row[name] for name in names]


def _table(rows: Rows, schema: Schema) -> RawTable:
    columns = [
        _column(column, [row[place] for row in rows], schema.missing)
        for place, column in enumerate(schema.columns)
    ]
    return RawTable("rows", columns, schema.missing, named=True)


def _column(column: Column, cells: list[Any], missing: Sequence[str]) -> RawColumn:
    """Cells that are texts, numbers, booleans or None -> a column; several kinds become texts.

    Where the file wrote words, a boolean is the one that says it, in whatever capitals.
    """
    name = column.name
    of_words = any(isinstance(level, str) for level in column.levels)
    said = {level.lower(): level for level in column.levels if isinstance(level, str)}
    for place, cell in enumerate(cells):
        if cell is not None and not isinstance(cell, (str, bool, int, float)):
            raise InputError(
                f'rows: row {place} (counted from 0), column "{name}" holds a '
                f"{type(cell).__name__}; expected a text, a number or null"
            )
    known = [cell for cell in cells if cell is not None]
    if known and not of_words and not any(isinstance(cell, str) for cell in known):
        bools = all(isinstance(cell, bool) for cell in known)
        filled = [known[0] if cell is None else cell for cell in cells]
        unknown = np.array([cell is None for cell in cells], dtype=bool)
        try:
            array = np.array(filled, dtype=bool if bools else np.float64)
        except OverflowError:
            raise InputError(f'rows: column "{name}" holds a number beyond 1e308') from None
        return RawColumn(name, array, unknown, "bool" if bools else "double")
    texts = [
        ""
        if cell is None
        else said.get(str(cell).lower(), str(cell))
        if isinstance(cell, bool)
        else str(cell).strip()
        for cell in cells
    ]
    marks = {*missing, ""}
    unknown = np.array(
        [c is None or t.lower() in marks for c, t in zip(cells, texts, strict=True)], dtype=bool
    )
    return RawColumn(name, np.array(texts, dtype=object), unknown, "string")


def _array(rows: Rows) -> tuple[np.ndarray, np.ndarray | None]:
    """Nested lists of numbers and None -> (N, …) values, and which are observed (None: all)."""
    try:
        array = np.asarray(rows)
    except ValueError:
        raise InputError("rows: expected rows of one shape, got ragged ones") from None
    try:
        if array.dtype.kind != "O":
            return numbers(array, "rows"), None
        unknown = np.frompyfunc(lambda value: value is None, 1, 1)(array).astype(bool)
        return numbers(np.where(unknown, 0.0, array), "rows"), ~unknown
    except OverflowError:
        raise InputError("rows: expected numbers up to 1e308, got a greater one") from None
