"""AMAT files, the form in which static binarized MNIST was published: rows of 0 and 1 as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from arden.data.raw import RawRows, RawSource
from arden.data.readers.unpacked import unpacked
from arden.errors import FileError

__all__ = ["amat_bytes", "read_amat", "read_amat_array"]

PIECE = 1 << 22
MOST_IN_A_LINE = 1 << 24
ZERO, ONE, BLANK, LINE_END = b"01 \n"
# What a byte of the file may be: a digit, a separator, anything else.
DIGIT, SEPARATOR, OTHER = 0, 1, 2
KIND_OF = np.full(256, OTHER, dtype=np.uint8)
KIND_OF[[ZERO, ONE]] = DIGIT
KIND_OF[list(b" \t\r\n\v\f")] = SEPARATOR


def read_amat(path: Path) -> RawSource:
    """An AMAT file of bits, gzipped or not -> its rows (N, D) uint8 of 0 and 1."""
    return RawSource(path.name, {"all": RawRows(read_amat_array(path))})


def read_amat_array(path: Path) -> np.ndarray:
    """Text of 0 and 1 separated by blanks, one row a line, gzipped or not -> (N, D) uint8.

    Blank lines are passed over. Raises FileError naming the first line that does not fit.
    """
    pieces: list[np.ndarray] = []
    first_line = 1
    with unpacked(path) as file:
        for text in _whole_lines(path, file):
            width = pieces[0].shape[1] if pieces else None
            rows = _rows_of(path, text, first_line, width)
            if rows is not None:
                pieces.append(rows)
            first_line += text.count(b"\n")
    if not pieces:
        raise FileError(f"{path}: expected rows of 0 and 1, got none.")
    return np.concatenate(pieces)


def amat_bytes(values: np.ndarray) -> bytes:
    """(N, D) uint8 of 0 and 1 -> the AMAT file that holds it, in the form that was published.

    >>> amat_bytes(np.array([[0, 1], [1, 1]], dtype=np.uint8))
    b'0 1\\n1 1\\n'
    """
    text = np.full((len(values), 2 * values.shape[1]), BLANK, dtype=np.uint8)
    text[:, ::2] = values + np.uint8(ZERO)
    text[:, -1] = LINE_END
    return text.tobytes()


def _whole_lines(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Pieces of bounded size that end where lines end."""
    carried = b""
    while piece := file.read(PIECE):
        head, line_end, tail = piece.rpartition(b"\n")
        if line_end:
            yield carried + head + line_end
            carried = tail
        else:
            carried += piece
        if len(carried) > MOST_IN_A_LINE:
            raise FileError(f"{path}: is no AMAT file; a line is longer than {MOST_IN_A_LINE}.")
    if carried:
        yield carried


def _rows_of(path: Path, text: bytes, first_line: int, width: int | None) -> np.ndarray | None:
    symbols = np.frombuffer(text, dtype=np.uint8)
    kinds = KIND_OF[symbols]
    is_digit = kinds == DIGIT
    # Two digits side by side are a number such as 10, which is no bit.
    if (kinds == OTHER).any() or (is_digit[1:] & is_digit[:-1]).any():
        _blame(path, text, first_line)
    line_ends = np.flatnonzero(symbols == LINE_END)
    starts = np.concatenate([[0], line_ends + 1])
    # Counted as int32: a sum of booleans over slices would be made of them as int64 at once.
    counts = np.add.reduceat(np.append(is_digit, False), starts, dtype=np.int32)
    lines = np.flatnonzero(counts)
    if not len(lines):
        return None
    wanted = width or int(counts[lines[0]])
    wrong = lines[counts[lines] != wanted]
    if len(wrong):
        raise FileError(
            f"{path}: line {first_line + wrong[0]} has {counts[wrong[0]]} values; "
            f"expected {wanted} as in the first row."
        )
    return (symbols[is_digit] - np.uint8(ZERO)).reshape(-1, wanted)


def _blame(path: Path, text: bytes, first_line: int) -> None:
    for number, line in enumerate(text.split(b"\n"), first_line):
        for word in line.split():
            if word not in (b"0", b"1"):
                shown = word[:20].decode("ascii", "replace")
                raise FileError(
                    f'{path}: line {number} holds "{shown}"; expected 0 and 1 separated by blanks.'
                )
    raise AssertionError("a piece without a wrong word was blamed")
