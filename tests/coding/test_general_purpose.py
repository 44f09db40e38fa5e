"""Other programs beside ours: given little at a time, and no larger for it."""

from __future__ import annotations

import bz2
import lzma

import numpy as np
import pytest

from arden.coding import general_purpose
from arden.coding.general_purpose import GeneralPurpose


class Recorder:
    """A program that keeps how much it was given each time."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def compress(self, content: bytes) -> bytes:
        """Bytes -> none."""
        self.given.append(len(content))
        return b""

    def flush(self) -> bytes:
        """() -> the rest, which is none."""
        return b""


def test_a_program_is_given_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()  # a call of seconds would be deaf to Ctrl-C
    monkeypatch.setattr(general_purpose, "_programs", lambda: {"any": recorder})
    GeneralPurpose(num_symbols=256).add(np.zeros((5000, 1000), dtype=np.uint8))
    assert max(recorder.given) <= 2**18
    assert sum(recorder.given) == 5_000_000


def test_sizes_are_those_of_all_at_once() -> None:
    values = (np.random.default_rng(0).random((600, 1000)) < 0.1).astype(np.uint8) * 7
    found = GeneralPurpose(num_symbols=256)
    found.add(values[:100])
    found.add(values[100:])
    sizes = found.sizes()
    assert sizes["bzip2"] == len(bz2.compress(values.tobytes(), 9))
    assert abs(sizes["xz"] - len(lzma.compress(values.tobytes(), preset=6))) < 100
