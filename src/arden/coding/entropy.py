"""Symbols under integer frequencies -> bytes -> symbols: asymmetric numeral systems.

The coder is a stack: what goes in last comes out first. So the writer only records where each
symbol lies in its table, and encodes everything in reverse when a chunk is full. A symbol is put
down by its place and its width alone, whatever the size of its table: three numbers stand for
65 536 of them. (Duda et al., "The use of asymmetric numeral systems as an accurate replacement for
Huffman coding", 2015; the coder itself is Robert Bamler's `constriction`.)
"""

from __future__ import annotations

from typing import Protocol

import constriction
import numpy as np
import torch
from torch import Tensor

from arden.coding.frequencies import PRECISION, SHARED

__all__ = ["Coder", "DamagedError", "SymbolReader", "SymbolWriter"]

_FAMILY = constriction.stream.model.Categorical(perfect=False)
_SLICE = 2**18  # symbols given to the coder at a time: 6 MB of tables


class DamagedError(Exception):
    """What was read cannot be what was written; whoever reads knows the place, and says it."""


class Coder(Protocol):
    """What a walk is given: it codes the symbols it is told, or tells the ones it decodes."""

    def code(self, frequencies: Tensor, symbols: Tensor | None) -> Tensor:
        """(n, K) int64 that sum to `SHARED`, (n,) int64 or None -> (n,) int64."""
        ...


class SymbolWriter:
    """Takes symbols in the order in which they will be read.

    >>> import torch
    >>> from arden.coding.frequencies import frequencies_of_weights
    >>> frequencies = frequencies_of_weights(torch.tensor([[1, 3], [1, 1]]))
    >>> writer = SymbolWriter()
    >>> symbols = writer.code(frequencies, torch.tensor([1, 0]))
    >>> SymbolReader(writer.finish()).code(frequencies, None).tolist()
    [1, 0]
    """

    def __init__(self) -> None:
        self._below: list[np.ndarray] = []
        self._width: list[np.ndarray] = []

    def code(self, frequencies: Tensor, symbols: Tensor | None) -> Tensor:
        """(n, K) int64, (n,) int64 -> the symbols as they came."""
        assert symbols is not None
        width = frequencies.gather(1, symbols[:, None])
        below = frequencies.cumsum(dim=1).gather(1, symbols[:, None]) - width + 1  # the guard
        self._below.append(below[:, 0].numpy().astype(np.uint32))
        self._width.append(width[:, 0].numpy().astype(np.uint32))
        return symbols

    def finish(self) -> bytes:
        """() -> all symbols, in whole words of 32 bits."""
        coder = constriction.stream.stack.AnsCoder()
        if self._below:
            below, width = np.concatenate(self._below), np.concatenate(self._width)
            self._below, self._width = [], []
            for end in range(len(below), 0, -_SLICE):
                part = slice(max(0, end - _SLICE), end)
                coder.encode_reverse(
                    np.ones(len(below[part]), dtype=np.int32),
                    _FAMILY,
                    _three(below[part], width[part]),
                )
        return coder.get_compressed().astype("<u4").tobytes()


def _three(below: np.ndarray, width: np.ndarray) -> np.ndarray:
    """(n,), (n,) -> (n, 3) float64: all below a symbol, the symbol, all above it.

    The coder gives every entry one unit and divides the rest by what it is told. Told one unit less
    of each, it divides exactly 2²⁴ − 3 units by weights that sum to 2²⁴ − 3: nothing is rounded.
    """
    inside = below.astype(np.float64), width.astype(np.float64)
    return np.stack([*inside, 2.0**PRECISION - inside[0] - inside[1]], axis=1) - 1.0


class SymbolReader:
    """Gives symbols back, in the order in which they were written.

    Raises:
        DamagedError: bytes that no `SymbolWriter` makes.
    """

    def __init__(self, packed: bytes) -> None:
        if len(packed) % 4:
            raise DamagedError("expected whole words")
        words = np.frombuffer(packed, dtype="<u4").astype(np.uint32)
        # The coder panics, which no `except Exception` catches, at a last word of zero.
        if len(words) and words[-1] == 0:
            raise DamagedError("expected a last word that is not zero")
        self._coder = constriction.stream.stack.AnsCoder(words)

    def code(self, frequencies: Tensor, symbols: Tensor | None) -> Tensor:
        """(n, K) int64, None -> (n,) int64.

        Raises:
            DamagedError: a symbol that is never written comes out.
        """
        assert symbols is None
        count, num_symbols = frequencies.shape
        table = np.zeros((count, num_symbols + 2))  # a guard at either end, one unit each
        table[:, 1:-1] = frequencies.numpy() - 1
        read = self._coder.decode(_FAMILY, table).astype(np.int64) - 1
        if count and not (read.min() >= 0 and read.max() < num_symbols):
            raise DamagedError("a guard came out")
        return torch.from_numpy(read)

    def finish(self) -> None:
        """() -> ().

        Raises:
            DamagedError: more was written than was read.
        """
        if not self._coder.is_empty():
            raise DamagedError("symbols are left over")


assert SHARED == 2**PRECISION - 2, "two guards of one unit each"
