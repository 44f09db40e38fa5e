"""Raw rows -> a data set: what their values are, and how they are split, by fixed rules."""

from __future__ import annotations

import numpy as np
import torch

from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.labels import class_names_of, encode_labels
from arden.data.raw import RawRows, RawSource
from arden.data.schema import Column, Schema, default_column_name
from arden.data.splits import SPLIT_SEED, hold_out, three_way_split
from arden.errors import InputError

__all__ = [
    "MOST_SYMBOLS",
    "array_schema",
    "array_split",
    "in_words",
    "infer_dataset",
    "infer_num_symbols",
]

MOST_SYMBOLS = 65536
"""More levels than this are a measurement, not a choice: a table of them would not be learnt."""


def infer_dataset(raw: RawSource, seed: int = SPLIT_SEED, discrete: bool | None = None) -> Dataset:
    """Raw rows by split -> a Dataset. A whole set is split 80/10/10 by `seed`; a given split
    without `valid` gives one training row in ten to it.

    (N, D) becomes a table, (N, H, W) and (N, H, W, C) images. `discrete` says how to read the
    values (True: levels, False: real numbers) where the rule of `infer_num_symbols` is not wanted.
    """
    _check_same_shape(raw)
    num_symbols, reading = infer_num_symbols(raw, discrete)
    labelled = {part: rows.labels for part, rows in raw.parts.items() if rows.labels is not None}
    class_names = class_names_of(labelled.values(), f"labels of {raw.name}") if labelled else ()
    event_shape = next(iter(raw.parts.values())).values.shape[1:]
    schema = array_schema(event_shape, num_symbols, raw.column_names, class_names)
    parts, splitting = _split(raw, seed)
    splits = {
        part: array_split(rows, schema, f"labels of {raw.name}") for part, rows in parts.items()
    }
    sizes = "/".join(str(len(splits[part])) for part in SPLIT_NAMES)
    about = "; ".join([in_words(schema), *raw.notes, reading, f"split {sizes} {splitting}"])
    return Dataset(raw.name, schema, **splits, protocol=f"{raw.name}: {about}.")


def infer_num_symbols(raw: RawSource, discrete: bool | None = None) -> tuple[int | None, str]:
    """Raw rows of all splits -> K or None for real numbers, and the words for it.

    Whole numbers of at least 0, whatever their dtype, are levels: K = 2 when none exceeds 1, else
    the largest value of all splits plus one. Anything else is real. NaN and infinities are refused.

    >>> infer_num_symbols(RawSource("x", {"all": RawRows(np.array([[0.0], [4.0]]))}))
    (5, 'whole numbers 0..4, so 5 levels (largest value of all splits plus one)')
    """
    all_values = [rows.values for rows in raw.parts.values()]
    for rows in raw.parts.values():
        if rows.values.dtype.kind == "f" and not np.isfinite(rows.values).all():
            _blame(raw, rows, None)
    if discrete is False:
        return None, "read as real numbers, as asked"
    if raw.num_symbols is not None:
        return raw.num_symbols, f"levels 0..{raw.num_symbols - 1}, whichever occur"
    low = min(values.min(initial=0) for values in all_values)
    if low < 0 or not all(_is_whole(values) for values in all_values):
        if discrete:
            for rows in raw.parts.values():
                _blame(raw, rows, MOST_SYMBOLS)
        return None, "real numbers" if low >= 0 else "real numbers (some are below 0)"
    high = int(max(values.max(initial=0) for values in all_values))
    if high >= MOST_SYMBOLS:
        raise InputError(
            f"{raw.name}: the largest value {high} would make {high + 1} levels; at most "
            f"{MOST_SYMBOLS} are allowed: pass discrete=False to read the values as real numbers."
        )
    if high <= 1:
        return 2, "binary, levels 0 and 1"
    reading = f"whole numbers 0..{high}, so {high + 1} levels"
    return high + 1, f"{reading} (largest value of all splits plus one)"


def _is_whole(values: np.ndarray) -> bool:
    return values.dtype.kind != "f" or bool((values == np.floor(values)).all())


def _blame(raw: RawSource, rows: RawRows, num_symbols: int | None) -> None:
    """Raises the sentence for the first value outside the support, if there is one."""
    schema = array_schema(rows.values.shape[1:], num_symbols, raw.column_names, ())
    lines = None if rows.lines is None else rows.lines.tolist()
    schema.validate(torch.tensor(rows.values), name=raw.name, lines=lines)


def array_schema(
    event_shape: tuple[int, ...],
    num_symbols: int | None,
    column_names: tuple[str, ...] | None,
    class_names: tuple[str, ...],
) -> Schema:
    """The shape of an event, K or None for reals, names -> its schema: a table's or an image's."""
    if len(event_shape) > 1:
        return Schema("image", event_shape, num_symbols, class_names=class_names)
    names = column_names or tuple(map(default_column_name, range(event_shape[0])))
    kind = {None: "real", 2: "binary"}.get(num_symbols, "integer")
    columns = tuple(Column(name, kind, num_symbols) for name in names)
    return Schema("table", event_shape, num_symbols, columns, class_names)


def _check_same_shape(raw: RawSource) -> None:
    shapes = {part: rows.values.shape[1:] for part, rows in raw.parts.items()}
    first_part, first = next(iter(shapes.items()))
    for part, shape in shapes.items():
        if shape != first:
            raise InputError(
                f"{raw.name}: all splits need events of one shape, got {first} in {first_part} "
                f"and {shape} in {part}."
            )
        if len(raw.parts[part].values) == 0:
            where = "" if part == "all" else f" in {part}"
            raise InputError(f"{raw.name}: expected at least one row{where}, got none.")


def _split(raw: RawSource, seed: int) -> tuple[dict[str, RawRows], str]:
    """Raw rows by split -> exactly train, valid and test, and the words for how."""
    parts = raw.parts
    if set(parts) == set(SPLIT_NAMES):
        return parts, "as given"
    how = f"by numpy default_rng({seed}).permutation"
    if "all" in parts:
        whole = parts["all"]
        pieces = three_way_split(len(whole.values), seed, raw.name)
        return {
            part: _take(whole, piece) for part, piece in zip(SPLIT_NAMES, pieces, strict=True)
        }, how
    train = parts["train"]
    kept, held_out = hold_out(len(train.values), seed, raw.name)
    split = {"train": _take(train, kept), "valid": _take(train, held_out), "test": parts["test"]}
    return split, f"with train and test as given, valid taken from train {how}"


def _take(rows: RawRows, index: np.ndarray) -> RawRows:
    labels = rows.labels
    if labels is not None:
        if labels.shape[:1] != rows.values.shape[:1]:
            raise InputError(
                f"labels: expected {len(rows.values)}, one a row, got shape {labels.shape}."
            )
        labels = labels[index]
    return RawRows(rows.values[index], labels)


def array_split(rows: RawRows, schema: Schema, name: str) -> Split:
    """Raw rows, their schema, what their labels are called -> a Split."""
    labels = None
    if rows.labels is not None:
        labels = torch.from_numpy(
            encode_labels(rows.labels, schema.class_names, len(rows.values), name)
        )
    # torch.tensor copies: nothing is shared with the caller, and read-only arrays do not warn.
    return Split(torch.tensor(rows.values, dtype=schema.dtype), labels)


def in_words(schema: Schema) -> str:
    """A schema of plain numbers -> what an event is, for the protocol."""
    if schema.kind == "image":
        return f"images {' x '.join(map(str, schema.event_shape))}"
    return f"table of {schema.num_variables} column{'s' if schema.num_variables > 1 else ''}"
