"""Cells of a table -> numbers under a schema: levels for words, what is missing unobserved."""

from __future__ import annotations

import numpy as np

from arden.data.column import Column
from arden.data.raw import RawColumn, RawTable
from arden.data.readers.cells import parsed
from arden.data.schema import Schema, default_column_name
from arden.errors import InputError, suggestion

__all__ = ["chosen_columns", "encode"]

_MOST_NAMED = 8
_BOOLS = {"false": False, "true": True, "0": False, "1": True}


def encode(table: RawTable, schema: Schema) -> tuple[np.ndarray, np.ndarray]:
    """A table, the schema of its model -> (N, D) float64 values, (N, D) bool: which are observed.

    Columns are matched by name (by place where there are no names); those that the schema leaves
    out may be there. Unobserved values are 0, and mean nothing.

    Raises:
        InputError: a column too many or too few, a cell that its column cannot hold, each with its
            row or line and its column.
    """
    values = np.zeros((len(table), schema.num_variables))
    observed = np.zeros(values.shape, dtype=bool)
    for place, (index, column) in enumerate(
        zip(chosen_columns(table, schema), schema.columns, strict=True)
    ):
        raw = table.columns[index]
        codes, wrong = _codes(raw, column)
        wrong &= ~raw.missing
        if wrong.any():
            row = int(wrong.argmax())
            told = f"{table.place(row, index)} {_sentence(raw, row, column)}"
            raise InputError(told)
        observed[:, place] = ~raw.missing
        values[:, place] = np.where(raw.missing, 0.0, codes)
    return values, observed


def chosen_columns(table: RawTable, schema: Schema) -> list[int]:
    """A table, a schema -> for each column of the schema its place in the table."""
    names = [column.name for column in table.columns]
    wanted = [column.name for column in schema.columns]
    left_out = [column.name for column in schema.left_out]
    if not table.named or wanted == list(map(default_column_name, range(len(wanted)))):
        if len(names) != len(wanted) + len(left_out):
            raise InputError(
                f"{table.name}: expected {len(wanted) + len(left_out)} columns, got {len(names)}."
            )
        if not table.named and left_out:
            whole = [name for name in names if name not in left_out]
            return [names.index(name) for name in whole]
        return list(range(len(wanted)))
    for name in wanted:
        if name not in names:
            raise InputError(f'{table.name}: lacks the column "{name}".{suggestion(name, names)}')
    for name in names:
        if name not in wanted and name not in left_out:
            raise InputError(
                f'{table.name}: has a column "{name}" that the model does not know.'
                + suggestion(name, wanted)
            )
    return [names.index(name) for name in wanted]


def _codes(raw: RawColumn, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """A column of cells -> (N,) float64 codes, (N,) bool: cells that the column cannot hold."""
    if raw.refusal:
        raise InputError(f'column "{column.name}": {raw.refusal}.')
    if column.levels and any(isinstance(level, str) for level in column.levels):
        return _of_texts(_texts(raw), column)
    numbers, wrong = _numbers(raw, column)
    if column.kind == "real":
        return numbers, wrong | ~np.isfinite(numbers)
    if column.levels:
        ordered = np.array([float(level) for level in column.levels])
        by_size = ordered.argsort()
        place = np.searchsorted(ordered[by_size], numbers).clip(0, len(ordered) - 1)
        found = by_size[place]
        return found.astype(np.float64), wrong | (ordered[found] != numbers)
    codes = numbers - (column.low or 0)
    inside = (codes == np.floor(codes)) & (codes >= 0) & (codes < (column.num_symbols or 0))
    return codes, wrong | ~inside


def _of_texts(texts: np.ndarray, column: Column) -> tuple[np.ndarray, np.ndarray]:
    known = {str(level): place for place, level in enumerate(column.levels)}
    unknown = len(known) - 1 if column.has_other else -1
    codes = np.array([known.get(text, unknown) for text in texts.tolist()], dtype=np.float64)
    return codes, codes < 0


def _texts(raw: RawColumn) -> np.ndarray:
    """(N,) cells -> (N,) texts: numbers as Python writes them."""
    return (
        raw.cells if raw.is_text else np.array([str(c) for c in raw.cells.tolist()], dtype=object)
    )


def _numbers(raw: RawColumn, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """(N,) cells -> (N,) float64, (N,) bool: those that are no number."""
    if not raw.is_text:
        return raw.cells.astype(np.float64), np.zeros(len(raw.cells), dtype=bool)
    bools = column.levels and all(isinstance(level, bool) for level in column.levels)
    found: dict[str, float | None] = {}
    for cell in set(raw.cells.tolist()):
        found[cell] = _BOOLS.get(cell.lower()) if bools else parsed(cell)
    wrong = np.array([found[cell] is None for cell in raw.cells.tolist()], dtype=bool)
    numbers = np.array([found[cell] or 0.0 for cell in raw.cells.tolist()], dtype=np.float64)
    return numbers, wrong


def _sentence(raw: RawColumn, row: int, column: Column) -> str:
    """A cell that its column cannot hold -> what it holds, and what was expected."""
    cell = raw.cells[row]
    shown = str(cell) if raw.is_text or raw.cells.dtype.kind != "f" else f"{cell:.10g}"
    if raw.is_text and parsed(cell) is None:
        shown = f'"{cell}"'
    if column.kind == "real":
        return f"holds {shown}; expected a finite number."
    if not column.levels:
        return f"holds {shown}; expected a whole number in {column.range_in_words}."
    levels = [str(level) for level in column.levels]
    few = levels if len(levels) <= _MOST_NAMED else [*levels[:_MOST_NAMED], "…"]
    wanted = " or ".join(few) if len(levels) <= 2 else f"one of {', '.join(few)}"
    told = f"holds {shown}; expected {wanted}."
    if column.kind in ("categorical", "binary", "constant"):
        told += suggestion(str(cell), levels)
    return told
