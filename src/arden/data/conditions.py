"""Conditions in words, "age >= 30 and sex = F", under a schema: sets of levels and intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    from arden.data.schema import Schema

__all__ = ["parse_conditions"]

_TOKEN = re.compile(
    r"\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<sign><=|>=|!=|==|=|<|>|[{},])|(?P<word>[^\s\"'<>=!{},]+))"
)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

Allowed = set[int] | tuple[float, float]


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool
    at: int

    def is_word(self, word: str) -> bool:
        """Whether it is that keyword; a quoted one is a name or a value."""
        return not self.quoted and self.text.lower() == word


def parse_conditions(text: str, schema: Schema, option: str = "asked") -> dict[int, Allowed]:
    """Conditions joined by "and" -> by column index, a set of levels or an interval (low, high).

    A condition is a column's name, one of = != < <= > >= and a value, or a name, "in" and values in
    braces: ``age >= 30 and sex in {F, M}``. Names and values with spaces or signs in them stand in
    quotes. Several conditions on one column must all hold. Events without columns are asked of by
    place: x0, x1 and so on. Of a real column < and <= are the same. Nothing is evaluated.

    Raises:
        InputError: what is no condition, an unknown column or level, a real column that should
            equal a number (which has probability 0).

    >>> from arden.data.schema import Column, Schema
    >>> pets = Schema("table", (2,), None, (Column("age", "real"), Column("legs", "integer", 5)))
    >>> parse_conditions("age >= 3 and legs in {2, 4}", pets)
    {0: (3.0, inf), 1: {2, 4}}
    """
    tokens = _tokens(text, option)
    found: dict[int, Allowed] = {}
    at = 0
    while True:
        index, allowed, at = _condition(tokens, at, schema, option, text)
        found[index] = _both(found[index], allowed) if index in found else allowed
        if at == len(tokens):
            return found
        if not tokens[at].is_word("and"):
            raise InputError(f'{option}: expected "and" before {tokens[at].text!r} in {text!r}')
        at += 1


def _tokens(text: str, option: str) -> list[_Token]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InputError(f"{option}: cannot read {text[at:].strip()!r} in {text!r}")
        kind = match.lastgroup or ""
        sign = match.group(kind)
        tokens.append(_Token("=" if sign == "==" else sign, kind in ("double", "single"), at))
        at = match.end()
    return tokens


def _condition(
    tokens: list[_Token], at: int, schema: Schema, option: str, text: str
) -> tuple[int, Allowed, int]:
    """-> column index, what it is allowed to be, where the next token is."""

    def take(what: str) -> _Token:
        nonlocal at
        if at == len(tokens):
            raise InputError(f"{option}: expected {what} at the end of {text!r}")
        at += 1
        return tokens[at - 1]

    index, column, name = _column(take("a column's name"), schema, option)
    sign = take("one of = != < <= > >= in")
    if sign.is_word("in"):
        values, mark = [], take("{")
        if mark.text != "{" or mark.quoted:
            raise InputError(f"{option}: expected {{ after {name} in, got {mark.text!r}")
        while True:
            values.append(take("a value"))
            mark = take(", or }")
            if mark.text == "}" and not mark.quoted:
                break
            if mark.text != "," or mark.quoted:
                raise InputError(f"{option}: expected , or }} in {text!r}, got {mark.text!r}")
        if column is None:
            raise InputError(f"{option}: {name} is real: {_NO_MASS}")
        return index, {_level(value.text, column, name, option) for value in values}, at
    if sign.quoted or sign.text not in _COMPARE:
        raise InputError(
            f"{option}: expected one of = != < <= > >= in after {name}, got {sign.text!r}"
        )
    value = take("a value")
    if column is None:
        return index, _interval(sign.text, value.text, name, option), at
    return index, _levels(sign.text, value.text, column, name, option), at


_NO_MASS = "a single number has probability 0; ask for an interval by < and >"


def _column(token: _Token, schema: Schema, option: str) -> tuple[int, int | None, str]:
    """A name -> its index, its number of levels (None where it is real), the name."""
    from arden.data.schema import default_column_name

    names = [column.name for column in schema.columns]
    if not names:
        names = [default_column_name(place) for place in range(schema.num_variables)]
    if token.text not in names:
        known = f" Columns are {', '.join(names[:8])}{' …' if len(names) > 8 else ''}."
        meant = suggestion(token.text, names) or known
        raise InputError(f"{option}: there is no column {token.text!r}.{meant}")
    index = names.index(token.text)
    return index, schema.levels[index], token.text


def _level(value: str, count: int, name: str, option: str) -> int:
    number = _number(value, name, option)
    if number != int(number) or not 0 <= number < count:
        raise InputError(f"{option}: expected a level 0 … {count - 1} of {name}, got {value!r}")
    return int(number)


def _levels(sign: str, value: str, count: int, name: str, option: str) -> set[int]:
    holds = _COMPARE[sign]
    if sign in ("=", "!="):
        level = _level(value, count, name, option)
        return {k for k in range(count) if holds(k, level)}
    bound = _number(value, name, option)
    return {k for k in range(count) if holds(k, bound)}


def _interval(sign: str, value: str, name: str, option: str) -> tuple[float, float]:
    bound = _number(value, name, option)
    if sign in ("=", "!="):
        raise InputError(f"{option}: {name} is real: {_NO_MASS}")
    return (bound, math.inf) if sign.startswith(">") else (-math.inf, bound)


def _number(value: str, name: str, option: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{option}: expected a number for {name}, got {value!r}")
    return number


def _both(one: Allowed, other: Allowed) -> Allowed:
    if isinstance(one, set) and isinstance(other, set):
        return one & other
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return low, max(low, high)  # no number fulfils both: an interval of none
