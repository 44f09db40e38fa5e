"""The rows of a request, as JSON or Arrow gave them -> tensors that can share a pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from arden.data import Schema, Split
from arden.data.plain_rows import plain_beginnings, plain_documents, plain_rows
from arden.data.readers.arrow_table import is_frame, table_of_frame
from arden.data.scoring_rows import rows_of_table
from arden.errors import InputError

__all__ = ["Joined", "Read", "join", "read_partial", "read_whole"]

TEXT, VALUES = "text", "x"
"""What the one column of an Arrow table is called that holds texts, or whole events as lists."""


@dataclass(frozen=True, eq=False)
class Read:
    """``rows`` of a request: M events, the document of each where documents are longer."""

    rows: Split
    document: Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Joined:
    """The events of several requests, one after another; ``counts`` says how many are of each."""

    values: Tensor
    observed: Tensor | None
    scored: Tensor | None
    context: Tensor | None
    counts: list[int]


def read_whole(given: Any, schema: Schema) -> Read:
    """Rows as plain values or an Arrow table -> events that are to be judged."""
    if is_frame(given):
        if schema.by_column:
            return Read(rows_of_table(table_of_frame(given, "rows", schema.missing), schema))
        given = _plain(given, schema)
    if schema.is_sequence:
        return Read(*plain_documents(given, schema))
    return Read(plain_rows(given, schema))


def read_partial(given: Any, schema: Schema) -> Read:
    """The same of events that are to be completed: of strings, texts and sounds, beginnings."""
    if schema.kind not in ("strings", "text", "audio"):
        return read_whole(given, schema)
    return Read(plain_beginnings(_plain(given, schema) if is_frame(given) else given, schema))


def join(parts: Sequence[Read], contexts: Sequence[Tensor | None], end: int | None) -> Joined:
    """The rows of several requests, their contexts, the symbol that ends strings -> one batch."""
    splits = [part.rows for part in parts]
    longest = max(split.values.shape[1] for split in splits) if end is not None else 0

    def stacked(tensors: list[Tensor], fill: float) -> Tensor:
        if end is not None:
            room = ((0, longest - tensor.shape[1]) for tensor in tensors)
            pairs = zip(tensors, room, strict=True)
            tensors = [torch.nn.functional.pad(t, r, value=fill) for t, r in pairs]
        return torch.cat(tensors)

    def masks(name: str) -> Tensor | None:
        found = [getattr(split, name) for split in splits]
        if all(mask is None for mask in found):
            return None
        pairs = zip(found, splits, strict=True)
        all_true = [
            torch.ones_like(s.values, dtype=torch.bool) if m is None else m for m, s in pairs
        ]
        return stacked(all_true, 0)

    known = [context for context in contexts if context is not None]
    return Joined(
        stacked([split.values for split in splits], end or 0),
        masks("observed"),
        masks("scored"),
        torch.cat(known) if known else None,
        [len(split) for split in splits],
    )


def _plain(table: Any, schema: Schema) -> Any:
    """An Arrow table -> its rows as plain values."""
    import pyarrow

    table = pyarrow.table(table)
    if schema.kind == "table":
        return table.to_pylist()
    wanted = TEXT if schema.kind in ("strings", "text") else VALUES
    if table.column_names != [wanted]:
        raise InputError(
            f'rows: expected one Arrow column called "{wanted}", '
            f"got {', '.join(table.column_names) or 'none'}"
        )
    column = table.column(wanted).combine_chunks()
    whole = not schema.is_sequence and not column.null_count
    if whole and pyarrow.types.is_fixed_size_list(column.type):
        flat = column.flatten()
        numeric = pyarrow.types.is_integer(flat.type) or pyarrow.types.is_floating(flat.type)
        if numeric and not flat.null_count:
            return flat.to_numpy().reshape(len(column), column.type.list_size)
    return column.to_pylist()
