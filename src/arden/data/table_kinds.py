"""What a column of a table is: binary, categorical, ordinal, integer, real, constant, or no
variable at all; by fixed rules, each with its reason."""

from __future__ import annotations

import numpy as np

from arden.data.column import OTHER, Column, LeftOut, Level
from arden.data.raw import RawColumn

__all__ = ["decimals_of", "kind_of"]

MOST_CATEGORIES = 256
"""More words than this are a text, not a choice: left out unless a schema says otherwise."""
MOST_ORDINAL = 32
"""Whole numbers of at most so long a range are levels of their own."""
MOST_GRID = 2**20
"""Whole numbers of a longer range are measured as real ones."""
_FEW_VALUES, _OFTEN = 20, 20
_LEAST_COUNTED = 20
_MOST_DECIMALS = 12


def kind_of(raw: RawColumn, train: np.ndarray, unseen: str = "refuse") -> Column | LeftOut:
    """A column, (N,) bool: its training rows -> what it is.

    Levels are those of all rows. With ``unseen`` "other" they are the words of at least two
    training rows, and one more stands for all others: words that come once tell how often one
    comes that never came before (Good, "The population frequencies of species", 1953).
    """
    if raw.refusal:
        return LeftOut(raw.name, raw.refusal)
    known = ~raw.missing
    if not known.any():
        return LeftOut(raw.name, "no cell is known")
    cells = raw.cells[known]
    if raw.is_text:
        return _of_words(raw, cells, raw.cells[known & train], unseen)
    return _of_numbers(raw, cells)


def _of_words(
    raw: RawColumn, cells: np.ndarray, trained: np.ndarray, unseen: str
) -> Column | LeftOut:
    words = sorted(set(cells.tolist()))
    count, total = len(words), len(cells)
    if raw.levels:  # the source has put its categories in an order
        return _levels(raw, "ordinal", raw.levels, "an order that its source gives")
    if count == 1:
        return _levels(raw, "constant", words, "one word in every row")
    if count == total and total > 2:
        return LeftOut(raw.name, f"all {total:,} cells differ: they tell rows apart, not kinds")
    if count > MOST_CATEGORIES or (count > MOST_ORDINAL and 2 * count > total):
        return LeftOut(raw.name, f"{count:,} different words: a text, not a choice")
    if unseen == "other":
        found, often = np.unique(trained.astype(str), return_counts=True)
        kept = [str(word) for word, times in zip(found, often, strict=True) if times > 1]
        note = f"{len(kept)} words of at least two training rows, one more for any other"
        return _levels(raw, "categorical", [*kept, OTHER], note)
    if count == 2:
        return _levels(raw, "binary", words, "two words")
    return _levels(raw, "categorical", words, f"{count} words")


def _of_numbers(raw: RawColumn, cells: np.ndarray) -> Column | LeftOut:
    different = np.unique(cells)
    if cells.dtype == bool:
        kind = "binary" if len(different) == 2 else "constant"
        return _levels(raw, kind, [bool(value) for value in different], "true or false")
    whole = bool((cells == np.floor(cells)).all())
    values: list[Level] = [_plain(value, raw) for value in different.tolist()]
    if len(values) == 1:
        return _levels(raw, "constant", values, "one number in every row")
    if len(values) == 2:
        return _levels(raw, "binary", values, "two numbers")
    if not whole:
        if len(values) <= _FEW_VALUES and len(cells) >= _OFTEN * len(values):
            return _levels(raw, "ordinal", values, f"{len(values)} numbers, each many times")
        return Column(
            raw.name, "real", decimals=decimals_of(cells), dtype=raw.dtype, note=_spread(cells)
        )
    low, high = int(different[0]), int(different[-1])
    if _counts_rows(raw):
        return LeftOut(raw.name, "it numbers the rows")
    if high - low < MOST_ORDINAL:
        levels = [_plain(value, raw) for value in range(low, high + 1)]
        return _levels(raw, "ordinal", levels, f"whole numbers {low}..{high}")
    # Room for what was not seen yet: as far again as what was, but not below zero without need.
    width = high - low
    least, most = max(low - width, 0) if low >= 0 else low - width, high + width
    told = f"{len(different):,} whole numbers {low}..{high}"
    if most - least + 1 > MOST_GRID:
        return Column(
            raw.name, "real", decimals=0, dtype=raw.dtype, note=f"{told}, too many for a mass each"
        )
    return Column(
        raw.name, "integer", most - least + 1, low=least, dtype=raw.dtype, note=f"{told} and room"
    )


def _levels(raw: RawColumn, kind: str, levels: list[Level] | tuple[str, ...], note: str) -> Column:
    if len(levels) == 1:
        kind = "constant"
    return Column(raw.name, kind, len(levels), tuple(levels), dtype=raw.dtype, note=note)


def _plain(value: float, raw: RawColumn) -> Level:
    """A number -> as its source writes it: whole numbers of a column of reals stay reals."""
    return int(value) if raw.cells.dtype.kind in "iu" else float(value)


def _counts_rows(raw: RawColumn) -> bool:
    cells = raw.cells
    return (
        len(cells) >= _LEAST_COUNTED
        and not raw.missing.any()
        and cells.dtype.kind in "iu"
        and bool((np.diff(cells) == 1).all())
    )


def decimals_of(cells: np.ndarray) -> int | None:
    """(N,) -> the fewest decimals that write all of them as they are, None when there are many."""
    for decimals in range(_MOST_DECIMALS + 1):
        if (np.round(cells, decimals) == cells).all():
            return decimals
    return None


def _spread(cells: np.ndarray) -> str:
    return f"numbers {cells.min():.6g} … {cells.max():.6g}"
