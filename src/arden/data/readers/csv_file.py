"""Cells of a comma-separated file, or its numbers; errors name the line and the column."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from arden.data.raw import RawRows, RawSource, RawTable
from arden.data.readers.cells import MISSING, CellError, column_of_texts
from arden.data.schema import default_column_name
from arden.errors import FileError, InputError, shortened

__all__ = ["csv_chunks", "csv_tables", "has_names", "read_csv", "read_csv_table"]

DELIMITERS = ",;\t"

# Data frames without column names are written with a first line 0,1,2,...: that many columns or
# more counted in order are taken for such a header. Fewer may well be a row of data.
COUNTED_HEADER = 8

_MOST_KEPT = 100_000


def read_csv(path: Path) -> RawSource:
    """A .csv file of numbers -> its rows (N, D) in float64, column names, line numbers.

    The first line is a header when any of its fields is neither a number nor a mark of a missing
    value. Separators are commas, semicolons or tabs, whichever the first line has most of. Raises
    FileError when the file cannot be read as text, InputError when a cell is not a number.
    """
    [(raw, _)] = csv_chunks(path, None)
    return raw


def csv_chunks(path: Path, most_rows: int | None) -> Iterator[tuple[RawSource, float]]:
    """A .csv file, how many rows to hold at a time -> those of `read_csv`, chunk by chunk.

    Beside each chunk stands the share of the file that was read so far. Raises as `read_csv`, when
    it comes to the line in question.
    """
    with _opened(path) as (rows, share):
        head, body = _first_line(path, rows)
        for lines, cells in _pieces(path, head, body, most_rows):
            values = [
                _numbers(path, line, fields, head.names)
                for line, fields in zip(lines, cells, strict=True)
            ]
            table = RawRows(np.stack(values), lines=np.asarray(lines))
            yield RawSource(path.name, {"all": table}, head.names, [head.note]), share()


def has_names(path: Path) -> bool:
    """A .csv file -> whether its first line names its columns."""
    with _opened(path) as (rows, _):
        return _first_line(path, rows)[0].names is not None


def delimiter_of(first_line: str) -> str:
    """The first line of a file -> what its cells are set apart by: a comma, semicolon or tab.

    >>> delimiter_of("age;sex;pay")
    ';'
    """
    return max(DELIMITERS, key=first_line.count)


def read_csv_table(
    path: Path, missing: Sequence[str] = MISSING, as_texts: bool = False
) -> RawTable:
    """A .csv file -> its columns, each numbers or texts, and which of their cells are missing.

    Header, separators and errors as in `read_csv`; spaces around a cell do not count.
    """
    [(table, _)] = csv_tables(path, None, missing, as_texts)
    return table


def csv_tables(
    path: Path,
    most_rows: int | None,
    missing: Sequence[str] = MISSING,
    as_texts: bool = False,
) -> Iterator[tuple[RawTable, float]]:
    """A .csv file, how many rows to hold at a time -> those of `read_csv_table`, chunk by chunk.

    With ``as_texts`` cells stay as they are written, and it is left to a schema what they mean.
    """
    with _opened(path) as (rows, share):
        head, body = _first_line(path, rows)
        for lines, cells in _pieces(path, head, body, most_rows):
            names = head.names or tuple(map(default_column_name, range(head.width)))
            table = RawTable(
                path.name, [], tuple(missing), np.asarray(lines), [head.note], bool(head.names)
            )
            columns = zip(names, zip(*cells, strict=True), strict=True)
            for index, (name, column) in enumerate(columns):
                try:
                    table.columns.append(column_of_texts(name, column, missing, as_texts))
                except CellError as error:
                    where = f' ("{shortened(name)}")' if head.names else ""
                    raise InputError(
                        f"{path}: line {lines[error.row]}, column {index + 1}{where} {error.words}"
                    ) from None
            yield table, share()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[tuple[int, list[str]]], Callable[[], float]]]:
    """A file -> its lines as fields, and how much of it was read; what is wrong in one sentence."""
    try:
        with (
            path.open("rb") as binary,
            io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file,
        ):
            size = max(1, os.fstat(binary.fileno()).st_size)
            first = file.readline()
            file.seek(0)
            delimiter = delimiter_of(first)
            # A space before a quotation mark would make it a part of the cell.
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
            yield _rows(reader), lambda: binary.tell() / size
    except UnicodeDecodeError:
        raise FileError(f"{path}: expected a text file in UTF-8, got other bytes.") from None
    except csv.Error as error:
        raise FileError(f"{path}: not a readable CSV file ({error}).") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None


def _rows(reader: csv._reader) -> Iterator[tuple[int, list[str]]]:  # type: ignore[name-defined]
    """Lines with their numbers from 1; empty lines at the end of the file are dropped."""
    empty: list[tuple[int, list[str]]] = []
    for fields in reader:
        if not fields:
            empty.append((reader.line_num, fields))
            continue
        yield from empty
        empty.clear()
        yield reader.line_num, fields


@dataclass
class _Head:
    """What the first line says: how many fields, their names if it names them, the words for it."""

    width: int
    names: tuple[str, ...] | None
    note: str


def _first_line(
    path: Path, rows: Iterator[tuple[int, list[str]]]
) -> tuple[_Head, Iterator[tuple[int, list[str]]]]:
    """All lines -> what the first one says, and the lines that are rows."""
    line, fields = next(rows, (0, None))
    if fields is None:
        raise InputError(f"{path}: expected rows of numbers, got an empty file.")
    is_header, names, note = _header(path, fields)
    body = rows if is_header else chain([(line, fields)], rows)
    return _Head(len(fields), names, note), body


def _pieces(
    path: Path, head: _Head, body: Iterator[tuple[int, list[str]]], most_rows: int | None
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Lines that are rows -> their numbers and their fields, at most so many at a time."""
    lines: list[int] = []
    cells: list[list[str]] = []
    same: dict[str, str] = {}  # equal cells are kept once: a table has few different words
    any_yet = False
    for line, fields in body:
        if len(fields) != head.width:
            raise InputError(
                f"{path}: line {line} has {len(fields)} {_plural('field', len(fields))}; "
                f"expected {head.width} as in the first line."
            )
        if len(same) > _MOST_KEPT:
            same.clear()
        lines.append(line)
        cells.append([same.setdefault(field, field) for field in fields])
        if len(lines) == most_rows:
            yield lines, cells
            lines, cells, any_yet = [], [], True
    if lines:
        yield lines, cells
    elif not any_yet:
        raise InputError(f"{path}: expected rows of numbers, got a header line alone.")


