"""How a table is read, as a TOML file that can be looked at, changed and given back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arden.data.column import COLUMN_KINDS, Column, LeftOut, Level
from arden.data.readers.cells import MISSING
from arden.data.schema import Schema
from arden.data.schema_checks import check_choice
from arden.errors import FileError, InputError, suggestion

__all__ = ["read_schema", "schema_as_toml", "schema_from_toml"]

LEFT_OUT = "left out"
_HEAD = """\
# How a table is read: change it, and give it to `arden fit MODEL FILE --schema THIS`.
# kind: binary, categorical, ordinal, integer, real, constant, or left out (no variable).
# levels: the values of a binary, categorical, ordinal or constant column, in their order; a last
#   level "(other)" stands for every word that has none. range: the least and the greatest value an
#   integer column can hold. missing: how a cell that holds nothing is written, in small letters.
"""
_KEYS = ("name", "kind", "levels", "range", "decimals", "dtype", "note")


def schema_as_toml(schema: Schema) -> str:
    """The schema of a table -> TOML; `schema_from_toml` gives exactly the schema back.

    Raises InputError for a schema whose columns do not know how their source writes their values.
    """
    if not schema.by_column:
        raise InputError(
            "schema: expected that of a table read column by column (a .csv whose first line names "
            f"the columns, a .parquet, a data frame), got {schema.kind} rows."
        )
    lines = [_HEAD, f"missing = {_toml(list(schema.missing))}"]
    if schema.class_names:
        lines.append(f"class_names = {_toml(list(schema.class_names))}")
    for column in schema.columns:
        entry: dict[str, Any] = {"name": column.name, "kind": column.kind}
        if column.levels:
            entry["levels"] = list(column.levels)
        elif column.num_symbols is not None:
            low = column.low or 0
            entry["range"] = [low, low + column.num_symbols - 1]
        entry |= {} if column.decimals is None else {"decimals": column.decimals}
        entry["dtype"] = column.dtype
        entry |= {"note": column.note} if column.note else {}
        lines += ["", "[[column]]", *(f"{key} = {_toml(value)}" for key, value in entry.items())]
    for one in schema.left_out:
        lines += ["", "[[column]]", f"name = {_toml(one.name)}", f"kind = {_toml(LEFT_OUT)}"]
        lines += [f"note = {_toml(one.note)}"] if one.note else []
    return "\n".join(lines) + "\n"


def read_schema(path: str | Path) -> Schema:
    """A .toml file -> the schema in it; FileError, InputError name what is wrong in it."""
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FileError(f"{path}: expected a text file in UTF-8, got other bytes.") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None
    try:
        return schema_from_toml(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def schema_from_toml(text: str) -> Schema:
    """TOML -> the schema of a table.

    >>> pets = 'column = [{name = "pet", kind = "categorical", levels = ["cat", "dog", "fish"]}]'
    >>> schema_from_toml(pets).columns[0].num_symbols
    3
    """
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML ({error}).") from None
    except RecursionError:
        raise InputError("not valid TOML (nested too deeply).") from None
    _check_keys("the file", read, ("missing", "class_names", "column"))
    entries = read.get("column", [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InputError("expected the columns as [[column]] entries.")
    columns: list[Column] = []
    left_out: list[LeftOut] = []
    for number, entry in enumerate(entries, start=1):
        what = f"column {number}"
        _check_keys(what, entry, _KEYS)
        if not isinstance(entry.get("name"), str):
            raise InputError(f"{what}: expected a name, got {entry.get('name')!r}.")
        if entry.get("kind") == LEFT_OUT:
            left_out.append(LeftOut(entry["name"], entry.get("note", "")))
        else:
            columns.append(_column(entry))
    if not columns:
        raise InputError("expected at least one column that is not left out, got none.")
    levels = {column.num_symbols for column in columns}
    return Schema(
        "table",
        (len(columns),),
        levels.pop() if len(levels) == 1 else None,
        tuple(columns),
        class_names=tuple(_texts(read, "class_names", ())),
        missing=tuple(_texts(read, "missing", MISSING)),
        left_out=tuple(left_out),
    )


def _column(entry: Mapping[str, Any]) -> Column:
    name, kind = entry["name"], str(entry.get("kind"))
    what = f'column "{name}"'
    check_choice(f"{what}: kind", kind, (*COLUMN_KINDS, LEFT_OUT))
    levels, span = entry.get("levels", []), entry.get("range")
    dtype = entry.get("dtype") or _dtype(levels, kind)
    told = {"decimals": entry.get("decimals"), "dtype": dtype, "note": entry.get("note", "")}
    if kind == "real":
        if levels or span:
            raise InputError(f"{what}: a real column has neither levels nor a range.")
        return Column(name, kind, **told)
    if span is not None:
        whole = isinstance(span, list) and len(span) == 2 and all(type(end) is int for end in span)
        if levels or not whole or span[0] > span[1]:
            raise InputError(
                f"{what}: range must be two whole numbers, the least and the greatest, and stand "
                f"without levels, got {span!r}."
            )
        return Column(name, kind, span[1] - span[0] + 1, low=span[0], **told)
    if not isinstance(levels, list) or not levels:
        raise InputError(f"{what}: kind {kind} needs levels, or a range of whole numbers.")
    return Column(name, kind, len(levels), tuple(levels), **told)


def _dtype(levels: Any, kind: object) -> str:
    """What a column without a dtype is: that of its levels."""
    if not levels:
        return "double" if kind == "real" else "int64"
    names: dict[type, str] = {bool: "bool", int: "int64", float: "double"}
    kinds = {type(level) for level in levels} if isinstance(levels, list) else set()
    return names.get(kinds.pop(), "string") if len(kinds) == 1 else "string"


def _texts(read: Mapping[str, Any], key: str, default: tuple[str, ...]) -> list[str]:
    value = read.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InputError(f"{key} must be a list of texts, got {value!r}.")
    return value


def _check_keys(what: str, found: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in found:
        if key not in known:
            raise InputError(
                f'{what}: has an unknown key "{key}"; known keys are {", ".join(known)}.'
                + suggestion(key, known)
            )


def _toml(value: Level | list[Any]) -> str:
    """A text, number or list of them -> TOML: its strings and numbers are those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
