"""Rows drawn under conditions, written as the rows the model was fitted to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import numpy as np
from torch import Tensor

from arden.cli.outputs import write_columns
from arden.data import Schema
from arden.data.schema import default_column_name
from arden.tasks.regions import Allowed

__all__ = ["both_conditions", "write_rows"]


def both_conditions(one: Mapping[int, Allowed], other: Mapping[int, Allowed]) -> dict[int, Allowed]:
    """Two sets of conditions -> what must hold for both to hold."""
    both: dict[int, Allowed] = dict(one)
    for dim, allowed in other.items():
        before = both.get(dim)
        if isinstance(before, tuple) and isinstance(allowed, tuple):
            low, high = max(before[0], allowed[0]), min(before[1], allowed[1])
            both[dim] = (low, max(low, high))
        elif before is not None:
            levels = set(cast(Iterable[int], allowed))
            both[dim] = {level for level in cast(Iterable[int], before) if level in levels}
        else:
            both[dim] = allowed
    return both


def write_rows(values: Tensor, schema: Schema, out: Path) -> None:
    """(N, *event), the schema, a path -> (): an .npz holds x, a .csv a line for each row."""
    cells = values.to(schema.dtype)
    if out.suffix == ".npz":
        write_columns(out, {"x": cells.numpy()})
        return
    flat = cells.flatten(1).numpy()
    names = [column.name for column in schema.columns]
    names = names or [default_column_name(place) for place in range(flat.shape[1])]
    write_columns(out, dict(zip(names, np.moveaxis(flat, 1, 0), strict=True)))
