"""A table whose columns have types of their own -> a data set, under a schema that is inferred or
given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from arden.data.column import Column, LeftOut
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.encoding import encode
from arden.data.labels import class_names_of, encode_labels
from arden.data.raw import RawTable
from arden.data.schema import Schema
from arden.data.splits import SPLIT_SEED, three_way_split
from arden.data.table_kinds import kind_of
from arden.errors import InputError

__all__ = [
    "UNSEEN",
    "infer_table",
    "schema_of",
    "schema_of_kinds",
    "split_of",
    "table_protocol",
]

UNSEEN = ("refuse", "other")


def infer_table(
    table: RawTable,
    seed: int = SPLIT_SEED,
    schema: Schema | None = None,
    unseen: str = "refuse",
    labels: Any = None,
) -> Dataset:
    """A table -> a Dataset, split 80/10/10 by `seed`; its columns by `kind_of`, or by `schema`.

    ``labels`` (N,) are the classes of its rows.
    """
    pieces = three_way_split(len(table), seed, table.name)
    how = f"by numpy default_rng({seed}).permutation"
    return dataset_of(
        table, dict(zip(SPLIT_NAMES, pieces, strict=True)), how, schema, unseen, labels=labels
    )


def dataset_of(
    table: RawTable,
    pieces: Mapping[str, np.ndarray],
    how: str,
    schema: Schema | None = None,
    unseen: str = "refuse",
    left_out: Mapping[str, str] | None = None,
    labels: Any = None,
) -> Dataset:
    """A table, the rows of each split, the words for how -> a Dataset; as `infer_table`."""
    notes = list(table.notes)
    if schema is None:
        trained = np.zeros(len(table), dtype=bool)
        trained[pieces["train"]] = True
        schema, decided = schema_of(table, trained, unseen, left_out)
        notes += decided
    else:
        notes.append("columns by a given schema")
    codes = None
    if labels is not None:
        where = f"labels of {table.name}"
        schema = replace(schema, class_names=class_names_of([np.asarray(labels)], where))
        codes = encode_labels(np.asarray(labels), schema.class_names, len(table), where)
    values, observed = encode(table, schema)
    known = Counter(cells=observed.size, missing=int((~observed).sum()), rows=len(table))
    known["partial"] = int((~observed).any(axis=1).sum())
    sizes = "/".join(str(len(pieces[part])) for part in SPLIT_NAMES)
    protocol = table_protocol(table.name, schema, notes, known, f"split {sizes} {how}")
    splits = {part: split_of(values, observed, schema, pieces[part]) for part in SPLIT_NAMES}
    if codes is not None:
        splits = {
            part: replace(split, labels=torch.from_numpy(codes[pieces[part]]))
            for part, split in splits.items()
        }
    return Dataset(table.name, schema, **splits, protocol=protocol)


def table_protocol(
    name: str, schema: Schema, notes: Sequence[str], counts: Mapping[str, int], splitting: str
) -> str:
    """What a table is called and how it was read -> its protocol, one sentence.

    ``counts`` are those of its rows and cells, of the missing cells and the rows that have some.
    """
    kinds = Counter(column.kind for column in schema.columns)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    count = f"{schema.num_variables} column{'s' if schema.num_variables > 1 else ''}"
    about = [f"table of {count} ({listed})", *notes]
    if schema.left_out:
        told = ", ".join(
            f"{one.name} ({one.note})" if one.note else one.name for one in schema.left_out
        )
        about.append(f"no variables, left out: {told}")
    if counts["missing"]:
        about.append(
            f"{counts['missing']:,} of {counts['cells']:,} cells missing, in "
            f"{counts['partial']:,} of {counts['rows']:,} rows, kept unobserved"
        )
    return f"{name}: {'; '.join([*about, splitting])}."


def schema_of(
    table: RawTable,
    trained: np.ndarray,
    unseen: str = "refuse",
    left_out: Mapping[str, str] | None = None,
) -> tuple[Schema, list[str]]:
    """A table, (N,) bool: its training rows -> its schema, and words for what was decided.

    ``left_out`` names columns that are no variables, and why.
    """
    found: list[Column | LeftOut] = []
    for raw in table.columns:
        if left_out and raw.name in left_out:
            found.append(LeftOut(raw.name, left_out[raw.name]))
        else:
            found.append(kind_of(raw, trained, unseen))
    return schema_of_kinds(table.name, found, table.missing, unseen)


def schema_of_kinds(
    name: str,
    found: Sequence[Column | LeftOut],
    missing: Sequence[str],
    unseen: str = "refuse",
) -> tuple[Schema, list[str]]:
    """What each column of a table is -> its schema, and words for what was decided."""
    if unseen not in UNSEEN:
        raise InputError(f"unseen: expected {' or '.join(UNSEEN)}, got {unseen!r}.")
    columns = [one for one in found if isinstance(one, Column)]
    dropped = [one for one in found if isinstance(one, LeftOut)]
    if not columns:
        told = "; ".join(f"{one.name}: {one.note}" for one in dropped)
        raise InputError(f"{name}: no column is a variable ({told}).")
    notes: list[str] = []
    if unseen == "other":
        notes.append("words that no column has a level for are one level, (other)")
    return _schema(columns, dropped, missing), notes


def _schema(
    columns: Sequence[Column], left_out: Sequence[LeftOut], missing: Sequence[str]
) -> Schema:
    levels = {column.num_symbols for column in columns}
    return Schema(
        "table",
        (len(columns),),
        levels.pop() if len(levels) == 1 else None,
        tuple(columns),
        missing=tuple(missing),
        left_out=tuple(left_out),
    )


def split_of(
    values: np.ndarray, observed: np.ndarray, schema: Schema, rows: np.ndarray | slice = slice(None)
) -> Split:
    """(N, D) values, what is observed, which rows -> a Split of them, in the schema's dtype."""
    known = observed[rows]
    return Split(
        torch.tensor(values[rows], dtype=schema.dtype),
        observed=None if known.all() else torch.tensor(known),
    )
