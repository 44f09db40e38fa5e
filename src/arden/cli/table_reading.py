"""How a command is told to read a table: the options they share, under one heading of the help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["TableReading"]


@dataclass(frozen=True)
class TableReading:
    """How a table is read column by column (.csv with names, .parquet)."""

    schema: Path | None = None
    """A .toml that says what each column is, as arden data FILE --schema-out writes it."""
    missing: tuple[str, ...] = ()
    """A word that a cell that holds nothing is written as; repeat the option. An empty cell, ?, NA,
    N/A, NaN and null when not given."""
    unseen: Literal["refuse", "other"] = "refuse"
    """Words that no training row holds: refused, or one level reserved for all of them."""
    complete_rows: bool = False
    """Leave out the rows that have a missing cell; they are counted."""

    def words(self) -> dict[str, Any]:
        """() -> the same as `load_data` takes it."""
        return {
            "schema": self.schema,
            "missing": self.missing or None,
            "unseen": self.unseen,
            "complete_rows": self.complete_rows,
        }
