"""Rows as they were read, before anything is inferred: what every reader hands over."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from arden.errors import InputError

__all__ = ["RawColumn", "RawRows", "RawSource", "RawTable", "numbers"]


@dataclass
class RawRows:
    """values (N, *event) of dtype uint8, int64 or float64, and what else the source told.

    `lines` are the lines of a text file the rows came from: errors name them.
    """

    values: np.ndarray
    labels: np.ndarray | None = None
    lines: np.ndarray | None = None


@dataclass
class RawSource:
    """One file or object: a name, rows by split ("all" when it brought none), column names.

    `notes` go into the protocol: what the reader took for granted, said where it can be seen.
    `num_symbols` is the number of levels where the form of the file settles it, whatever values
    happen to occur: 256 for pixels in bytes.
    """

    name: str
    parts: dict[str, RawRows]
    column_names: tuple[str, ...] | None = None
    notes: list[str] = field(default_factory=list)
    num_symbols: int | None = None


@dataclass
class RawColumn:
    """One column of a table as it was read: (N,) cells, and which of them hold nothing.

    Cells are numbers (float64, int64 or bool) or texts (objects); those that are `missing` may be
    anything. `dtype` is what the source calls their type, in Arrow's words. `levels` are categories
    that the source itself puts in an order. What cannot be read at all has a `refusal`.
    """

    name: str
    cells: np.ndarray
    missing: np.ndarray
    dtype: str
    levels: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def is_text(self) -> bool:
        """Whether its cells are texts."""
        return self.cells.dtype.kind == "O"


@dataclass
class RawTable:
    """A table whose columns have types of their own; `lines` as in `RawRows`, `notes` as above.

    `missing` are the texts that were taken for cells that hold nothing.
    """

    name: str
    columns: list[RawColumn]
    missing: tuple[str, ...] = ()
    lines: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    named: bool = True
    """Whether the columns came with names; else their places decide which is which."""
    first_row: int = 0
    """The number of its first row in the source, when that comes in chunks."""

    def __len__(self) -> int:
        return len(self.columns[0].cells)

    def place(self, row: int, column: int) -> str:
        """A row and a column of it, from 0 -> the words for where that is in the source."""
        base = 0 if self.lines is None else 1
        where = f"row {self.first_row + row}" if base == 0 else f"line {self.lines[row]}"  # type: ignore[index]
        name = f' ("{self.columns[column].name}")' if self.named else ""
        return f"{self.name}: {where}, column {column + base}{name} (counted from {base})"


def numbers(
    array: np.ndarray, name: str, column_names: tuple[str, ...] | None = None
) -> np.ndarray:
    """An array (N, *event) of any numeric dtype -> the same as uint8, int64 or float64.

    These three are what torch computes with everywhere. (N,) becomes a table of one column.

    >>> numbers(np.array([True, False]), "x")
    array([[1],
           [0]], dtype=uint8)
    """
    if array.ndim == 0:
        raise InputError(f"{name}: expected rows, got a single value.")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim > 4:
        raise InputError(
            f"{name}: expected a table (N, D) or images (N, H, W) or (N, H, W, C), "
            f"got shape {array.shape}."
        )
    if 0 in array.shape[1:]:
        raise InputError(f"{name}: every axis must hold something, got shape {array.shape}.")
    if array.dtype.kind == "O":
        return _numbers_from_objects(array, name, column_names)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: expected numbers, got an array of dtype {array.dtype}.")
    if array.dtype.kind == "b" or array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    # Whole numbers beyond int64 cannot be levels; as reals they are at least what was meant.
    if array.dtype.kind == "f" or (array.dtype == np.uint64 and array.max(initial=0) >> 63):
        return array.astype(np.float64, copy=False)
    return array.astype(np.int64, copy=False)


def _numbers_from_objects(
    array: np.ndarray, name: str, column_names: tuple[str, ...] | None
) -> np.ndarray:
    """Data frames of several column types come as Python objects; text in them is refused."""
    for place, value in np.ndenumerate(array):
        # numpy would turn the text "3" into the number 3; a mark such as pandas.NA is no number.
        if isinstance(value, str) or not hasattr(value, "__float__"):
            where = f"row {place[0]}, column {place[1]} (counted from 0)"
            if column_names:
                where = f'row {place[0]} (counted from 0), column "{column_names[place[1]]}"'
            raise InputError(f"{name}: {where} holds {value!r}; expected a number.")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers, got objects of other types.") from None
