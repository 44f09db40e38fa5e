"""Sounds: the μ-law by its formula, the files that are read and those that are refused."""

from __future__ import annotations

import io
import math
import wave

import numpy as np
import pytest

from arden.data import load_data, read_rows
from arden.data.readers.wav_file import mu_law_decode, mu_law_encode, read_wav, wav_bytes
from arden.data.reading import read_windows
from arden.errors import ArdenError


def wav(samples, width=2, channels=1, rate=8000) -> bytes:
    """Raw numbers as they stand in the file -> a .wav file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        kinds = {1: "u1", 2: "<i2", 4: "<i4"}
        file.writeframes(np.asarray(samples).astype(kinds[width]).tobytes())
    return buffer.getvalue()


def symbols(path) -> list[int]:
    """A .wav file -> its symbols."""
    [document] = read_wav(path).parts["all"]
    return document.values.tolist()


def message(action, *args, **options) -> str:
    with pytest.raises(ArdenError) as caught:
        action(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_formula():
    for x in (-1.0, -0.3, -1e-3, 0.0, 1e-5, 0.02, 0.999, 1.0):
        companded = math.copysign(math.log(1 + 255 * abs(x)) / math.log(256), x)
        assert mu_law_encode(np.array(x)) == math.floor((companded + 1) / 2 * 255 + 0.5)
    for s in (0, 1, 100, 127, 128, 200, 255):
        y = 2 * s / 255 - 1
        assert mu_law_decode(s) == pytest.approx(math.copysign((256 ** abs(y) - 1) / 255, y))
    assert mu_law_encode(np.array([-7.0, 7.0])).tolist() == [0, 255]


def test_every_symbol_comes_back_even_through_a_file(tmp_path):
    every = np.arange(256)
    assert mu_law_encode(mu_law_decode(every)).tolist() == every.tolist()
    assert np.abs(mu_law_decode(every)).max() == pytest.approx(1.0)
    (tmp_path / "x.wav").write_bytes(wav_bytes(mu_law_decode(every), 8000))
    assert symbols(tmp_path / "x.wav") == every.tolist()


def test_both_widths_and_the_mix_of_channels(tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(wav([0, 64, 128, 255], width=1))
    assert symbols(path) == mu_law_encode(np.array([-1, -0.5, 0, 127 / 128])).tolist()
    path.write_bytes(wav([-32768, -16384, 0, 32767]))
    assert symbols(path) == mu_law_encode(np.array([-1, -0.5, 0, 32767 / 32768])).tolist()
    path.write_bytes(wav([[16384, 0], [-8192, 8192], [400, 200]], channels=2))
    assert symbols(path) == mu_law_encode(np.array([0.25, 0.0, 300 / 32768])).tolist()
    assert "channels mixed down to their mean" in read_wav(path).notes


def test_a_data_set_of_one_sound(tmp_path):
    path = tmp_path / "x.wav"
    samples = np.random.default_rng(0).integers(-3000, 3000, 5000)
    path.write_bytes(wav(samples, rate=11025))
    data = load_data(path)
    schema = data.schema
    assert (schema.kind, schema.event_shape, schema.num_symbols) == ("audio", (256,), 256)
    assert (schema.sample_rate, schema.stride) == (11025, 128)
    expected = mu_law_encode(samples / 32768).tolist()
    assert data.test.values[data.test.scored].tolist() == expected[4500:]
    assert data.valid.values[data.valid.scored].tolist() == expected[4000:4500]
    assert "11025 Hz, 256 μ-law symbols" in data.protocol
    assert "each sample scored once with at least 128 before it" in data.protocol
    assert "mixed down" not in data.protocol
    rows = read_rows(path, schema)
    assert rows.values[rows.scored].tolist() == expected
    path.write_bytes(wav(samples, rate=8000))
    told = message(read_rows, path, schema)
    assert told == ("x.wav: expected sounds of 11025 Hz as the model was fitted to, got 8000 Hz.")


def test_folders_of_classes(tmp_path):
    for number in range(12):
        folder = tmp_path / ("low" if number < 6 else "high")
        folder.mkdir(exist_ok=True)
        (folder / f"{number:02}.wav").write_bytes(wav(np.arange(40 + number) * 700))
    (tmp_path / "LICENCE.txt").write_text("free")
    data = load_data(tmp_path, window=16)
    assert data.schema.class_names == ("high", "low")
    assert set(data.train.labels.tolist()) == {0, 1}
    names, windows = read_windows(tmp_path, data.schema)
    assert len(names) == 12
    assert windows.take().scored.sum() == sum(range(40, 52))
    (tmp_path / "low" / "00.wav").write_bytes(wav(np.arange(40), rate=44100))
    told = message(load_data, tmp_path)
    assert "all sounds need one sample rate, got 8000 Hz in high/06.wav and 44100 Hz" in told


def corrupted(kind: str) -> bytes:
    """What is wrong -> such a file."""
    good = wav(np.arange(100))
    return {
        "cut": good[:-10],
        "cut head": good[:20],
        "empty": b"",
        "no wave": b"RIFF" + bytes(40),
        "text": b"hello, this is a text and no sound at all " * 3,
        "float": good[:20] + b"\x03\x00" + good[22:],
        "wide": wav(np.arange(100), width=4),
        "rate": good[:24] + bytes(4) + good[28:],
    }[kind]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("cut", "cut short: its header says 100 samples, but it holds 95."),
        ("cut head", "expected a WAV file of uncompressed 8-bit or 16-bit samples"),
        ("empty", "expected a WAV file of uncompressed 8-bit or 16-bit samples (it is cut short)"),
        ("no wave", "expected a WAV file"),
        ("text", "expected a WAV file"),
        ("float", "expected a WAV file of uncompressed 8-bit or 16-bit samples (unknown format"),
        ("wide", "expected samples of 8 or 16 bits, got 32."),
        ("rate", "expected a sample rate of at least 1 Hz, got 0."),
    ],
)
def test_files_that_are_refused(tmp_path, kind, told):
    path = tmp_path / "x.wav"
    path.write_bytes(corrupted(kind))
    text = message(load_data, path)
    assert told in text
    assert text.startswith(str(path))


def test_no_sample(tmp_path):
    (tmp_path / "x.wav").write_bytes(wav([]))
    assert "expected at least one sample, got none" in message(load_data, tmp_path / "x.wav")
