"""Whole numbers on the command line: 2.5 is refused, where the parser would round it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_origin

from cyclopts import Parameter, Token

__all__ = ["WHOLE"]


def _whole(hint: Any, words: Sequence[Token]) -> Any:
    """A type made of int, words -> an int, or a tuple of them where the type is one."""
    numbers = []
    for word in words:
        try:
            numbers.append(int(word.value))
        except ValueError:
            raise ValueError(f"expected a whole number, got {word.value!r}") from None
    return tuple(numbers) if get_origin(hint) is tuple else numbers[0]


WHOLE = Parameter(converter=_whole)
"""Goes beside an annotation of int, int | None or tuple[int, ...]."""
