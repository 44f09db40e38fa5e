"""What a column of a table is, told from its cells as they pass by."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from arden.data.column import Column, LeftOut
from arden.data.raw import RawColumn
from arden.data.table_kinds import decimals_of, kind_of
from arden.errors import InputError

__all__ = ["ColumnSoFar"]

_MOST_KEPT = 4096
"""Different cells of a column that are told apart: far more than any rule of `kind_of` asks for."""
_COPIES = 64
_OFTEN_ENOUGH = 2


class ColumnSoFar:
    """The cells of one column, piece by piece; of all of them, what `kind_of` decides by.

    >>> column = ColumnSoFar("grade")
    >>> for cells in ([1, 2, 2], [3, 1, 3]):
    ...     raw = RawColumn("grade", np.array(cells), np.zeros(3, dtype=bool), "int64")
    ...     column.add(raw, np.ones(3, dtype=bool), "a file")
    >>> column.kind().range_in_words
    '1, 2, 3'
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: RawColumn | None = None
        self._where = ""
        self._known = 0
        self._any_missing = False
        self._words: Counter[str] = Counter()
        self._trained: Counter[str] = Counter()
        self._values = np.empty(0)
        self._more = False
        """Whether there are more different cells than are kept."""
        self._ends: tuple[float, float] | None = None
        self._fraction: float | None = None
        self._decimals: int | None = 0
        self._last: float | None = None
        self._in_order = True

    def add(self, raw: RawColumn, trained: np.ndarray, where: str) -> None:
        """n cells, (n,) bool: those of training rows, what file they are of -> ().

        Raises InputError for a column that another file gives another type.
        """
        known = ~raw.missing
        self._any_missing |= bool(raw.missing.any())
        if not raw.refusal and not known.any() and self._first is not None:
            return  # a piece that holds nothing tells nothing, whatever type its file gave it
        self._check_type(raw, where)
        cells = raw.cells[known]
        self._known += len(cells)
        if raw.refusal or not len(cells):
            return
        if raw.is_text:
            self._add_words(cells, raw.cells[known & trained])
        else:
            self._add_numbers(cells)

    def kind(self, unseen: str = "refuse") -> Column | LeftOut:
        """How words without a level are taken -> what the column is, as `kind_of` says it."""
        first = self._first
        if first is None or not self._known or first.refusal:
            cells = np.full(1, "", dtype=object)
            refusal = first.refusal if first else ""
            raw = RawColumn(self._name, cells, np.ones(1, dtype=bool), "", refusal=refusal)
            return kind_of(raw, np.ones(1, dtype=bool), unseen)
        cells, trained = self._few_words() if first.is_text else self._few_numbers()
        missing = np.zeros(len(cells), dtype=bool)
        if self._any_missing:
            cells = np.append(cells, cells[:1])
            missing, trained = np.append(missing, True), np.append(trained, False)
        few = replace(first, cells=cells, missing=missing)
        return self._with_what_few_cannot_tell(kind_of(few, trained, unseen))

    def _check_type(self, raw: RawColumn, where: str) -> None:
        first = self._first
        if first is None or not self._known:
            self._first, self._where = raw, where
            return
        if (raw.is_text, raw.cells.dtype.kind) != (first.is_text, first.cells.dtype.kind):
            raise InputError(
                f'column "{self._name}": expected {first.dtype} as in {self._where}, '
                f"got {raw.dtype} in {where}."
            )
        if raw.levels != first.levels:
            raise InputError(
                f'column "{self._name}": its categories have another order in {where} than in '
                f"{self._where}."
            )

    def _add_words(self, cells: np.ndarray, trained: np.ndarray) -> None:
        for count, found in ((self._words, cells), (self._trained, trained)):
            count.update(found.tolist())
        if len(self._words) > _MOST_KEPT:
            self._more = True
            self._words = Counter(dict(self._words.most_common(_MOST_KEPT)))
            self._trained = Counter({w: self._trained[w] for w in self._words})

    def _add_numbers(self, cells: np.ndarray) -> None:
        low, high = self._ends or (cells[0], cells[0])
        self._ends = (min(low, cells.min()), max(high, cells.max()))
        together = np.union1d(self._values.astype(cells.dtype), cells)
        self._more |= len(together) > _MOST_KEPT
        self._values = together[:_MOST_KEPT]
        if cells.dtype.kind == "f":
            parts = cells[cells != np.floor(cells)]
            if len(parts) and self._fraction is None:
                self._fraction = parts[0]
            here = decimals_of(cells)
            both = (self._decimals, here)
            self._decimals = None if None in both else max(d for d in both if d is not None)
        if cells.dtype.kind in "iu":
            before = [] if self._last is None else [self._last]
            self._in_order &= bool((np.diff(np.append(before, cells)) == 1).all())
        self._last = cells[-1]

    def _few_words(self) -> tuple[np.ndarray, np.ndarray]:
        """() -> cells with the same words, as often as rules can tell; which are trained on."""
        cells: list[str] = []
        trained: list[bool] = []
        for word in self._words:
            times = min(self._trained[word], _OFTEN_ENOUGH)
            cells += [word] * max(times, 1)
            trained += [True] * times if times else [False]
        often = self._words.most_common(1)[0][0]
        more = min(self._known, _COPIES * len(self._words)) - len(cells)
        cells += [often] * more
        return np.array(cells, dtype=object), np.array(trained + [False] * more, dtype=bool)

    def _few_numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """() -> cells that have the same values, ends, fractions and order; all trained on."""
        assert self._ends is not None
        kept = self._values
        if kept.dtype != bool:
            parts = [] if self._fraction is None else [self._fraction]
            kept = np.union1d(kept, np.array([*self._ends, *parts], dtype=kept.dtype))
        if kept.dtype.kind in "iu" and self._in_order and self._known > 1:
            cells = np.arange(int(self._ends[0]), int(self._ends[0]) + len(kept))
        else:
            # As many cells as there were, if that is not many; falling, for they do not count rows.
            more = min(self._known, _COPIES * len(kept)) - len(kept)
            cells = np.append(np.full(max(more, 0), kept[-1]), kept[::-1])
        return cells, np.ones(len(cells), dtype=bool)

    def _with_what_few_cannot_tell(self, found: Column | LeftOut) -> Column | LeftOut:
        if isinstance(found, Column) and found.kind == "real" and self._fraction is not None:
            found = replace(found, decimals=self._decimals)
        if not self._more:
            return found
        note = found.note
        for told in (f"{_MOST_KEPT:,} ", f"{_MOST_KEPT + 1:,} ", f"{_MOST_KEPT + 2:,} "):
            note = note.replace(told, f"more than {_MOST_KEPT:,} ", 1)
        return replace(found, note=note)
