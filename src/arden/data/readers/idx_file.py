"""IDX files, the form in which MNIST was published: a short header, then the bytes."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from arden.data.raw import RawRows, RawSource, numbers
from arden.data.readers.unpacked import unpacked
from arden.errors import FileError

__all__ = ["idx_bytes", "read_idx", "read_idx_array"]

UNSIGNED_BYTES = 0x08
OTHER_TYPES = {0x09: "signed bytes", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
MOST_AXES = 4  # images (N, H, W, C)
PIECE = 1 << 20


def read_idx(path: Path) -> RawSource:
    """An IDX file of bytes, gzipped or not -> its rows (N, *event) uint8."""
    return RawSource(path.name, {"all": RawRows(numbers(read_idx_array(path), path.name))})


def read_idx_array(path: Path) -> np.ndarray:
    """An IDX file of bytes, gzipped or not -> its array uint8, of the shape in its header.

    The header is believed only as far as the file bears it out: nothing is allocated by it.
    """
    with unpacked(path) as file:
        shape = _read_header(path, file)
        expected = math.prod(shape)
        # One byte more than expected tells whether any trail behind.
        content = _read_at_most(file, expected + 1)
    if len(content) < expected:
        raise FileError(
            f"{path}: its header promises {expected} bytes, an array of shape {shape}, but the "
            "file is cut short."
        )
    if len(content) > expected:
        raise FileError(
            f"{path}: its header promises {expected} bytes, an array of shape {shape}, but more "
            "follow."
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def idx_bytes(array: np.ndarray) -> bytes:
    """(N, *event) uint8 -> the IDX file that holds it, not gzipped.

    >>> idx_bytes(np.array([5, 6], dtype=np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 05 06'
    """
    header = struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTES, array.ndim, *array.shape)
    return header + array.tobytes()


def _read_header(path: Path, file: BinaryIO) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or not 1 <= magic[3] <= MOST_AXES:
        raise FileError(
            f"{path}: is no IDX file; expected to begin with 00 00 08 and a number of axes of "
            f"1 to {MOST_AXES}, got {magic.hex(' ') or 'an empty file'}."
        )
    if magic[2] != UNSIGNED_BYTES:
        kind = OTHER_TYPES.get(magic[2], f"type {magic[2]:#04x}")
        raise FileError(f"{path}: expected an IDX file of unsigned bytes, got one of {kind}.")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise FileError(f"{path}: is cut short within its header.")
    return struct.unpack(f">{magic[3]}I", sizes)


def _read_at_most(file: BinaryIO, number: int) -> bytes:
    """In pieces: asking for all at once would allocate what the header claims."""
    pieces: list[bytes] = []
    while number > 0 and (piece := file.read(min(PIECE, number))):
        pieces.append(piece)
        number -= len(piece)
    return b"".join(pieces)
