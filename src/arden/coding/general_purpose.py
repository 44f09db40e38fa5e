"""What programs that know nothing of the data make of it: gzip, bzip2, xz, zstd, PNG."""

from __future__ import annotations

import bz2
import io
import lzma
import time
import zlib
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["GeneralPurpose"]

_AT_ONCE = 2**18  # bytes: a tenth of a second of the slowest


class GeneralPurpose:
    """The sizes that others make of the same values, given piece by piece in bounded memory.

    Values are bytes where they fit into one, else 2 or 4 bytes, low ones first; bits are also given
    packed, eight to a byte, and the smaller size counts. Images are also one tall PNG a piece, of 1
    bit, grey or RGB.

    >>> found = GeneralPurpose(num_symbols=2)
    >>> found.add(np.zeros((1000, 64), dtype=np.uint8))
    >>> found.sizes()["gzip"] < 100
    True
    """

    def __init__(
        self, num_symbols: int | None = None, image: tuple[int, ...] | None = None
    ) -> None:
        self.seconds = 0.0
        """That they took, of the time of whoever gives them the values."""
        self._symbols = num_symbols
        self._forms = {"bytes": _programs()}
        if num_symbols == 2:
            self._forms["packed bits"] = _programs()
        self._sizes = {form: dict.fromkeys(programs, 0) for form, programs in self._forms.items()}
        self._png = 0
        self._png_fits = image is not None and (num_symbols or 257) <= 256
        self._left = np.zeros(0, dtype=np.uint8)  # bits that do not fill a byte yet

    def add(self, values: np.ndarray) -> None:
        """(N, *event) whole numbers -> ()."""
        most = (self._symbols or 2**31) - 1
        dtype = "u1" if most < 256 else "<u2" if most < 2**16 else "<u4"
        self._feed("bytes", np.ascontiguousarray(values, dtype=dtype).tobytes())
        if "packed bits" in self._forms:
            bits = np.concatenate([self._left, values.astype(np.uint8).reshape(-1)])
            whole = len(bits) // 8 * 8
            self._left = bits[whole:]
            self._feed("packed bits", np.packbits(bits[:whole]).tobytes())
        if self._png_fits and len(values):
            started = time.monotonic()
            self._png += _png_size(values, self._symbols == 2)
            self.seconds += time.monotonic() - started

    def add_bytes(self, content: bytes) -> None:
        """Some bytes of a file as it is -> ()."""
        self._feed("bytes", content)

    def sizes(self) -> dict[str, int]:
        """() -> bytes by program; nothing can be added after that."""
        if "packed bits" in self._forms:
            self._feed("packed bits", np.packbits(self._left).tobytes())
        for form, programs in self._forms.items():
            for name, program in programs.items():
                self._sizes[form][name] += len(program.flush())
        forms = list(self._sizes.values())
        found = {name: min(sizes[name] for sizes in forms) for name in forms[0]}
        return {**found, "PNG": self._png} if self._png_fits else found

    def _feed(self, form: str, content: bytes) -> None:
        started = time.monotonic()
        for low in range(0, len(content), _AT_ONCE):  # Ctrl-C is heard between two calls
            some = content[low : low + _AT_ONCE]
            for name, program in self._forms[form].items():
                self._sizes[form][name] += len(program.compress(some))
        self.seconds += time.monotonic() - started


def _programs() -> dict[str, Any]:
    """() -> each at its best setting that needs no gigabyte."""
    programs = {
        "gzip": zlib.compressobj(9, wbits=31),
        "bzip2": bz2.BZ2Compressor(9),
        "xz": lzma.LZMACompressor(preset=6),
    }
    if find_spec("compression") and find_spec("compression.zstd"):  # Python 3.14 and later
        programs["zstd"] = import_module("compression.zstd").ZstdCompressor(level=19)
    return programs


def _png_size(values: np.ndarray, bits: bool) -> int:
    """(N, H, W) or (N, H, W, C) -> bytes of them all in one picture, one below the other."""
    colours = values.shape[3:]
    tall = values.reshape(-1, values.shape[2], *colours).astype(np.uint8)
    if colours == (1,):
        tall = tall[..., 0]
    elif colours not in ((), (3,)):
        tall = tall.reshape(len(tall), -1)
    picture = Image.fromarray(tall.astype(bool) if bits and tall.ndim == 2 else tall)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.tell()
