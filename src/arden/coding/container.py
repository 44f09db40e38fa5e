"""The .arden format: a header, chunks, an end; every byte of it under a checksum.

`docs/compression.md` describes it byte by byte. A checksum covers what came before its place in the
file too, so that chunks cannot change places, be left out, or come from another file.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from arden.coding.entropy import DamagedError
from arden.coding.fields import Fields, number, short_text
from arden.errors import FileError

__all__ = [
    "FORMAT",
    "MOST_SCALARS",
    "Chunk",
    "Header",
    "chunk_bytes",
    "digest",
    "end_bytes",
    "header_bytes",
    "read_chunks",
    "read_header",
]

FORMAT = 1
MOST_SCALARS = 2**23
"""Of a chunk, unless a single event has more: what is held in memory at a time."""
_MAGIC = b"\x89ARDEN\r\n"  # as PNG's: a transfer that takes it for text is noticed at once
_DIGEST = 8
_FINGERPRINT = 16
_CHUNK, _END = 1, 0
_MOST = 2**62
_MOST_ROWS = 2**40
_MOST_TEXT = 200

DTYPES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64",
    "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
"""Of values, by their number in a header: new ones are appended."""


@dataclass(frozen=True)
class Header:
    """What a reader must know before the first chunk.

    ``fingerprint`` names the model. ``threads`` and ``batch`` are how the walk was laid out: its
    probabilities depend on them in their last digits, so a reader takes them over, and ``made_by``
    (Arden, PyTorch, the machine's kind, its instructions) is told when that was not enough.
    ``portable``: whole numbers only, which depend on none of these.

    ``event`` is the shape of one row as it was given, or the lengths of all documents. ``stride``
    and ``lane`` are 0 for rows; a document is cut into lanes of that many symbols, which are coded
    side by side in windows ``stride`` apart. ``num_classes`` is 0 without labels.
    ``beside`` is what the caller adds, such as the characters of a text that the model does not
    have.
    """

    fingerprint: bytes
    portable: bool
    threads: int
    batch: int
    dtype: str
    made_by: tuple[str, str, str, str]
    event: tuple[int, ...] = ()
    stride: int = 0
    lane: int = 0
    num_classes: int = 0
    beside: bytes = b""

    def pack(self) -> bytes:
        """() -> its fields, one after the other."""
        numbers = (
            int(self.portable),
            self.threads,
            self.batch,
            DTYPES.index(self.dtype),
            self.stride,
        )
        more = (self.lane, self.num_classes, len(self.event), *self.event, len(self.beside))
        return (
            self.fingerprint
            + b"".join(map(number, numbers))
            + b"".join(map(short_text, self.made_by))
            + b"".join(map(number, more))
            + self.beside
        )

    @classmethod
    def unpack(cls, packed: bytes) -> Header:
        """Its fields -> the header.

        Raises:
            DamagedError: they are not those of a header.
        """
        fields = Fields(packed)
        fingerprint = fields.take(_FINGERPRINT)
        portable = bool(fields.number(1))
        threads, batch = fields.number(4096), fields.number(2**20)
        dtype = DTYPES[fields.number(len(DTYPES) - 1)]
        stride = fields.number(_MOST)
        made_by = tuple(fields.text(_MOST_TEXT) for _ in range(4))
        lane, num_classes = fields.number(MOST_SCALARS), fields.number(2**20)
        event = tuple(fields.number(_MOST) for _ in range(fields.number(fields.left)))
        beside = fields.take(fields.number(fields.left))
        if fields.left or not threads or not batch or bool(stride) != bool(lane):
            raise DamagedError("a field that cannot be")
        return cls(
            fingerprint, portable, threads, batch, dtype, made_by,  # type: ignore[arg-type]
            event, stride, lane, num_classes, beside,
        )  # fmt: skip


@dataclass(frozen=True)
class Chunk:
    """Some rows, coded: how many, how long (strings; else 0), by which of the model's components,
    whether only some values are observed, the digest of what they are, and the coder's words."""

    rows: int
    length: int
    component: int
    partly_observed: bool
    contents: bytes
    words: bytes

    def head(self) -> bytes:
        """() -> what stands before the coder's words."""
        how = 2 * self.component + self.partly_observed
        numbers = (self.rows, self.length, how, len(self.words))
        return bytes([_CHUNK]) + b"".join(map(number, numbers)) + self.contents


def digest(*parts: bytes) -> bytes:
    """Some bytes -> 8 bytes that tell them from any others."""
    together = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        together.update(part)
    return together.digest()


def header_bytes(header: Header) -> tuple[bytes, bytes]:
    """A header -> what a file begins with, and the checksum that the first chunk goes on from."""
    packed = header.pack()
    begun = _MAGIC + bytes([FORMAT]) + number(len(packed)) + packed
    check = digest(begun)
    return begun + check, check


def chunk_bytes(chunk: Chunk, check: bytes) -> tuple[bytes, bytes]:
    """A chunk, the checksum so far -> its bytes, and the checksum that goes on from there."""
    whole = chunk.head() + chunk.words
    check = digest(check, whole)
    return whole + check, check


def end_bytes(rows: int, check: bytes) -> bytes:
    """How many rows or lanes there are, the checksum so far -> how a file ends."""
    end = bytes([_END]) + number(rows)
    return end + digest(check, end)


class _Place:
    """Reading on, with the place told when something is wrong with it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self.at = 0

    @property
    def left(self) -> int:
        return self.size - self.at

    def take(self, count: int, what: str) -> bytes:
        if count > self.left:
            raise FileError(
                f"{self._name}: cut short in {what}: it ends after {self.size:,} bytes, "
                f"{count - self.left:,} are missing"
            )
        read = self._file.read(count)
        self.at += count
        if len(read) < count:
            raise FileError(f"{self._name}: cut short in {what} while it was read")
        return read

    def number(self, what: str, most: int) -> tuple[int, bytes]:
        content = b""
        while True:
            content += self.take(1, what)
            if content[-1] < 128:
                break
            if len(content) > 9:
                raise self.damaged(what, "a number never ends")
        try:
            return Fields(content).number(most), content
        except DamagedError as error:
            raise self.damaged(what, str(error)) from None

    def damaged(self, what: str, why: str = "its checksum does not match") -> FileError:
        return FileError(f"{self._name}: damaged in {what} (before byte {self.at:,}): {why}")


def read_header(file: BinaryIO, name: str) -> tuple[Header, bytes, _Place]:
    """A file, its name -> its header, the checksum that chunks go on from, the place behind it.

    Raises:
        FileError: no .arden file, one of another format, a damaged one.
    """
    place = _Place(file, name)
    what = "the header"
    if place.take(min(len(_MAGIC), place.size), what) != _MAGIC:
        raise FileError(f"{name}: not an Arden file; expected one written by arden compress")
    version = place.take(1, what)
    length, told = place.number(what, _MOST)
    packed = place.take(length, what)
    check = digest(_MAGIC + version + told + packed)
    if place.take(_DIGEST, what) != check:
        raise place.damaged(what)
    if version[0] != FORMAT:
        raise FileError(f"{name}: format {version[0]}; this version of Arden reads {FORMAT}")
    try:
        return Header.unpack(packed), check, place
    except DamagedError as error:
        raise place.damaged(what, str(error)) from None


def read_chunks(place: _Place, check: bytes) -> Iterator[tuple[Chunk, str]]:
    """The place behind a header, its checksum -> the chunks, each with what it is called.

    The number of rows in all is compared by whoever decodes them: it comes as a last chunk without
    words. Nothing is yielded before its checksum was compared.

    Raises:
        FileError: anything that is not as it was written, anything behind the end.
    """
    index = 0
    while True:
        index += 1
        what = f"chunk {index}"
        begun = place.take(1, what)
        if begun[0] == _END:
            rows, told = place.number("the end", _MOST_ROWS)
            if place.take(_DIGEST, "the end") != digest(check, begun + told):
                raise place.damaged("the end")
            if place.left:
                raise place.damaged("what follows the end", f"{place.left:,} bytes too many")
            yield Chunk(rows, 0, 0, False, b"", b""), "the end"
            return
        if begun[0] != _CHUNK:
            raise place.damaged(what, "neither a chunk nor the end begins here")
        numbers = [place.number(what, most) for most in (_MOST_ROWS, _MOST, _MOST, _MOST)]
        (rows, _), (length, _), (how, _), (size, _) = numbers
        contents = place.take(_DIGEST, what)
        words = place.take(size, what)
        whole = begun + b"".join(told for _, told in numbers) + contents + words
        check = digest(check, whole)
        if place.take(_DIGEST, what) != check:
            raise place.damaged(what)
        if not rows:
            raise place.damaged(what, "it has no rows")
        yield Chunk(rows, length, how // 2, bool(how % 2), contents, words), what
