"""Small frozen dataclasses as plain JSON values, and back, with every value checked."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, Union

from arden.errors import InputError, suggestion

__all__ = ["check_option", "from_plain", "options_from", "to_plain", "without_nan"]

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """A dataclass, tuple or plain value -> what JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    return value


def without_nan(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name -> the same with None for NaN and infinities, for which JSON has no word."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def from_plain(value: Any) -> Any:
    """Lists -> tuples, all the way down: what a frozen dataclass holds."""
    return tuple(from_plain(item) for item in value) if isinstance(value, (list, tuple)) else value


def options_from(cls: type[T], given: Mapping[str, Any], where: str) -> T:
    """A dataclass and values by name -> an instance, with unknown names and wrong types refused.

    Raises:
        InputError: naming the option, what it takes, and a likely spelling.
    """
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    values = {}
    for name, value in given.items():
        if name not in names:
            raise InputError(
                f"{where}: no option {name!r}; expected {', '.join(names) or 'none'}."
                + suggestion(name, names)
            )
        values[name] = check_option(from_plain(value), hints[name], f"{where}: {name}")
    missing = [
        field.name
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
        if field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise InputError(f"{where}: expected a value for {', '.join(missing)}, got none")
    return cls(**values)


def check_option(value: Any, hint: Any, what: str) -> Any:
    """A value and its type annotation -> the value (ints become floats where those are expected).

    Raises:
        InputError: naming the option, what was expected and what came.
    """
    if isinstance(value, int) and not isinstance(value, bool) and _takes_float(hint):
        value = float(value) if not _matches(value, hint) else value
    if not _matches(value, hint):
        expected = getattr(hint, "__name__", None) if isinstance(hint, type) else None
        choices = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ()
        meant = suggestion(value, map(str, choices)) if isinstance(value, str) else ""
        stop = "." if meant else ""
        raise InputError(f"{what}: expected {_words(hint) or expected}, got {value!r}{stop}{meant}")
    return value


def _takes_float(hint: Any) -> bool:
    return hint is float or float in typing.get_args(hint)


def _matches(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(_matches(value, argument) for argument in arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return all(_matches(item, arguments[0]) for item in value)
        return len(value) == len(arguments) and all(map(_matches, value, arguments))
    if hint is type(None):
        return value is None
    if hint in (int, float):  # True is an int to Python, not to a reader
        return isinstance(value, hint) and not isinstance(value, bool)
    return isinstance(value, hint)


def _words(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(_words(argument) for argument in arguments)
    if origin is tuple:
        return f"a list of {_words(arguments[0])}s"
    words = {int: "whole number", float: "number", str: "text", bool: "true or false"}
    return "nothing" if hint is type(None) else words.get(hint, getattr(hint, "__name__", ""))
