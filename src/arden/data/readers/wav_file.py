"""Sounds: a .wav file, or a folder of them, as μ-law symbols; and samples back into a file."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from arden.data.documents import Document, DocumentSource
from arden.data.readers.folders import fingerprint_files, walk_folder
from arden.data.sources import fingerprint
from arden.errors import FileError, InputError

__all__ = [
    "MU_LAW_SYMBOLS",
    "WAV_SUFFIX",
    "amplitudes_of_int16",
    "mu_law_decode",
    "mu_law_encode",
    "read_wav",
    "wav_bytes",
]

WAV_SUFFIX = ".wav"
MU_LAW_SYMBOLS = 256
_MU = MU_LAW_SYMBOLS - 1
_FULL_SCALE = 1 << 15  # of 16-bit samples


def mu_law_encode(amplitude: np.ndarray) -> np.ndarray:
    """(…) amplitudes in −1..1 -> (…) symbols 0..255, uint8: finer steps where it is quiet.

    (ITU-T G.711 with μ = 255, as quantised by van den Oord et al., "WaveNet", 2016.)

    >>> mu_law_encode(np.array([-1.0, 0.0, 0.01, 1.0])).tolist()
    [0, 128, 157, 255]
    """
    clipped = np.clip(amplitude, -1.0, 1.0)
    companded = np.sign(clipped) * np.log1p(_MU * np.abs(clipped)) / np.log1p(_MU)
    return ((companded + 1) / 2 * _MU + 0.5).astype(np.uint8)


def mu_law_decode(symbols: np.ndarray) -> np.ndarray:
    """(…) symbols 0..255 -> (…) amplitudes in −1..1, the middle of each symbol's step.

    >>> mu_law_encode(mu_law_decode(np.arange(256))).tolist() == list(range(256))
    True
    """
    companded = 2 * np.asarray(symbols, dtype=np.float64) / _MU - 1
    return np.sign(companded) * np.expm1(np.abs(companded) * np.log1p(_MU)) / _MU


def read_wav(path: Path) -> DocumentSource:
    """A .wav file of 8 or 16 bits, or a folder of them -> its sounds, one a file.

    Channels are mixed down to their mean, and amplitudes become μ-law symbols, which the notes say.
    Subfolders are splits or classes (see `walk_folder`). Raises FileError for files that are no
    such sound, InputError for files of several sample rates.
    """
    single = not path.is_dir()
    walked = {"all": [(path, None)]} if single else walk_folder(path, (WAV_SUFFIX,))
    parts: dict[str, list[Document]] = {}
    rates: dict[int, str] = {}
    most_channels = 1
    for split, members in walked.items():
        parts[split] = []
        for file, label in members:
            amplitude, rate = _read(file)
            name = file.name if single else file.relative_to(path).as_posix()
            most_channels = max(most_channels, amplitude.shape[1])
            symbols = mu_law_encode(amplitude.mean(axis=1))
            parts[split].append(Document(name, symbols, label))
            rates.setdefault(rate, name)
            if len(rates) > 1:
                (first_rate, first), (other_rate, other) = rates.items()
                raise InputError(
                    f"{path}: all sounds need one sample rate, got {first_rate} Hz in {first} and "
                    f"{other_rate} Hz in {other}."
                )
    files = [file for members in walked.values() for file, _ in members]
    digest = fingerprint(path) if single else fingerprint_files(path, files)
    rate = next(iter(rates))
    notes = [digest, f"{rate} Hz, {MU_LAW_SYMBOLS} μ-law symbols"]
    notes += ["channels mixed down to their mean"] if most_channels > 1 else []
    return DocumentSource(path.resolve().name, "audio", parts, rate, notes)


def amplitudes_of_int16(samples: np.ndarray) -> np.ndarray:
    """(…) samples of 16 bits -> (…) amplitudes in −1..1, float64."""
    return samples.astype(np.float64) / _FULL_SCALE


def wav_bytes(amplitude: np.ndarray, sample_rate: int) -> bytes:
    """(L,) amplitudes in −1..1, samples a second -> a .wav file of one channel of 16 bits.

    Read again, what `mu_law_decode` gave becomes the symbols it was.
    """
    scaled = np.rint(np.asarray(amplitude) * _FULL_SCALE)
    samples = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _read(path: Path) -> tuple[np.ndarray, int]:
    """A .wav file -> amplitudes (L, channels) in −1..1, samples a second."""
    try:
        with path.open("rb") as opened, wave.open(opened) as file:
            channels, width, rate, length, *_ = file.getparams()
            content = file.readframes(length)
    except (wave.Error, EOFError, RuntimeError) as error:  # the last: a size beyond the file's end
        reason = str(error) or "it is cut short"
        raise FileError(
            f"{path}: expected a WAV file of uncompressed 8-bit or 16-bit samples ({reason})."
        ) from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None
    if width not in (1, 2):
        raise FileError(f"{path}: expected samples of 8 or 16 bits, got {8 * width}.")
    if rate < 1:
        raise FileError(f"{path}: expected a sample rate of at least 1 Hz, got {rate}.")
    if len(content) != length * channels * width:
        raise FileError(
            f"{path}: cut short: its header says {length} samples, "
            f"but it holds {len(content) // (channels * width)}."
        )
    if width == 1:  # unsigned, silence at 128
        amplitude = (np.frombuffer(content, np.uint8).astype(np.float64) - 128) / 128
    else:
        amplitude = amplitudes_of_int16(np.frombuffer(content, "<i2"))
    return amplitude.reshape(-1, channels), rate
