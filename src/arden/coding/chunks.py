"""One chunk of rows through a coder, the same way in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.coding.container import MOST_SCALARS, Header, digest
from arden.coding.counts import code_counted
from arden.coding.entropy import Coder
from arden.coding.tables import LONGEST
from arden.coding.twins import Twin
from arden.coding.walks import code_document, code_events
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel

__all__ = ["Rows", "bytes_per_row", "code_chunk", "contents", "lanes_of", "most_rows"]

_LONG_TABLE_BYTES = 2**20
LARGEST_BATCH = 2**32
"""The most bytes that rows side by side may need, written or read."""


@dataclass(frozen=True)
class Rows:
    """(N, D) int64 values, (N,) labels or None, (N, D) bool observed or None (all of them)."""

    values: Tensor
    labels: Tensor | None = None
    observed: Tensor | None = None

    def take(self, rows: slice) -> Rows:
        """Which rows -> those."""
        parts = (getattr(self, field.name) for field in fields(self))
        return Rows(*(None if part is None else part[rows] for part in parts))  # type: ignore[arg-type]


def code_chunk(
    twin: Twin,
    coder: Coder,
    header: Header,
    lengths: Tensor,
    length: int,
    partly_observed: bool,
    rows: Rows | None,
) -> Rows:
    """A twin, a coder, how it is laid out, the lengths of N lanes, D, what is written -> N rows.

    Labels come first, then which values are observed, then the values, batch by batch.
    """
    count = len(lengths)
    labels = observed = None
    if header.num_classes:
        given = None if rows is None or rows.labels is None else rows.labels[:, None]
        labels = code_counted(coder, given, count, 1, header.num_classes)[:, 0]
    if partly_observed:
        given = None if rows is None or rows.observed is None else rows.observed.long()
        observed = code_counted(coder, given, count, length, 2).bool()
    batches = []
    for start in range(0, count, header.batch):
        some = slice(start, start + header.batch)
        context = None
        if labels is not None:
            context = one_hot(labels[some], header.num_classes).double()
        values = None if rows is None else rows.values[some]
        if header.stride:
            batch = code_document(
                twin, coder, values, lengths[some], length, header.stride, context
            )
            batch = torch.nn.functional.pad(batch, (0, int(lengths.max()) - batch.shape[1]))
        else:
            seen = None if observed is None or bool(observed[some].all()) else observed[some]
            size = len(lengths[some])
            batch = code_events(twin, coder, values, size, length, context, seen)
            batch = batch if seen is None else torch.where(seen, batch, 0)
        batches.append(batch)
    return Rows(torch.cat(batches), labels, observed)


def contents(rows: Rows) -> bytes:
    """Rows -> the digest of all that is in them."""
    values = rows.values.to(torch.int32).numpy().astype("<i4")
    parts = [repr(values.shape).encode(), values.tobytes()]
    for part in (rows.labels, rows.observed):
        parts.append(b"" if part is None else part.to(torch.int32).numpy().astype("<i4").tobytes())
    return digest(*parts)


def lanes_of(lengths: tuple[int, ...], lane: int) -> Iterator[tuple[int, int, int]]:
    """Lengths of documents, the longest lane -> (document, where it begins, length) of each lane.

    >>> list(lanes_of((5, 0, 2), 3))
    [(0, 0, 3), (0, 3, 2), (2, 0, 2)]
    """
    for document, length in enumerate(lengths):
        for start in range(0, length, lane):
            yield document, start, min(lane, length - start)


def most_rows(length: int) -> int:
    """D -> how many rows of as many scalars a chunk may hold."""
    return max(1, MOST_SCALARS // max(length, 1))


@torch.no_grad()
def bytes_per_row(twin: Twin, length: int) -> int:
    """A twin, D -> what one more row side by side needs: its state at the end, and its tables."""
    model = twin.model
    total = 0
    for part in model.models if isinstance(model, Mixture) else [model]:
        context = torch.zeros(1, part.context_size).double() if part.context_size else None
        more = part.order_argument(part.dims(1, length))
        _, state = part.network.start(1, context, **more)
        first = _size(state)
        feature = torch.zeros(1, part.conditional.num_features, dtype=torch.float64)
        grown = first if length < 2 else _size(part.network.step(state, feature)[1])
        total += max(first, grown) + max(0, grown - first) * length
        total += max(map(_table_bytes, _symbols_of(part)))
    return total


def _symbols_of(model: AutoregressiveModel) -> list[int]:
    """A model -> how many symbols its scalars have: one number where all have the same."""
    family = model.conditional
    if family.num_symbols is not None:
        return [family.num_symbols]
    places = torch.arange(model.ordering.num_steps or 1)
    return [family.at(place[None]).num_symbols or 1 for place in places]


def _table_bytes(num_symbols: int) -> int:
    # Of a long range two short tables are made, from all components of a mixture at once.
    return 48 * num_symbols if num_symbols <= LONGEST else _LONG_TABLE_BYTES


def _size(state: Any) -> int:
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    return sum(map(_size, state)) if isinstance(state, tuple) else 0
