"""The most suspicious rows and what is surprising in them, in the way of their kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from arden.data.schema import Schema
from arden.orderings.until_end import UntilEnd
from arden.plots.conditionals_map import conditionals_map
from arden.plots.sequence_surprise import sequence_surprise
from arden.plots.surprising_columns import surprising_columns

__all__ = ["suspicious_rows"]


def suspicious_rows(
    schema: Schema,
    places: Sequence[int],
    values: Sequence[Tensor],
    terms: Sequence[Tensor],
    scored: Sequence[Tensor | None],
    path: Path,
    title: str = "",
) -> Path:
    """A schema, K rows: their places, (*event) values, ln p(x_i | x_<i) -> the path.

    Images as heat maps, tables as sorted columns, texts and strings by marked characters, sounds
    as coloured waves; of windows what is ``scored``.
    """
    if schema.kind == "image":
        return conditionals_map(
            torch.stack(list(terms)), torch.stack(list(values)), path, title, schema.num_symbols
        )
    if schema.kind == "table":
        return surprising_columns(schema, places, values, terms, path, title)
    if schema.kind == "strings":
        assert schema.end is not None
        until = [UntilEnd(schema.end).valid(row[None])[0] for row in values]
    else:
        until = [
            torch.ones_like(row, dtype=torch.bool) if s is None else s
            for row, s in zip(values, scored, strict=True)
        ]
    symbols = np.concatenate([row[kept].numpy() for row, kept in zip(values, until, strict=True)])
    nats = np.concatenate(
        [-row[kept].double().numpy() for row, kept in zip(terms, until, strict=True)]
    )
    return sequence_surprise(schema, symbols, nats, path, title)
