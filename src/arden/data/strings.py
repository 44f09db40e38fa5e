"""Lines of texts -> a data set of strings of any length, each with the symbol that ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from arden.data.alphabets import alphabet_of, symbols_of
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.documents import Document, DocumentSource
from arden.data.labels import class_names_of, encode_labels
from arden.data.schema import END, Schema
from arden.data.splits import SPLIT_SEED, hold_out, three_way_split
from arden.errors import InputError

__all__ = ["infer_strings", "lines_in_memory", "strings_under"]

_MOST_VALUES = 2**30  # of a split, padding included: a gigabyte


@dataclass(frozen=True)
class _Lines:
    """N strings: where in the documents, one after the other, each begins, and how long it is.

    Lengths count the end symbol. `labels` are those of their documents; `empty` lines were dropped.
    """

    documents: list[Document]
    start: np.ndarray
    length: np.ndarray
    labels: list[str | None]
    empty: int

    def take(self, rows: np.ndarray) -> _Lines:
        """(n,) places -> those strings, in that order."""
        labels = [self.labels[row] for row in rows.tolist()]
        return replace(self, start=self.start[rows], length=self.length[rows], labels=labels)

    def texts(self) -> list[str]:
        """() -> the strings, without their ends."""
        whole = "".join(
            doc.values.astype("<u4").tobytes().decode("utf-32-le") for doc in self.documents
        )
        ends = (self.start + self.length - 1).tolist()
        return [whole[a:b] for a, b in zip(self.start.tolist(), ends, strict=True)]


def infer_strings(source: DocumentSource, seed: int = SPLIT_SEED) -> Dataset:
    """Texts -> a Dataset of their lines, each a string (N, L) with its end and then padding.

    Strings that come more than once stay as often as they come, and all of them on one side of the
    split, so that no test string was trained on; a split that is given stays as it is, and the
    protocol says how much of it repeats. Empty lines are dropped and counted.
    """
    given = {split: _lines(documents, source) for split, documents in source.parts.items()}
    parts, how = _split(given, seed, source.name)
    schema = _schema(source, parts)
    splits = {split: _rows(parts[split], schema, source, True) for split in SPLIT_NAMES}
    sizes = "/".join(str(len(splits[split])) for split in SPLIT_NAMES)
    empty = sum(lines.empty for lines in given.values())
    everything = [text for lines in given.values() for text in lines.texts()]
    about = [
        *source.notes,
        f"{len(everything)} lines, each a string that ends with its line end, "
        f"{len(set(everything))} of them different, duplicates kept",
        f"{empty} empty line{'' if empty == 1 else 's'} dropped",
        f"{len(schema.symbols)} symbols with the end in all splits, the longest training string "
        f"{schema.event_shape[0]} with its end",
        how,
        f"{sizes} strings",
    ]
    return Dataset(source.name, schema, **splits, protocol=f"{source.name}: {'; '.join(about)}.")


def lines_in_memory(source: Any) -> DocumentSource | None:
    """A list of texts -> a source of one line for each; None for anything else."""
    if isinstance(source, (list, tuple)) and all(isinstance(text, str) for text in source):
        for row, text in enumerate(source):
            if not text or END in text:
                wrong = "holds a line end" if text else "is empty"
                raise InputError(
                    f"strings: row {row} (counted from 0) {wrong}; expected at least one "
                    "character, and no line end: it ends every string by itself."
                )
        try:
            whole = "".join(text + END for text in source).encode("utf-32-le")
        except UnicodeEncodeError as error:
            lone = ord(error.object[error.start])
            raise InputError(
                f"strings: expected Unicode texts, got the lone surrogate U+{lone:04X}."
            ) from None
        document = Document("strings", np.frombuffer(whole, dtype="<u4"))
        return DocumentSource("strings", "text", {"all": [document]})
    return None


def strings_under(
    source: DocumentSource, schema: Schema, split: str | None = None, with_labels: bool = True
) -> Split:
    """Texts -> their lines under a stored schema, whatever their length; nothing is inferred.

    All lines of a source without splits, else those of `split` ("test" by default). Empty lines are
    dropped. Raises InputError for a character outside the alphabet, naming it, its line and its
    column.
    """
    return _rows(_lines(source.chosen(split), source), schema, source, with_labels)


def _lines(documents: list[Document], source: DocumentSource) -> _Lines:
    if source.kind != "text":
        raise InputError(f"{source.name}: expected texts to read lines of, got {source.kind}.")
    end, at, empty = ord(END), 0, 0
    ended, starts, lengths, labels = [], [], [], []
    for given in documents:
        document = given
        if len(given.values) and given.values[-1] != end:  # files need not end their last line
            document = replace(given, values=np.append(given.values, np.uint32(end)))
        ends = np.flatnonzero(document.values == end)
        length = np.diff(ends, prepend=-1)
        held = length > 1
        ended.append(document)
        starts.append(at + ends[held] + 1 - length[held])
        lengths.append(length[held])
        labels += [document.label] * int(held.sum())
        empty += int((~held).sum())
        at += len(document.values)
    if not labels:
        raise InputError(f"{source.name}: expected at least one line that is not empty, got none.")
    return _Lines(ended, np.concatenate(starts), np.concatenate(lengths), labels, empty)


def _split(given: dict[str, _Lines], seed: int, name: str) -> tuple[dict[str, _Lines], str]:
    """Lines by split -> exactly train, valid and test, and the words for how."""
    by_seed = f"by numpy default_rng({seed}).permutation"
    if "all" in given:
        distinct, place = _distinct(given["all"])
        if distinct < 3:
            raise InputError(
                f"{name}: at least 3 different strings are needed to split them into train, valid "
                f"and test, got {distinct}."
            )
        groups = three_way_split(distinct, seed, name)
        parts = {
            split: given["all"].take(np.flatnonzero(np.isin(place, group)))
            for split, group in zip(SPLIT_NAMES, groups, strict=True)
        }
        how = f"split 80/10/10 by different string, {by_seed}, so that none is in two splits"
        return parts, how
    parts, how = given, "split as given"
    if "valid" not in given:
        distinct, place = _distinct(given["train"])
        kept, held_out = hold_out(distinct, seed, name)
        train, valid = (
            given["train"].take(np.flatnonzero(np.isin(place, group))) for group in (kept, held_out)
        )
        parts = {"train": train, "valid": valid, "test": given["test"]}
        how = f"train and test as given, valid taken from train by different string, {by_seed}"
    seen = set(parts["train"].texts())
    shares = []
    for split in ("valid", "test"):
        texts = parts[split].texts()
        shares.append(f"{100 * sum(text in seen for text in texts) / len(texts):.1f} % of {split}")
    return parts, f"{how}; {' and '.join(shares)} also in train"


def _distinct(lines: _Lines) -> tuple[int, np.ndarray]:
    """Lines -> how many different strings, and which of them each is, by first appearance."""
    number: dict[str, int] = {}
    place = [number.setdefault(text, len(number)) for text in lines.texts()]
    return len(number), np.array(place, dtype=np.int64)


def _schema(source: DocumentSource, parts: dict[str, _Lines]) -> Schema:
    labels = [label for lines in parts.values() for label in lines.labels if label is not None]
    class_names: tuple[str, ...] = ()
    if labels:
        class_names = class_names_of([np.array(labels)], f"folders of {source.name}")
    documents = [document for lines in parts.values() for document in lines.documents]
    symbols = alphabet_of(documents, source.name)
    return Schema(
        "strings",
        (int(parts["train"].length.max()),),
        len(symbols),
        class_names=class_names,
        symbols=symbols,
    )


def _rows(lines: _Lines, schema: Schema, source: DocumentSource, with_labels: bool) -> Split:
    """Lines -> (N, L), L the longest of them: symbols, the end, and the end again as padding."""
    count, longest = len(lines.start), int(lines.length.max())
    if count * longest > _MOST_VALUES:
        raise InputError(
            f"{source.name}: expected at most {_MOST_VALUES:,} symbols when all strings are filled "
            f"up to the longest, got {count:,} strings of up to {longest:,}."
        )
    symbols = np.concatenate([symbols_of(doc, schema.symbols) for doc in lines.documents])
    before = np.cumsum(lines.length) - lines.length
    places = np.repeat(lines.start - before, lines.length) + np.arange(lines.length.sum())
    values = np.full((count, longest), schema.end, dtype=symbols.dtype)
    values[np.arange(longest) < lines.length[:, None]] = symbols[places]
    labels = None
    if with_labels and schema.class_names and None not in lines.labels:
        names = np.array(lines.labels, dtype=np.str_)
        where = f"folders of {source.name}"
        labels = torch.from_numpy(encode_labels(names, schema.class_names, count, where))
    return Split(torch.from_numpy(values), labels)
