"""One scalar of a table: what it is called, what it can be, and how its file writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from arden.data.schema_checks import check_choice, check_distinct, check_positive
from arden.errors import InputError

__all__ = ["COLUMN_KINDS", "OTHER", "Column", "LeftOut", "Level"]

COLUMN_KINDS = ("binary", "categorical", "ordinal", "integer", "real", "constant")

OTHER = "(other)"
"""The level that stands for all texts which a column has no level for."""

_WHOLE_TYPES = ("int", "uint")

Level = str | bool | int | float
"""A value as its file writes it."""


@dataclass(frozen=True)
class Column:
    """One scalar of a table: its name, its kind and, unless it is real, its levels 0..K-1.

    A column read from a table of its own kind also says what stands for level k: ``levels[k]``, or
    the whole number ``low`` + k. ``dtype`` is the type its source gave it, as Arrow calls it, and
    ``decimals`` how many a real number is written with: so that rows can be given back as they
    came. ``note`` says why the column was read so.

    >>> sex = Column("sex", "binary", 2, levels=("Female", "Male"), dtype="string")
    >>> sex.range_in_words, Column("age", "integer", 91, low=0, dtype="int64").range_in_words
    ('Female, Male', '0..90')
    """

    name: str
    kind: str
    num_symbols: int | None = None
    levels: tuple[Level, ...] = ()
    low: int | None = None
    decimals: int | None = None
    dtype: str = ""
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InputError(f"Column.name must be a non-empty text, got {self.name!r}.")
        check_choice("Column.kind", self.kind, COLUMN_KINDS)
        self._check_levels()
        what = f'Column.num_symbols of "{self.name}"'
        if self.kind == "real":
            if self.num_symbols is not None:
                raise InputError(f"{what} must be None (the kind is real), got {self.num_symbols}.")
        else:
            check_positive(what, self.num_symbols)
            for kind, count in (("binary", 2), ("constant", 1)):
                if self.kind == kind and self.num_symbols != count:
                    raise InputError(
                        f"{what} must be {count} (the kind is {kind}), got {self.num_symbols}."
                    )
        for name in ("low", "decimals"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
                raise InputError(
                    f'Column.{name} of "{self.name}" must be a whole number, got {value!r}.'
                )

    def _check_levels(self) -> None:
        what = f'Column.levels of "{self.name}"'
        if not isinstance(self.levels, Sequence) or isinstance(self.levels, str):
            raise InputError(f"{what} must be a list, got {self.levels!r}.")
        object.__setattr__(self, "levels", tuple(self.levels))  # lists come from JSON and TOML
        for level in self.levels:
            if not isinstance(level, (str, bool, int, float)):
                raise InputError(f"{what} must be texts or numbers, got {level!r}.")
        check_distinct(what, [str(level) for level in self.levels])
        if self.levels and (self.low is not None or len(self.levels) != self.num_symbols):
            raise InputError(
                f"{what} must be as many as num_symbols {self.num_symbols} says and stand without "
                f"low, got {len(self.levels)}."
            )

    @property
    def is_discrete(self) -> bool:
        """Whether the column takes levels 0..K-1, so that it has a probability and no density."""
        return self.kind != "real"

    @property
    def has_order(self) -> bool:
        """Whether neighbouring levels are alike, so that they may be read as numbers."""
        return self.kind in ("ordinal", "integer")

    @property
    def has_other(self) -> bool:
        """Whether the last level stands for all that has no level."""
        return bool(self.levels) and self.levels[-1] == OTHER

    @property
    def range_in_words(self) -> str:
        """Its levels or its range, for a reader; nothing for a real column."""
        if self.levels:
            return ", ".join(map(str, self.levels))
        if self.num_symbols is None:
            return ""
        low = self.low or 0
        return f"{low}..{low + self.num_symbols - 1}"

    def cell(self, number: float) -> Level:
        """A value of the model -> the cell as the column's source writes it.

        Level k becomes what it stands for, a whole number itself; a real one is rounded to the
        decimals the column was recorded with.

        >>> Column("age", "integer", 30, low=1, dtype="int64").cell(7)
        8
        """
        if self.levels:
            return self.levels[int(number)]
        if self.num_symbols is None:
            decimals = self.decimals
            # No negative zero: it is no other number, and no source writes it.
            number = (number if decimals is None else round(number, decimals)) + 0.0
            return int(number) if self.dtype.startswith(_WHOLE_TYPES) else number
        whole = int(number) + (self.low or 0)
        return float(whole) if self.dtype in ("double", "float") else whole

    @property
    def level_names(self) -> list[str]:
        """What its levels stand for, as the source writes it; none of a real column.

        >>> Column("sex", "binary", 2, levels=("Female", "Male"), dtype="string").level_names
        ['Female', 'Male']
        >>> Column("rank", "integer", 3, low=1, dtype="int64").level_names
        ['1', '2', '3']
        """
        return [str(self.cell(level)) for level in range(self.num_symbols or 0)]

    def to_dict(self) -> dict[str, Any]:
        """Nothing -> a dictionary that JSON can hold; what was left as it is by default is not in
        it, except for the first three fields."""
        told = asdict(self)
        always = ("name", "kind", "num_symbols")
        defaults = {item.name: item.default for item in fields(self) if item.default is not MISSING}
        kept = {n: v for n, v in told.items() if n in always or v != defaults[n]}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in kept.items()}


@dataclass(frozen=True)
class LeftOut:
    """A column of a table that is no variable of the model, and why."""

    name: str
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InputError(f"LeftOut.name must be a non-empty text, got {self.name!r}.")
