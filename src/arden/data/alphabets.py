"""Characters as symbols 0..K-1: the alphabet of texts, and texts written in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arden.data.documents import Document
from arden.errors import InputError

__all__ = ["alphabet_of", "symbols_of"]

MOST_SYMBOLS = 65536  # as for levels: more characters than this are not learnt from one text


def alphabet_of(documents: Sequence[Document], name: str) -> tuple[str, ...]:
    """Texts, what they are called -> all their different characters, sorted.

    >>> alphabet_of([Document("x.txt", np.array([98, 10, 97, 98], dtype=np.uint32))], "x.txt")
    ('\\n', 'a', 'b')
    """
    alphabet = np.unique(np.concatenate([np.unique(document.values) for document in documents]))
    if len(alphabet) > MOST_SYMBOLS:
        raise InputError(
            f"{name}: expected at most {MOST_SYMBOLS} different characters, got {len(alphabet)}."
        )
    return tuple(map(chr, alphabet.tolist()))


def symbols_of(document: Document, symbols: Sequence[str]) -> np.ndarray:
    """A text, the alphabet of a schema -> the places of its characters in it (L,).

    Raises InputError for a character outside the alphabet, naming it, its line and its column.
    """
    alphabet = np.array([ord(symbol) for symbol in symbols], dtype=np.uint32)
    if not len(alphabet):
        raise InputError("schema: expected the alphabet of the model's texts, got none.")
    order = alphabet.argsort()
    place = np.minimum(np.searchsorted(alphabet[order], document.values), len(alphabet) - 1)
    places = order[place]
    foreign = alphabet[places] != document.values
    if foreign.any():
        first = int(foreign.argmax())
        before = document.values[:first]
        breaks = np.flatnonzero(before == ord("\n"))
        column = first - (int(breaks[-1]) if len(breaks) else -1)
        character = chr(document.values[first])
        shown = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
        raise InputError(
            f"{document.name}: line {len(breaks) + 1}, column {column} (counted from 1) holds "
            f"{shown}, which is not one of the model's {len(alphabet)} characters."
        )
    # One byte a character where that is enough: a schema keeps its values so.
    return places.astype(np.uint8 if len(alphabet) <= 256 else np.int64)
