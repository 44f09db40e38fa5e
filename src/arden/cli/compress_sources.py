"""What `arden compress` is given, as rows or documents; and the bytes that others compress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from arden.coding.chunks import most_rows
from arden.coding.escapes import lift_foreign, text_bytes, text_symbols
from arden.coding.fields import number, short_text
from arden.coding.general_purpose import GeneralPurpose
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema, Split
from arden.data.catalogue import DATASETS
from arden.data.documents import Document, DocumentSource
from arden.data.labels import encode_labels
from arden.data.readers.numpy_file import value_dtype
from arden.data.readers.text_file import TEXT_SUFFIX
from arden.data.reading import read_chunks, read_documents
from arden.errors import FileError
from arden.tasks.compress import Packed, Packing, pack_documents, pack_rows

__all__ = ["Source", "packed_source"]


@dataclass
class Source:
    """Parts of a file as they come, with the share of the data read so far; what one scalar is
    called, how many there are where the model is not given all, what others make of it."""

    parts: Iterator[tuple[Packed, float]]
    unit: str
    others: GeneralPurpose | None
    characters: int | None = None


def packed_source(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    data: str,
    how: Packing,
    *,
    split: str | None,
    data_dir: Path | None,
    compare: bool,
) -> Source:
    """A model, its schema, the name of a set or file -> what is written of it, part by part.

    Raises:
        InputError, FileError: as reading and `compress` do.
    """
    path = Path(data).expanduser()
    is_file = data not in DATASETS and path.suffix.lower() == TEXT_SUFFIX and path.is_file()
    if schema.kind == "strings" and is_file:
        return _lines(model, schema, path, how, compare)
    if schema.is_sequence:
        found = read_documents(data, schema, split=split, data_dir=data_dir)
        if found is not None:
            return _documents(model, schema, path, *found, how, compare)
    return _rows(model, schema, data, how, split, data_dir, compare)


def _rows(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    data: str,
    how: Packing,
    split: str | None,
    data_dir: Path | None,
    compare: bool,
) -> Source:
    image = schema.event_shape if schema.kind == "image" else None
    most = max((level or 0 for level in schema.levels), default=0) or schema.num_symbols
    others = GeneralPurpose(most, image) if compare else None
    path = Path(data).expanduser()
    is_array = data not in DATASETS and path.suffix.lower() in (".npy", ".npz") and path.is_file()
    share = 0.0

    def pieces() -> Iterator[Split]:
        nonlocal share
        labels = model.context_size > 0
        rows = most_rows(schema.num_variables)
        found = read_chunks(data, schema, rows, split=split, with_labels=labels, data_dir=data_dir)
        for piece, share_read in found:
            share = share_read
            if others is not None:
                others.add(piece.values.numpy())
            yield piece

    # Read once for its dtype alone: a schema keeps values in the smallest that holds them.
    dtype = value_dtype(path, split) if is_array else None
    parts = pack_rows(model, pieces(), how, dtype=dtype)
    unit = "symbol" if schema.kind in ("strings", "text", "audio") else "dim"
    return Source(((part, share) for part in parts), unit, others)


def _documents(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    path: Path,
    source: DocumentSource,
    documents: list[Document],
    how: Packing,
    compare: bool,
) -> Source:
    """Texts byte for byte, whatever their line ends; sounds as the symbols they are modelled by."""
    others = GeneralPurpose() if compare else None
    symbols, foreign, characters = [], [], 0
    for document in documents:
        if schema.kind == "text":
            points = document.values
            if path.exists():
                file = path / document.name if path.is_dir() else path
                points = text_symbols(_content(file), str(file))
            raw = text_bytes(points)
            lifted, beside = lift_foreign(points, schema.symbols)
        else:
            points = lifted = document.values
            raw, beside = points.tobytes(), b""
        if others is not None:
            others.add_bytes(raw)
        symbols.append(torch.from_numpy(lifted.astype(np.int64)).to(schema.dtype))
        foreign.append(beside)
        characters += len(points)
    beside = b"d" + number(len(documents))
    beside += b"".join(short_text(document.name) for document in documents)
    beside += b"".join(number(len(some)) + some for some in foreign)
    labels = None
    given = [document.label for document in documents]
    if model.context_size and None not in given:
        names, where = np.array(given, dtype=np.str_), f"folders of {source.name}"
        classes = encode_labels(names, schema.class_names, len(documents), where)
        labels = torch.from_numpy(classes)
    stride = schema.stride or max(1, schema.event_shape[0] // 2)
    parts = pack_documents(model, symbols, stride, how, labels, beside)
    total, done = max(characters, 1), 0

    def shared() -> Iterator[tuple[Packed, float]]:
        nonlocal done
        for part in parts:
            done += part.scalars
            yield part, min(1.0, done / total)

    return Source(shared(), source.unit, others, characters)


def _lines(
    model: AutoregressiveModel | Mixture, schema: Schema, path: Path, how: Packing, compare: bool
) -> Source:
    """Every line of a text a string, empty ones too, so that the text comes back byte for byte."""
    content = _content(path)
    points = text_symbols(content, str(path))
    symbols, foreign = lift_foreign(points, schema.symbols)
    assert schema.end is not None
    unended = len(symbols) > 0 and symbols[-1] != schema.end
    if unended or not len(symbols):
        symbols, unended = np.append(symbols, schema.end), True
    others = GeneralPurpose() if compare else None
    if others is not None:
        others.add_bytes(content)
    ends = np.flatnonzero(symbols == schema.end)
    lengths = np.diff(ends, prepend=-1)
    width, share = int(lengths.max()), 0.0

    def pieces() -> Iterator[Split]:
        nonlocal share
        rows = most_rows(width)
        for start in range(0, len(ends), rows):
            some = slice(start, start + rows)
            values = np.full((len(ends[some]), width), schema.end, dtype=np.int64)
            begins = ends[some] + 1 - lengths[some]
            inside = np.arange(width) < lengths[some, None]
            places = begins[:, None] + np.arange(width)
            values[inside] = symbols[places[inside]]
            share = min(1.0, (start + rows) / len(ends))
            yield Split(torch.from_numpy(values).to(schema.dtype))

    beside = b"s" + number(int(unended)) + foreign
    parts = pack_rows(model, pieces(), how, beside=beside)
    return Source(((part, share) for part in parts), "character", others, len(points))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error})") from None
