"""The coder against one written out in whole numbers, and what it costs."""

from __future__ import annotations

import math

import constriction
import numpy as np
import pytest
import torch
from torch import Tensor

from arden.coding.counts import code_counted
from arden.coding.entropy import DamagedError, SymbolReader, SymbolWriter
from arden.coding.frequencies import (
    SHARED,
    frequencies_of_mass,
    frequencies_of_weights,
    most_likely,
)
from arden.errors import InputError
from tests.core.models import generator


def reference(below: list[int], width: list[int]) -> bytes:
    """Places and widths in units of 2⁻²⁴ -> asymmetric numeral systems by the book: 64 bits of
    state, words of 32."""
    state, words = 0, []
    for start, size in zip(below[::-1], width[::-1], strict=True):
        if state >= size << 40:
            words.append(state & 0xFFFFFFFF)
            state >>= 32
        state = (state // size << 24) + start + state % size
    while state:
        words.append(state & 0xFFFFFFFF)
        state >>= 32
    return np.array(words, dtype="<u4").tobytes()


def some_masses(rows: int, symbols: int, sharpness: float = 3.0) -> Tensor:
    logits = torch.randn(rows, symbols, generator=generator(symbols), dtype=torch.float64)
    return (sharpness * logits).log_softmax(dim=1)


@pytest.mark.parametrize("num_symbols", [1, 2, 3, 17, 256, 65_536])
def test_the_coder_is_the_one_of_the_book(num_symbols: int) -> None:
    rows = 300 if num_symbols < 1000 else 20
    frequencies = frequencies_of_mass(some_masses(rows, num_symbols))
    assert int(frequencies.min()) >= 1
    assert torch.equal(frequencies.sum(dim=1), torch.full((rows,), SHARED))
    symbols = torch.randint(num_symbols, (rows,), generator=generator(1))
    writer = SymbolWriter()
    for part in (slice(0, 7), slice(7, 7), slice(7, rows)):
        writer.code(frequencies[part], symbols[part])
    packed = writer.finish()
    width = frequencies.gather(1, symbols[:, None])[:, 0]
    below = 1 + frequencies.cumsum(1).gather(1, symbols[:, None])[:, 0] - width
    assert packed == reference(below.tolist(), width.tolist())
    reader = SymbolReader(packed)
    read = [reader.code(frequencies[part], None) for part in (slice(0, 100), slice(100, rows))]
    assert torch.equal(torch.cat(read), symbols)
    reader.finish()


def test_long_messages_are_encoded_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    frequencies = frequencies_of_mass(some_masses(50, 5))
    symbols = torch.randint(5, (50,), generator=generator(1))

    def packed() -> bytes:
        writer = SymbolWriter()
        writer.code(frequencies, symbols)
        return writer.finish()

    whole = packed()
    monkeypatch.setattr("arden.coding.entropy._SLICE", 7)
    assert packed() == whole


def test_a_symbol_costs_what_its_probability_says() -> None:
    log_pmf = some_masses(20_000, 2, 4.0)
    mass = log_pmf.exp()
    symbols = (torch.rand(20_000, generator=generator(2), dtype=torch.float64) < mass[:, 1]).long()
    writer = SymbolWriter()
    writer.code(frequencies_of_mass(log_pmf), symbols)
    bits = -log_pmf.gather(1, symbols[:, None]).sum().item() / math.log(2)
    assert 0 <= 8 * len(writer.finish()) - bits < 66  # a state of 64 bits, and rounding


def test_frequencies_are_probabilities() -> None:
    log_pmf = torch.tensor([[0.0, -math.inf, -math.inf], [-40.0, 0.0, -50.0]]).double()
    assert frequencies_of_mass(log_pmf).tolist() == [[SHARED - 2, 1, 1], [1, SHARED - 2, 1]]
    for wrong in (math.nan, math.inf, -1.0):
        with pytest.raises(InputError, match="probabilities that sum to 1, got a sum of"):
            frequencies_of_mass(torch.tensor([[0.0, -math.inf], [wrong, -2.0]]).double())
    with pytest.raises(InputError, match="at most 1,048,576 symbols to code, got 1,048,577"):
        frequencies_of_weights(torch.ones(1, 2**20 + 1, dtype=torch.int64))
    assert most_likely(torch.tensor([[1, 5, 5], [7, 0, 7]])).tolist() == [1, 0]
    weights = torch.tensor([[2**30, 0, 1], [1, 1, 1]])
    frequencies = frequencies_of_weights(weights)
    assert torch.equal(frequencies.sum(dim=1), torch.full((2,), SHARED))
    assert frequencies.tolist() == [[SHARED - 3, 1, 2], [5592404, 5592405, 5592405]]


@pytest.mark.parametrize(
    "packed", [b"abc", b"\1\0\0\0\0\0\0\0", b"\xff" * 40, b"\1\0\0\0\0\0\0\x80"]
)
def test_words_that_nobody_wrote_are_noticed(packed: bytes) -> None:
    frequencies = frequencies_of_mass(some_masses(4, 3))

    def read() -> None:
        reader = SymbolReader(packed)
        reader.code(frequencies, None)
        reader.finish()

    with pytest.raises(DamagedError):
        read()


def test_a_guard_that_comes_out_is_noticed() -> None:
    coder = constriction.stream.stack.AnsCoder()
    family = constriction.stream.model.Categorical(perfect=False)
    table = np.array([[1.0, SHARED, 1.0]]) - 1
    for guard in (0, 2):
        coder.encode_reverse(np.array([guard], dtype=np.int32), family, table)
        reader = SymbolReader(coder.get_compressed().astype("<u4").tobytes())
        with pytest.raises(DamagedError, match="guard"):
            reader.code(torch.tensor([[SHARED]]), None)
        coder.clear()


@pytest.mark.parametrize("num_symbols", [2, 5])
def test_what_is_counted_costs_its_entropy(num_symbols: int) -> None:
    rows, columns = 400, 3
    share = torch.tensor([0.02, 0.3, 0.9])
    noise = torch.rand(rows, columns, generator=generator(4))
    symbols = torch.where(noise < share, num_symbols - 1, 0)
    writer = SymbolWriter()
    assert torch.equal(code_counted(writer, symbols, rows, columns, num_symbols), symbols)
    packed = writer.finish()
    read = code_counted(SymbolReader(packed), None, rows, columns, num_symbols)
    assert torch.equal(read, symbols)
    ones = (symbols > 0).double().mean(dim=0)
    entropy = -(ones * ones.log2() + (1 - ones) * (1 - ones).log2()).sum().item() * rows
    # Krichevsky and Trofimov: half a logarithm of the rows for each free number, and a constant.
    learnt = columns * ((num_symbols - 1) / 2 * math.log2(rows) + num_symbols)
    assert entropy <= 8 * len(packed) < entropy + learnt + 64
