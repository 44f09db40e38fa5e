"""Whatever happens to a file, it is told in one sentence, and no wrong data comes out."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from dataclasses import replace

import pytest
import torch

import arden
from arden.coding.container import Chunk, Header, chunk_bytes, end_bytes, header_bytes, read_header
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.errors import ArdenError, FileError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, generator

MODEL = build(NADE, NADEOptions(4), Bernoulli(), Raster((6,)))
X = (torch.rand(40, 6, generator=generator(0)) < 0.5).to(torch.uint8)
STRINGS = build(GRU, GRUOptions(4), Categorical(3), UntilEnd(2))


@pytest.fixture(scope="module")
def packed() -> bytes:
    """() -> a file of three chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("arden.coding.chunks.MOST_SCALARS", 6 * 16)
        return arden.compress(MODEL, X, beside=b"beside")


def told(content: bytes) -> str:
    """A damaged file -> the sentence."""
    with pytest.raises(FileError) as error:
        arden.decompress(MODEL, content)
    sentence = str(error.value)
    assert sentence.startswith("data: ")
    assert "\n" not in sentence
    return sentence


def test_it_is_read_as_it_was_written(packed: bytes) -> None:
    read = arden.decompress(MODEL, packed)
    assert torch.equal(read.values, X)
    assert read.beside == b"beside"
    header, _, _ = read_header(io.BytesIO(packed), "data")
    assert Header.unpack(header.pack()) == header
    assert (header.dtype, header.event, header.threads, header.portable) == (
        "uint8",
        (6,),
        1,
        False,
    )
    assert header.made_by[1] == torch.__version__


def test_one_flipped_bit_anywhere_is_noticed(packed: bytes) -> None:
    for place in range(0, 8 * len(packed), 7):  # each of the eight bits in its turn
        damaged = bytearray(packed)
        damaged[place // 8] ^= 1 << place % 8
        sentence = told(bytes(damaged))
        assert any(
            word in sentence for word in ("damaged in", "cut short in", "not an Arden file")
        ), sentence


def test_every_truncation_and_every_addition_is_noticed(packed: bytes) -> None:
    for length in range(len(packed)):
        sentence = told(packed[:length])
        assert "cut short in" in sentence or "not an Arden file" in sentence
    for more in (b"\0", b"x", packed):
        assert f"damaged in what follows the end (before byte {len(packed)})" in told(packed + more)


def test_places_are_named(packed: bytes) -> None:
    assert "cut short in the header" in told(packed[:20])
    assert "cut short in chunk 3" in told(packed[:-30])
    assert "cut short in the end" in told(packed[:-1])
    assert "damaged in the header (before byte" in told(packed[:20] + b"?" + packed[21:])


def test_chunks_cannot_change_places_or_be_left_out(packed: bytes) -> None:
    _, _, place = read_header(io.BytesIO(packed), "data")
    begun = place.at
    ends = [begun]
    for chunk in ("1", "2", "3"):
        at = ends[-1] + 1
        numbers = []
        for _ in range(4):
            end = next(i for i in range(at, len(packed)) if packed[i] < 128) + 1
            numbers.append(sum((byte & 127) << 7 * n for n, byte in enumerate(packed[at:end])))
            at = end
        ends.append(at + 8 + numbers[3] + 8)
        assert numbers[0] == (16 if chunk < "3" else 8)
    one, two, three = (packed[a:b] for a, b in itertools.pairwise(ends))
    start, end = packed[:begun], packed[ends[-1] :]
    assert start + one + two + three + end == packed
    for order in ((two, one, three), (one, three), (one, one, two, three), (one, two), ()):
        assert "damaged in" in told(start + b"".join(order) + end)
    other = arden.compress(MODEL, 1 - X, beside=b"besidf")
    assert "damaged in" in told(other[:begun] + packed[begun:])


def test_another_model_is_named_as_the_reason(packed: bytes) -> None:
    other = build(NADE, NADEOptions(4), Bernoulli(), Raster((6,)))
    with torch.no_grad():
        other.network.outputs[3, 0, 2] += 1e-12  # type: ignore[index,operator,union-attr]
    for model in (other, STRINGS, build(NADE, NADEOptions(4), Bernoulli(), Raster((3, 2)))):
        with pytest.raises(FileError, match="data: it was compressed with another model"):
            arden.decompress(model, packed)


def test_another_format_is_named(packed: bytes) -> None:
    from arden.coding.container import digest

    begun = bytearray(packed[: read_header(io.BytesIO(packed), "data")[2].at - 8])
    begun[8] = 2
    newer = bytes(begun) + digest(bytes(begun)) + packed[len(begun) + 8 :]
    assert "format 2; this version of Arden reads 1" in told(newer)


def forged(packed: bytes, chunk: Chunk | None = None, **fields: object) -> bytes:
    """A file -> one that a stranger made with right checksums: another header, another chunk."""
    header, _, _ = read_header(io.BytesIO(packed), "data")
    begun, check = header_bytes(replace(header, **fields))  # type: ignore[arg-type]
    body = b""
    if chunk is not None:
        body, check = chunk_bytes(chunk, check)
    return begun + body + end_bytes(chunk.rows if chunk else 0, check)


def test_hostile_files_are_refused_in_bounded_memory(packed: bytes) -> None:
    chunk = Chunk(4, 0, 0, False, b"8 bytes.", b"")
    cases = [
        forged(packed, replace(chunk, rows=2**23)),
        forged(packed, replace(chunk, rows=10**6), batch=2**20),
        forged(packed, replace(chunk, component=1)),
        forged(packed, replace(chunk, words=b"abc")),
        forged(packed, replace(chunk, words=b"\0" * 8)),
        forged(packed, replace(chunk, words=b"\xff" * 800)),
        forged(packed, chunk, event=(3, 2)),
        forged(packed, chunk, num_classes=2),
        forged(packed, chunk, stride=4, lane=100),
        forged(packed, chunk, stride=3, lane=100),
        forged(packed, chunk, stride=3, lane=2**23, event=(2**60,)),
        forged(packed, chunk, threads=4096),
        forged(packed, replace(chunk, rows=0)),
    ]
    tracemalloc.start()
    for content in cases:
        told(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**28
    strings = arden.compress(STRINGS, torch.tensor([[0, 1, 2]]))
    for some in (
        replace(chunk, length=2**62),
        replace(chunk, length=2**25),
        replace(chunk, partly_observed=True, length=3),
    ):
        with pytest.raises(FileError, match="the file was not made by Arden"):
            arden.decompress(STRINGS, forged(strings, some))


def test_foreign_files_are_refused() -> None:
    for content in (b"", b"\x89ARDEN", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"\x80" * 99):
        assert "not an Arden file" in told(content)


def test_an_error_is_one_of_ours_whatever_the_bytes() -> None:
    source = torch.Generator().manual_seed(1)
    for length in (9, 30, 100):
        for _ in range(40):
            body = torch.randint(256, (length,), generator=source).to(torch.uint8).numpy().tobytes()
            with pytest.raises(ArdenError):
                arden.decompress(MODEL, b"\x89ARDEN\r\n\1" + body)
