"""Whole numbers and short texts as bytes, read back with a limit on each."""

from __future__ import annotations

from arden.coding.entropy import DamagedError

__all__ = ["Fields", "number", "short_text"]


def number(value: int) -> bytes:
    """A whole number ≥ 0 -> 7 bits a byte, low ones first; the last byte is below 128 (LEB128).

    >>> number(300).hex()
    'ac02'
    """
    assert value >= 0
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def short_text(text: str) -> bytes:
    """A text -> the number of its bytes in UTF-8, and those."""
    content = text.encode()
    return number(len(content)) + content


class Fields:
    """Bytes that are read field by field, each held to what it may be at most.

    >>> fields = Fields(number(300) + short_text("é"))
    >>> fields.number(1000), fields.text(10), fields.left
    (300, 'é', 0)
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are still to be read."""
        return len(self._content) - self._at

    def take(self, count: int) -> bytes:
        """n -> the next n bytes.

        Raises:
            DamagedError: there are fewer.
        """
        if count > self.left:
            raise DamagedError("a field is cut off")
        self._at += count
        return self._content[self._at - count : self._at]

    def number(self, most: int) -> int:
        """The largest it may be -> a whole number.

        Raises:
            DamagedError: it is larger, or never ends.
        """
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if value > most or shift > 70:
                raise DamagedError("a number is out of range")
            if byte < 128:
                return value

    def text(self, most: int) -> str:
        """The most bytes it may have -> a text.

        Raises:
            DamagedError: it is longer, or not UTF-8.
        """
        try:
            return self.take(self.number(most)).decode()
        except UnicodeDecodeError:
            raise DamagedError("a text is not UTF-8") from None
