"""Documents -> a data set of windows: the alphabet, the split, and the protocol that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from arden.data.alphabets import alphabet_of, symbols_of
from arden.data.dataset import SPLIT_NAMES, Dataset
from arden.data.documents import Document, DocumentSource
from arden.data.labels import class_names_of, encode_labels
from arden.data.readers.folders import files_below
from arden.data.readers.image_folder import IMAGE_SUFFIXES
from arden.data.readers.text_file import TEXT_SUFFIX, read_text
from arden.data.readers.wav_file import MU_LAW_SYMBOLS, WAV_SUFFIX, read_wav
from arden.data.schema import Schema
from arden.data.sources import check_exists
from arden.data.splits import SPLIT_SEED, hold_out, three_way_split
from arden.data.windows import Windows, check_window, scoring_windows, training_windows
from arden.errors import InputError

__all__ = ["check_source", "infer_sequences", "read_documents", "split_documents", "windows_under"]

READERS = {TEXT_SUFFIX: read_text, WAV_SUFFIX: read_wav}
DEFAULT_WINDOW = {"text": 64, "audio": 256}
FEWEST_TO_CUT = 10  # symbols of one document, so that each of its three parts holds one


def read_documents(path: Path) -> DocumentSource | None:
    """A .txt or .wav file, or a folder of them -> its documents; None for anything else.

    A folder of sounds may hold texts about them, and a folder of pictures too: pictures go before
    .wav, .wav before .txt.
    """
    path = path.expanduser()
    if path.is_dir():
        order = (*IMAGE_SUFFIXES, WAV_SUFFIX, TEXT_SUFFIX)
        found = {file.suffix.lower() for file in files_below(path, order)}
        suffix = next((end for end in order if end in found), "")
    else:
        suffix = path.suffix.lower()
        if suffix in READERS:
            check_exists(path)
    reader = READERS.get(suffix)
    return None if reader is None else reader(path)


def infer_sequences(
    source: DocumentSource,
    seed: int = SPLIT_SEED,
    window: int | None = None,
    stride: int | None = None,
) -> Dataset:
    """Documents -> a Dataset of windows of W symbols (64 characters or 256 samples by default).

    One document is cut into 80/10/10 parts in its order: shuffled windows would overlap, and a
    model would be tested on what it has seen. Several documents are split by document. Validation
    and test windows start `stride` (W / 2 by default) apart and score each symbol once; training
    windows overlap by half and count as wholes.
    """
    parts, how = split_documents(source, seed)
    longest = max(len(document.values) for document in parts["train"])
    if window is None:
        window = max(2, min(DEFAULT_WINDOW[source.kind], longest))
    stride = window // 2 if stride is None and isinstance(window, int) else stride
    check_window(window, stride)
    if window > max(2, longest):
        raise InputError(
            f"window must be at most {max(2, longest)}, the length of the longest training "
            f"document of {source.name}, got {window}."
        )
    schema = _schema(source, parts, window, stride)
    splits = {}
    for split in SPLIT_NAMES:
        arrays, labels = _encoded(parts[split], schema, source, with_labels=True)
        windows = (
            training_windows(arrays, window, window // 2, labels)
            if split == "train"
            else scoring_windows(arrays, window, stride, labels)
        )
        splits[split] = windows.take()
    about = [*source.notes, _describe(source, parts, schema), how, _about_windows(source, schema)]
    sizes = "/".join(str(len(splits[split])) for split in SPLIT_NAMES)
    protocol = f"{source.name}: {'; '.join([*about, f'{sizes} windows'])}."
    return Dataset(source.name, schema, **splits, protocol=protocol)


def windows_under(
    source: DocumentSource, schema: Schema, split: str | None = None, with_labels: bool = True
) -> tuple[list[str], Windows]:
    """Documents -> the names of those of one split, and their windows under a stored schema.

    All documents of a source without splits, else those of `split` ("test" by default). Raises
    InputError for a character outside the alphabet, naming it, its line and its column, and for
    sounds of another sample rate.
    """
    check_source(source, schema)
    documents = source.chosen(split)
    arrays, labels = _encoded(documents, schema, source, with_labels)
    if not sum(map(len, arrays)):
        raise InputError(f"{source.name}: expected at least one {source.unit}, got none.")
    window = schema.event_shape[0]
    stride = schema.stride or max(1, window // 2)
    return [document.name for document in documents], scoring_windows(
        arrays, window, stride, labels
    )


def check_source(source: DocumentSource, schema: Schema) -> None:
    """Documents, a stored schema -> (); raises InputError for another kind or sample rate."""
    if source.kind != schema.kind:
        raise InputError(f"{source.name}: expected {schema.kind} data, got {source.kind}.")
    if schema.sample_rate is not None and source.sample_rate != schema.sample_rate:
        raise InputError(
            f"{source.name}: expected sounds of {schema.sample_rate} Hz as the model was fitted "
            f"to, got {source.sample_rate} Hz."
        )


def split_documents(
    source: DocumentSource, seed: int = SPLIT_SEED
) -> tuple[dict[str, list[Document]], str]:
    """Documents by split -> exactly train, valid and test, and the words for how."""
    name, parts = source.name, source.parts
    for split, documents in parts.items():
        if not any(len(document.values) for document in documents):
            where = "" if split == "all" else f" in {split}"
            raise InputError(f"{name}: expected at least one {source.unit}{where}, got none.")
    by_seed = f"by numpy default_rng({seed}).permutation"
    if "all" in parts:
        documents = parts["all"]
        if len(documents) == 1:
            pieces = _cut(documents[0], (0.8, 0.9), source)
            return dict(zip(SPLIT_NAMES, pieces, strict=True)), "cut 80/10/10 in its order"
        if len(documents) == 2:
            raise InputError(f"{name}: expected one document, or at least 3 to split, got 2.")
        groups = three_way_split(len(documents), seed, name)
        chosen = [[documents[index] for index in group] for group in groups]
        return dict(zip(SPLIT_NAMES, chosen, strict=True)), f"split 80/10/10 by document, {by_seed}"
    if set(parts) == set(SPLIT_NAMES):
        return parts, "split as given"
    train = parts["train"]
    if len(train) == 1:
        kept, held_out = _cut(train[0], (0.9,), source)
        how = "train and test as given, valid the last tenth of train"
        return {"train": kept, "valid": held_out, "test": parts["test"]}, how
    kept_index, held_out_index = hold_out(len(train), seed, name)
    return {
        "train": [train[index] for index in kept_index],
        "valid": [train[index] for index in held_out_index],
        "test": parts["test"],
    }, f"train and test as given, valid taken from train by document, {by_seed}"


def _cut(
    document: Document, shares: Sequence[float], source: DocumentSource
) -> list[list[Document]]:
    """One document, where to cut it -> its pieces in order, each a document of its own."""
    length = len(document.values)
    if length < FEWEST_TO_CUT:
        raise InputError(
            f"{source.name}: expected at least {FEWEST_TO_CUT} {source.unit}s to split, "
            f"got {length}."
        )
    # Shares are tenths: whole numbers, so that the cut is the same on every machine.
    ends = [length * round(share * 10) // 10 for share in shares]
    return [[replace(document, values=piece)] for piece in np.split(document.values, ends)]


def _schema(
    source: DocumentSource, parts: dict[str, list[Document]], window: int, stride: int
) -> Schema:
    everything = [document for split in SPLIT_NAMES for document in parts[split]]
    labels = [document.label for document in everything if document.label is not None]
    class_names: tuple[str, ...] = ()
    if labels:
        class_names = class_names_of([np.array(labels)], f"folders of {source.name}")
    if source.kind == "audio":
        return Schema(
            "audio",
            (window,),
            MU_LAW_SYMBOLS,
            class_names=class_names,
            sample_rate=source.sample_rate,
            stride=stride,
        )
    symbols = alphabet_of(everything, source.name)
    return Schema(
        "text",
        (window,),
        len(symbols),
        class_names=class_names,
        symbols=symbols,
        stride=stride,
    )


def _encoded(
    documents: Sequence[Document], schema: Schema, source: DocumentSource, with_labels: bool
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Documents -> their symbols 0..K-1, (L,) each, and the classes of all (or None)."""
    labels = None
    given = [document.label for document in documents]
    if with_labels and schema.class_names and None not in given:
        names, where = np.array(given, dtype=np.str_), f"folders of {source.name}"
        labels = encode_labels(names, schema.class_names, len(documents), where)
    if schema.kind == "audio":
        return [document.values for document in documents], labels
    return [symbols_of(document, schema.symbols) for document in documents], labels


def _describe(source: DocumentSource, parts: dict[str, list[Document]], schema: Schema) -> str:
    counts = [sum(len(document.values) for document in parts[split]) for split in SPLIT_NAMES]
    number = sum(len(documents) for documents in source.parts.values())
    sizes = "/".join(map(str, counts))
    words = f"{number} document{'s' if number > 1 else ''}, {sizes} {source.unit}s"
    if source.kind == "text":
        words += f", {len(schema.symbols)} different ones in all splits"
    return words


def _about_windows(source: DocumentSource, schema: Schema) -> str:
    window, stride = schema.event_shape[0], schema.stride or 1
    return (
        f"windows of {window}, in valid and test {stride} apart and each {source.unit} scored "
        f"once with at least {window - stride} before it (or all since its document began), "
        f"in train {window // 2} apart"
    )
