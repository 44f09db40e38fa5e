"""Memory to work in, kept from call to call: touching new memory costs more than using it."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["LANES", "padded", "scratch", "shaped"]

LANES = 16
"""Rows of scratch are rounded up to a multiple of this: 64 bytes of float32, one cache line."""

_LINE = 64
_MOST_KEPT = 2**26  # bytes a thread holds on to


class _OfThread(threading.local):
    room: np.ndarray = np.empty(0, np.uint8)


_mine = _OfThread()


def padded(width: int) -> int:
    """H -> the least multiple of LANES that holds it."""
    return -(-width // LANES) * LANES


def scratch(lengths: Sequence[int], width: int, dtype: Any) -> tuple[np.ndarray, ...]:
    """L_1 … L_n, H, dtype -> arrays (L_i, H) holding anything, until this thread's next call.

    All begin at a cache line: a vector load across two lines takes twice as long.
    """
    item = np.dtype(dtype).itemsize
    sizes = [math.ceil(length * width * item / _LINE) * _LINE for length in lengths]
    needed = sum(sizes) + _LINE
    room = _mine.room
    if room.nbytes < needed:
        room = np.empty(needed, np.uint8)
        if needed <= _MOST_KEPT:
            _mine.room = room
    offset = -room.ctypes.data % _LINE
    arrays = []
    for length, size in zip(lengths, sizes, strict=True):
        flat = room[offset : offset + length * width * item].view(dtype)
        arrays.append(flat.reshape(length, width))
        offset += size
    return tuple(arrays)


def shaped(shapes: Sequence[tuple[int, ...]], dtype: Any) -> tuple[np.ndarray, ...]:
    """Shapes, dtype -> as `scratch`, arrays of those shapes."""
    flat = scratch([math.prod(shape) for shape in shapes], 1, dtype)
    return tuple(array.reshape(shape) for array, shape in zip(flat, shapes, strict=True))
