"""Texts byte for byte: characters that a model has no symbol for are lifted out and kept beside."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from arden.coding.entropy import DamagedError
from arden.coding.fields import Fields, number
from arden.errors import FileError, InputError

__all__ = ["lift_foreign", "put_back", "text_bytes", "text_symbols"]

_MOST_BYTES = 2**26  # of what stands beside a text, unpacked


def text_symbols(content: bytes, name: str) -> np.ndarray:
    """The bytes of a text in UTF-8 -> its code points (L,) uint32, every one as it is.

    Unlike a text that is read to be learnt from, no mark is dropped and no line end changed.

    Raises:
        FileError: what is not UTF-8, with the place.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{name}: expected a text in UTF-8, got the byte 0x{content[error.start]:02x} at "
            f"offset {error.start} (counted from 0)"
        ) from None
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def lift_foreign(points: np.ndarray, alphabet: Sequence[str]) -> tuple[np.ndarray, bytes]:
    """(L,) code points, K characters -> (L',) symbols of those known, and the others packed.

    >>> symbols, beside = lift_foreign(text_symbols("abé\\r\\n".encode(), "x"), ["\\n", "a", "b"])
    >>> symbols.tolist()
    [1, 2, 0]
    >>> text_bytes(put_back(symbols, beside, ["\\n", "a", "b"])).decode()
    'abé\\r\\n'
    """
    known = np.array([ord(symbol) for symbol in alphabet], dtype=np.uint32)
    order = known.argsort()
    place = order[np.minimum(np.searchsorted(known[order], points), len(known) - 1)]
    foreign = known[place] != points
    if not foreign.any():
        return place, b""
    at = np.flatnonzero(foreign)
    gaps = np.diff(at, prepend=-1) - 1
    pairs = zip(gaps.tolist(), points[at].tolist(), strict=True)
    raw = b"".join(number(gap) + number(point) for gap, point in pairs)
    if len(raw) > _MOST_BYTES:
        raise InputError(
            f"data: {len(at):,} of {len(points):,} characters are none of the model's "
            f"{len(known)}; it was fitted to other texts"
        )
    return place[~foreign], zlib.compress(raw, 9)


def put_back(symbols: np.ndarray, beside: bytes, alphabet: Sequence[str]) -> np.ndarray:
    """(L',) symbols, what `lift_foreign` packed, K characters -> (L,) code points.

    Raises:
        DamagedError: what cannot have been packed so.
    """
    known = np.array([ord(symbol) for symbol in alphabet], dtype=np.uint32)[symbols]
    if not beside:
        return known
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(beside, _MOST_BYTES)
    except zlib.error:
        raise DamagedError("what stands beside the text") from None
    if not unpacker.eof or unpacker.unused_data:
        raise DamagedError("what stands beside the text")
    fields = Fields(raw)
    gaps, points = [], []
    while fields.left:
        gaps.append(fields.number(len(known)))
        points.append(fields.number(0x10FFFF))
    # Before how many known characters each foreign one stands.
    before = np.cumsum(np.array(gaps, dtype=np.int64))
    if len(before) and before[-1] > len(known):
        raise DamagedError("what stands beside the text")
    return np.insert(known, before, np.array(points, dtype=np.uint32))


def text_bytes(points: np.ndarray) -> bytes:
    """(L,) code points -> the text in UTF-8."""
    return points.astype("<u4").tobytes().decode("utf-32-le").encode("utf-8")
