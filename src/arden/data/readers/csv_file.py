"""Numbers from a comma-separated file, with errors that name the line and the column."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from arden.data.raw import RawRows, RawSource
from arden.errors import FileError, InputError

__all__ = ["csv_chunks", "read_csv"]

DELIMITERS = ",;\t"
MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})

# Data frames without column names are written with a first line 0,1,2,...: that many columns or
# more counted in order are taken for such a header. Fewer may well be a row of data.
COUNTED_HEADER = 8


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
    try:
        with (
            path.open("rb") as binary,
            io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as file,
        ):
            size = max(1, os.fstat(binary.fileno()).st_size)
            first = file.readline()
            file.seek(0)
            delimiter = max(DELIMITERS, key=first.count)
            rows = _rows(csv.reader(file, delimiter=delimiter))
            for raw in _read(path, rows, most_rows):
                yield raw, binary.tell() / size
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


def _read(
    path: Path, rows: Iterator[tuple[int, list[str]]], most_rows: int | None
) -> Iterator[RawSource]:
    line, fields = next(rows, (0, None))
    if fields is None:
        raise InputError(f"{path}: expected rows of numbers, got an empty file.")
    width = len(fields)
    is_header, names, note = _header(path, fields)
    body = rows if is_header else chain([(line, fields)], rows)
    values: list[np.ndarray] = []
    lines: list[int] = []
    any_yet = False
    for line, fields in body:
        if len(fields) != width:
            raise InputError(
                f"{path}: line {line} has {len(fields)} {_plural('field', len(fields))}; "
                f"expected {width} as in the first line."
            )
        values.append(_numbers(path, line, fields, names))
        lines.append(line)
        if len(values) == most_rows:
            yield _source(path, values, lines, names, note)
            values, lines, any_yet = [], [], True
    if values:
        yield _source(path, values, lines, names, note)
    elif not any_yet:
        raise InputError(f"{path}: expected rows of numbers, got a header line alone.")


def _source(
    path: Path,
    values: list[np.ndarray],
    lines: list[int],
    names: tuple[str, ...] | None,
    note: str,
) -> RawSource:
    table = RawRows(np.stack(values), lines=np.asarray(lines))
    return RawSource(path.name, {"all": table}, names, [note])


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
            raise InputError(f'{path}: line 1 names "{name}" twice; columns need distinct names.')
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
        name = f' ("{names[index]}")' if names else ""
        where = f"{path}: line {line}, column {index + 1}{name}"
        if field.strip().lower() in MISSING:
            raise InputError(f'{where} is missing ("{field}"); every cell must hold a number.')
        if not _is_number(field):
            raise InputError(f'{where} holds "{field}"; expected a number.')
        if not np.isfinite(float(field)):
            raise InputError(f'{where} holds "{field}"; expected a finite number.')
    raise AssertionError("a line was refused although each of its fields is a number")


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field  # Python reads 1_000 as a number; a file hardly means it


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else noun + "s"