def _header(path: Path, fields: list[str]) -> tuple[bool, tuple[str, ...] | None, str]:
    """The first line -> whether it is a header, its names if any, a note for the protocol."""
    names = tuple(field.strip() for field in fields)
    counted = [name for name in names if name]  # the column of row numbers has no name
    counts = len(counted) >= COUNTED_HEADER and counted == list(map(str, range(len(counted))))
    if not counts and all(_is_number(name) or name.lower() in MISSING for name in names):
        return False, None, "no header line"
    if "" in names:
        raise InputError(
            f"{path}: line 1, column {names.index('') + 1} has no name; "
            "name it, or leave it out if it only numbers the rows."
        )
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f'{path}: line 1 names "{shortened(name)}" twice; columns need distinct names.'
            )
    if counts:
        return True, None, "the first line counts the columns"
    return True, names, "the first line names the columns"


def _numbers(path: Path, line: int, fields: list[str], names: tuple[str, ...] | None) -> np.ndarray:
    """One line -> (D,) float64. Fields are looked at one by one only when something is wrong."""
    try:
        row = np.array(fields, dtype=np.float64)
        if np.isfinite(row).all() and "_" not in "".join(fields):
            return row
    except ValueError:
        pass
    for index, field in enumerate(fields):
        name = f' ("{shortened(names[index])}")' if names else ""
        where = f"{path}: line {line}, column {index + 1}{name}"
        if field.strip().lower() in MISSING:
            raise InputError(f'{where} is missing ("{field}"); every cell must hold a number.')
        if not _is_number(field):
            raise InputError(f'{where} holds "{shortened(field)}"; expected a number.')
        if not np.isfinite(float(field)):
            raise InputError(f'{where} holds "{shortened(field)}"; expected a finite number.')
    raise AssertionError("a line was refused although each of its fields is a number")


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field  # Python reads 1_000 as a number; a file hardly means it


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else noun + "s"
