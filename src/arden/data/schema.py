"""What an event is: its shape, its columns, its levels. No values, no weights, no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arden.data.column import COLUMN_KINDS, Column, LeftOut
from arden.data.schema_checks import check_choice, check_distinct, check_keys, check_positive
from arden.errors import InputError

if TYPE_CHECKING:
    import torch

__all__ = ["COLUMN_KINDS", "EVENT_KINDS", "Column", "Schema", "default_column_name"]

EVENT_KINDS = ("image", "table", "text", "audio", "strings")
_AXES = {"image": (2, 3), "table": (1,), "text": (1,), "audio": (1,), "strings": (1,)}
_TUPLES = ("event_shape", "columns", "class_names", "symbols", "missing", "left_out")
END = "\n"
"""The character that ends a string, as it ends its line."""
MOST_SYMBOLS_IN_A_BYTE = 256


def default_column_name(index: int) -> str:
    """A position counted from 0 -> the name of a column that came without one.

    >>> default_column_name(3)
    'x3'
    """
    return f"x{index}"


@dataclass(frozen=True)
class Schema:
    """The shape and the support of one event; stored with every model and checked at every door.

    `event_shape` is (H, W) or channel-last (H, W, C) for images, (D,) for tables. `num_symbols` is
    the common number of levels K when every scalar is discrete with one K, and None when values
    are real or columns differ. A table made without columns gets x0, x1, ... of one kind.

    Texts and sounds are longer than any event: theirs is a window of (W,) symbols, and a document
    is scored in windows `stride` symbols apart. `symbols` are the characters that levels 0..K-1 of
    a text stand for, `sample_rate` is what the samples of a sound were taken at, per second.

    Strings have any length: each ends at the line end "\\n", one of their `symbols` that belongs to
    it and is scored; what follows is padding. `event_shape` is (L,), the longest training string.

    A table read column by column speaks of its file's own values (`by_column`): its columns know
    what their levels stand for, `missing` are the texts of a cell that holds nothing, in small
    letters, and `left_out` the columns of the file that are no variables of the model.

    >>> Schema("image", (8, 8), num_symbols=2).num_variables
    64
    >>> [column.kind for column in Schema("table", (2,)).columns]
    ['real', 'real']
    """

    kind: str
    event_shape: tuple[int, ...]
    num_symbols: int | None = None
    columns: tuple[Column, ...] = ()
    class_names: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sample_rate: int | None = None
    stride: int | None = None
    missing: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        for field in _TUPLES:
            value = getattr(self, field)
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise InputError(f"Schema.{field} must be a tuple, got {value!r}.")
            object.__setattr__(self, field, tuple(value))  # lists come from JSON
        check_choice("Schema.kind", self.kind, EVENT_KINDS)
        axes = _AXES[self.kind]
        if len(self.event_shape) not in axes:
            wanted = " or ".join(str(number) for number in axes)
            raise InputError(
                f"Schema.event_shape of kind {self.kind} must have {wanted} axes, "
                f"got {self.event_shape}."
            )
        for size in self.event_shape:
            check_positive(f"each size in Schema.event_shape {self.event_shape}", size)
        if self.num_symbols is not None:
            check_positive("Schema.num_symbols", self.num_symbols)
        if self.kind == "table":
            self._settle_columns()
        elif self.columns:
            raise InputError(
                f"Schema.columns must be empty for kind {self.kind}, got {len(self.columns)}."
            )
        for name in self.class_names:
            if not isinstance(name, str):
                raise InputError(f"Schema.class_names must be texts, got {name!r}.")
        check_distinct("Schema.class_names", self.class_names)
        self._check_sequence()

    def _check_sequence(self) -> None:
        """What only texts and sounds have."""
        for field, kinds in (
            ("symbols", ("text", "strings")),
            ("sample_rate", ("audio",)),
            ("stride", ("text", "audio")),
            ("missing", ("table",)),
            ("left_out", ("table",)),
        ):
            if getattr(self, field) not in ((), None) and self.kind not in kinds:
                raise InputError(f"Schema.{field} must be left out for kind {self.kind}.")
        if self.symbols:
            for symbol in self.symbols:
                if not isinstance(symbol, str) or len(symbol) != 1:
                    raise InputError(f"Schema.symbols must be single characters, got {symbol!r}.")
            check_distinct("Schema.symbols", self.symbols)
            if len(self.symbols) != self.num_symbols:
                raise InputError(
                    f"Schema.symbols must be as many as num_symbols {self.num_symbols} says, "
                    f"got {len(self.symbols)}."
                )
        if self.kind == "strings" and END not in self.symbols:
            raise InputError(
                "Schema.symbols of kind strings must hold the line end that ends a string, "
                f"got {len(self.symbols)} others."
            )
        if self.sample_rate is not None:
            check_positive("Schema.sample_rate", self.sample_rate)
        if self.stride is not None:
            check_positive("Schema.stride", self.stride)
            if 2 * self.stride > self.event_shape[0]:
                raise InputError(
                    f"Schema.stride must be at most half the window of {self.event_shape[0]}, "
                    f"got {self.stride}."
                )

    def _settle_columns(self) -> None:
        if not self.columns:
            kind = {None: "real", 2: "binary"}.get(self.num_symbols, "integer")
            names = map(default_column_name, range(self.event_shape[0]))
            columns = tuple(Column(name, kind, self.num_symbols) for name in names)
            object.__setattr__(self, "columns", columns)
        for column in self.columns:
            if not isinstance(column, Column):
                raise InputError(f"Schema.columns must hold Column objects, got {column!r}.")
        if (len(self.columns),) != self.event_shape:
            raise InputError(
                f"Schema.columns must be as many as event_shape {self.event_shape} says, "
                f"got {len(self.columns)}."
            )
        own = [column.name for column in self.columns]
        check_distinct("Schema.columns", [*own, *(column.name for column in self.left_out)])
        levels = {column.num_symbols for column in self.columns}
        common = levels.pop() if len(levels) == 1 else None
        if self.num_symbols != common:
            raise InputError(
                f"Schema.num_symbols must be {common} to agree with its columns, "
                f"got {self.num_symbols}."
            )

    @property
    def is_sequence(self) -> bool:
        """Whether an event is a window of something longer: a text or a sound."""
        return self.kind in ("text", "audio")

    @property
    def by_column(self) -> bool:
        """Whether the columns know how their source writes their values."""
        return any(column.dtype for column in self.columns)

    @property
    def unit(self) -> str:
        """What a figure is a mean over: "row", "string", or "symbol" of a long sequence."""
        return "symbol" if self.is_sequence else "string" if self.kind == "strings" else "row"

    @property
    def end(self) -> int | None:
        """The symbol that ends an event of kind strings; None where all have one length."""
        return self.symbols.index(END) if self.kind == "strings" else None

    @property
    def num_variables(self) -> int:
        """D: the number of scalars of one event; of strings, of the longest they were made of."""
        return math.prod(self.event_shape)

    @property
    def is_discrete(self) -> bool:
        """Whether every scalar takes levels 0..K-1, so that events have probabilities."""
        if self.columns:
            return all(column.is_discrete for column in self.columns)
        return self.num_symbols is not None

    @property
    def levels(self) -> tuple[int | None, ...]:
        """The number of levels of each scalar in event order, (D,); None where it is real."""
        if self.columns:
            return tuple(column.num_symbols for column in self.columns)
        return (self.num_symbols,) * self.num_variables

    @property
    def dtype(self) -> torch.dtype:
        """How values are kept: uint8 for up to 256 levels, int64 beyond, float64 for reals."""
        import torch

        if not self.is_discrete:
            return torch.float64
        most = max(level for level in self.levels if level is not None)
        return torch.uint8 if most <= MOST_SYMBOLS_IN_A_BYTE else torch.int64

    def validate(
        self,
        values: torch.Tensor,
        observed: torch.Tensor | None = None,
        name: str = "data",
        lines: Sequence[int] | None = None,
    ) -> None:
        """(N, *event), (N, *event) bool -> nothing; raises InputError at the first bad value.

        Wrong shapes, NaN, infinities, levels outside 0..K-1 and fractions in a discrete column
        are named by row and column. Values that are not `observed` may be anything. `lines` are
        the lines of a text file the rows came from, for the message.

        >>> import torch
        >>> Schema("table", (2,), num_symbols=2).validate(torch.tensor([[0, 1], [7, 0]]))
        Traceback (most recent call last):
        arden.errors.InputError: data: row 1, column 0 (counted from 0) holds 7; expected 0 or 1.
        """
        from arden.data.validation import check_values

        check_values(self, values, observed, name, lines)

    def to_dict(self) -> dict[str, Any]:
        """Nothing -> a dictionary that JSON can hold and `from_dict` reads.

        >>> Schema("image", (8, 8), 2).to_dict()["event_shape"]
        [8, 8]
        """
        told: dict[str, Any] = {
            "kind": self.kind,
            "event_shape": list(self.event_shape),
            "num_symbols": self.num_symbols,
            "columns": [column.to_dict() for column in self.columns],
            "class_names": list(self.class_names),
            "symbols": list(self.symbols),
            "sample_rate": self.sample_rate,
            "stride": self.stride,
        }
        if self.by_column:
            told["missing"] = list(self.missing)
            told["left_out"] = [{"name": one.name, "note": one.note} for one in self.left_out]
        return told

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Schema:
        """The dictionary of `to_dict` -> the schema; raises InputError on anything else.

        What an older version did not write may be missing.

        >>> schema = Schema("table", (3,), num_symbols=4)
        >>> Schema.from_dict(schema.to_dict()) == schema
        True
        """
        check_keys("schema", saved, ("kind", "event_shape", "num_symbols"), cls)
        columns = saved.get("columns", ())
        if not isinstance(columns, (list, tuple)):
            raise InputError(f"schema.columns must be a list, got {columns!r}.")
        for index, column in enumerate(columns):
            check_keys(f"schema.columns[{index}]", column, ("name", "kind"), Column)
        # JSON has lists only; anything else is left for the constructor to refuse.
        tuples = {key: tuple(value) for key, value in saved.items() if isinstance(value, list)}
        tuples["columns"] = tuple(Column(**column) for column in columns)
        left_out = saved.get("left_out", ())
        for index, one in enumerate(left_out):
            check_keys(f"schema.left_out[{index}]", one, ("name",), LeftOut)
        tuples["left_out"] = tuple(LeftOut(**one) for one in left_out)
        return cls(**{**saved, **tuples})
