"""Columns of a text file: which are numbers, which are words, and what is missing in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from arden.data.raw import RawColumn
from arden.errors import shortened

__all__ = ["MISSING", "CellError", "column_of_texts", "parsed"]

MISSING = ("", "?", "na", "n/a", "nan", "null")
"""What a cell that holds nothing is written as, in small letters; capitals are read alike."""

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_CODE = re.compile(r"[+-]?0[0-9]+")  # 00501 is a name made of digits: its zeros are part of it
_ALMOST_ALL = 0.9
_MOST_WHOLE = 2**53  # beyond, float64 cannot tell neighbours apart


class CellError(ValueError):
    """A cell that cannot be meant: its row from 0, and the words behind its place."""

    def __init__(self, row: int, words: str) -> None:
        super().__init__(words)
        self.row, self.words = row, words


def column_of_texts(
    name: str, texts: Sequence[str], missing: Sequence[str], as_texts: bool = False
) -> RawColumn:
    """(N,) cells as they are written -> numbers if all that are known are numbers, else texts.

    Spaces around a cell belong to the file. Raises CellError where nearly all cells are numbers
    and one is not (that is a slip more often than a category), and for an infinite one.

    >>> column_of_texts("age", ["31", "?", " 4"], MISSING).dtype
    'int64'
    """
    index: dict[str, int] = {}
    # Each word is looked at once, however many cells hold it.
    codes = np.array([index.setdefault(text, len(index)) for text in texts], dtype=np.int64)
    words = [text.strip() for text in index]
    marks = set(missing)
    is_mark = np.array([word.lower() in marks for word in words], dtype=bool)
    cells, unknown = np.array(words, dtype=object)[codes], is_mark[codes]
    if as_texts or is_mark.all():
        return RawColumn(name, cells, unknown, "string")
    known = [word for word, mark in zip(words, is_mark, strict=True) if not mark]
    numbers = [0.0 if mark else parsed(w) for w, mark in zip(words, is_mark, strict=True)]
    wrong = np.array([number is None for number in numbers], dtype=bool)
    if wrong.any() or any(_CODE.fullmatch(word) for word in known):
        _check_slip(cells, unknown, wrong[codes])
        return RawColumn(name, cells, unknown, "string")
    values = np.array(numbers, dtype=np.float64)
    infinite = ~np.isfinite(values)[codes]
    if infinite.any():
        row = int(infinite.argmax())
        raise CellError(row, f'holds "{shortened(cells[row])}"; expected a finite number.')
    if all(_WHOLE.fullmatch(word) for word in known) and np.abs(values).max() < _MOST_WHOLE:
        return RawColumn(name, values.astype(np.int64)[codes], unknown, "int64")
    return RawColumn(name, values[codes], unknown, "double")


def parsed(text: str) -> float | None:
    """A cell -> its number, None where it is none (Python reads 1_000; a file hardly means it).

    >>> parsed("2e3"), parsed("1_000"), parsed("two")
    (2000.0, None, None)
    """
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _check_slip(cells: np.ndarray, unknown: np.ndarray, wrong: np.ndarray) -> None:
    """(N,) cells, which are missing, which are no numbers -> (), or CellError for the first."""
    count, known = int(wrong.sum()), int((~unknown).sum())
    if 0 < count < (1 - _ALMOST_ALL) * known:
        row = int(wrong.argmax())
        raise CellError(
            row,
            f'holds "{shortened(cells[row])}", but {known - count:,} of the {known:,} known cells '
            "of this column are numbers; expected a number, a mark of a missing value (--missing), "
            "or a schema in which the column is categorical.",
        )
