"""Texts come back byte for byte, whatever the model's alphabet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arden.coding.entropy import DamagedError
from arden.coding.escapes import lift_foreign, put_back, text_bytes, text_symbols
from arden.coding.fields import Fields, number, short_text
from arden.errors import FileError

ALPHABET = ["\n", "b", "a", "é"]  # not sorted: places are those of the schema


@given(st.text("ab\né\r\ufeff中\U0001f600 x", max_size=30))
def test_any_text_comes_back(text: str) -> None:
    symbols, beside = lift_foreign(text_symbols(text.encode(), "x"), ALPHABET)
    assert [ALPHABET[symbol] for symbol in symbols] == [c for c in text if c in ALPHABET]
    assert bool(beside) == (len(symbols) < len(text))
    assert text_bytes(put_back(symbols, beside, ALPHABET)) == text.encode()


def test_what_is_no_text_is_refused_with_the_place() -> None:
    with pytest.raises(FileError, match=r"x.txt: expected a text in UTF-8, got the byte 0xff at"):
        text_symbols(b"ab\xff", "x.txt")


def test_damage_beside_a_text_is_noticed() -> None:
    import zlib

    symbols = np.array([0, 1, 2])
    for beside in (
        b"junk",
        zlib.compress(number(4) + number(65)),  # behind the end
        zlib.compress(number(0) + number(0x110000)),
        zlib.compress(number(0)),
        zlib.compress(b"") + b"x",
        zlib.compress(number(0) + number(65))[:-1],
    ):
        with pytest.raises(DamagedError):
            put_back(symbols, beside, ALPHABET)


@given(st.integers(0, 2**62))
def test_numbers_come_back(value: int) -> None:
    assert Fields(number(value)).number(2**62) == value


def test_fields_are_held_to_their_limits() -> None:
    for content, most in ((number(8), 7), (b"\x80" * 20, 2**62), (b"", 1), (b"\x80", 200)):
        with pytest.raises(DamagedError):
            Fields(content).number(most)
    for content in (short_text("abc")[:-1], number(1) + b"\xff", short_text("abcdef")):
        with pytest.raises(DamagedError):
            Fields(content).text(5)
