"""The named texts and sounds: read from files in a data directory, in their customary splits."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from arden.data.dataset import Dataset
from arden.data.documents import Document, DocumentSource
from arden.data.readers.numpy_file import read_arrays
from arden.data.readers.text_file import code_points
from arden.data.readers.wav_file import MU_LAW_SYMBOLS, amplitudes_of_int16, mu_law_encode
from arden.data.sequences import split_documents
from arden.data.sets.places import data_file
from arden.data.sources import fingerprint
from arden.data.splits import SPLIT_SEED, hold_out
from arden.data.strings import infer_strings
from arden.errors import FileError

__all__ = ["load_names", "load_spoken_digits", "load_tiny_shakespeare"]

SHAKESPEARE = "tinyshakespeare.txt"
NAMES = "names.txt"
NUM_CUSTOMARY_TEST = 5  # recordings 0-4 of every digit by every speaker


def load_tiny_shakespeare(
    name: str = "tinyshakespeare", data_dir: Path | None = None
) -> DocumentSource:
    """ "tinyshakespeare" -> one text, cut in its order; the last tenth is the test.

    That tenth is what others call their validation part, after training on the other nine; here
    one of the nine validates, so that the test is looked at once.
    """
    whole = _text_of_archive(name, SHAKESPEARE, data_dir)
    whole.parts, _ = split_documents(whole)
    whole.notes.append(
        "train the first 80 %, valid the next 10 %, test the last 10 % (the customary validation "
        "part; training uses less than the customary 90 %)"
    )
    return whole


def load_names(name: str = "names", data_dir: Path | None = None) -> Dataset:
    """ "names" -> 32,033 first names, each a string that ends with its line.

    Some come twice; both then go to one side of the split.
    """
    return infer_strings(_text_of_archive(name, NAMES, data_dir))


def load_spoken_digits(name: str = "spoken-digits", data_dir: Path | None = None) -> DocumentSource:
    """ "spoken-digits" -> 1500 clips of spoken digits at 8 kHz, their class the digit."""
    path = data_file(name, data_dir)
    keys = ("audio", "offsets", "digit", "speaker", "index", "speakers", "rate")
    arrays = read_arrays(path, keys)
    audio, offsets, speakers = arrays["audio"], arrays["offsets"], arrays["speakers"].tolist()
    if audio.dtype != np.int16 or len(offsets) != len(arrays["digit"]) + 1:
        raise FileError(f"{path}: expected clips of int16 samples, one more offset than clips.")
    lowest, highest = np.iinfo(np.int16).min, np.iinfo(np.int16).max
    # Millions of samples take few values: each is encoded once.
    table = mu_law_encode(amplitudes_of_int16(np.arange(lowest, highest + 1)))
    symbols = table[audio.astype(np.int64) - lowest]
    clips = [
        Document(f"{digit}_{speakers[speaker]}_{index}.wav", symbols[start:end], str(digit))
        for digit, speaker, index, start, end in zip(
            arrays["digit"].tolist(),
            arrays["speaker"].tolist(),
            arrays["index"].tolist(),
            offsets[:-1].tolist(),
            offsets[1:].tolist(),
            strict=True,
        )
    ]
    is_test = (arrays["index"] < NUM_CUSTOMARY_TEST).tolist()
    test = [clip for clip, chosen in zip(clips, is_test, strict=True) if chosen]
    rest = [clip for clip, chosen in zip(clips, is_test, strict=True) if not chosen]
    train, valid = hold_out(len(rest), SPLIT_SEED, name)
    parts = {
        "train": [rest[index] for index in train],
        "valid": [rest[index] for index in valid],
        "test": test,
    }
    rate = int(arrays["rate"])
    notes = [
        f"{path.name} ({fingerprint(path)}), {rate} Hz, {MU_LAW_SYMBOLS} μ-law symbols, "
        "classes are the digits",
        f"test the recordings 0-{NUM_CUSTOMARY_TEST - 1} of each digit and speaker as customary, "
        f"valid a tenth of the other clips by numpy default_rng({SPLIT_SEED}).permutation",
    ]
    return DocumentSource(name, "audio", parts, rate, notes)


def _text_of_archive(name: str, file: str, data_dir: Path | None) -> DocumentSource:
    """The name of a set, a file of its archive -> that text, as one document."""
    path = data_file(name, data_dir)
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read(file)
    except KeyError:
        raise FileError(f"{path}: expected {file} in it, which it does not hold.") from None
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise FileError(f"{path}: not a readable archive ({error}).") from None
    document = Document(file, code_points(content, f"{file} in {path}"))
    notes = [f"{path.name} ({fingerprint(path)}), {file}, line ends as \\n"]
    return DocumentSource(name, "text", {"all": [document]}, notes=notes)
