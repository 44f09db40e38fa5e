"""Symbols as the characters they stand for, and how many of them a string may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arden.data.schema import END, Schema
from arden.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["most_steps", "strings_of", "texts_of"]

_TIMES_THE_LONGEST = 16


def texts_of(symbols: Tensor, schema: Schema) -> list[str]:
    """(N, W) symbols -> N texts of W characters.

    >>> import torch
    >>> texts_of(torch.tensor([[1, 0]]), Schema("text", (2,), 2, symbols=("a", "b")))
    ['ba']
    """
    return ["".join(schema.symbols[symbol] for symbol in row) for row in symbols.long().tolist()]


def strings_of(drawn: Tensor, schema: Schema) -> list[str]:
    """(N, L) symbols -> N strings, each up to its end, which is left out."""
    return [text.partition(END)[0] for text in texts_of(drawn, schema)]


def most_steps(longest: int | None, schema: Schema) -> int | None:
    """``longest``, as it was asked for -> how many symbols a string may have, the end included.

    Sixteen times the longest training string where nothing was asked; None for events of one
    length.

    Raises:
        InputError: a number where events have one length, or one below 1.
    """
    if schema.end is None:
        if longest is not None:
            raise InputError("longest: expected none, because events of this model have one length")
        return None
    if longest is not None and longest < 1:
        raise InputError(f"longest: expected at least 1, got {longest}")
    return longest or _TIMES_THE_LONGEST * schema.num_variables
