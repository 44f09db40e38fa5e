"""Documents longer than any event, in windows: each symbol scored once, with what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from arden.data.dataset import Split
from arden.errors import InputError

__all__ = ["Windows", "check_window", "scoring_windows", "training_windows"]


@dataclass(frozen=True, eq=False)
class Windows:
    """N windows of W symbols over documents that stand one after the other in `symbols` (M,).

    For each window, (N,) int64: its `document`, where in `symbols` it starts (`start`), how many
    symbols of the document it holds (`length`; the rest is padding), and the place in it of its
    first scored symbol (`first_scored`; None for windows that are trained on, whose whole
    likelihood counts). `labels` (N,) are those of the documents.
    """

    symbols: np.ndarray
    window: int
    document: np.ndarray
    start: np.ndarray
    length: np.ndarray
    first_scored: np.ndarray | None = None
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: slice = slice(None)) -> Split:
        """Which windows -> a Split of them: values (n, W), and what is observed and scored.

        Row by row, the scored values are the symbols of the documents in their order.
        """
        places = np.arange(self.window)
        # What stands beyond the end of a document may be anything, here a symbol of the next one;
        # it is replaced by 0, so that equal documents give equal rows.
        index = np.minimum(self.start[rows, None] + places, len(self.symbols) - 1)
        observed = places < self.length[rows, None]
        values = np.where(observed, self.symbols[index], self.symbols.dtype.type(0))
        scored = None
        if self.first_scored is not None:
            scored = torch.from_numpy(observed & (places >= self.first_scored[rows, None]))
        return Split(
            torch.from_numpy(values),
            None if self.labels is None else torch.from_numpy(self.labels[rows].copy()),
            None if observed.all() else torch.from_numpy(observed),
            scored,
        )


def scoring_windows(
    documents: Sequence[np.ndarray], window: int, stride: int, labels: np.ndarray | None = None
) -> Windows:
    """Documents (L,) of symbols, W, S ≤ W / 2 -> windows that score each symbol exactly once.

    A document's first window scores all it holds; each of the next ones starts S symbols later and
    scores the S symbols that are new, given the W − S ≥ W / 2 before them. A window that reaches
    beyond the end is padded, and a symbol's probability depends on nothing after it: what a
    document is given is the exact density of a model with a memory of one window.

    >>> rows = scoring_windows([np.arange(5, dtype=np.uint8)], window=4, stride=1).take()
    >>> rows.values.tolist(), rows.scored.long().tolist()
    ([[0, 1, 2, 3], [1, 2, 3, 4]], [[1, 1, 1, 1], [0, 0, 0, 1]])
    """
    check_window(window, stride)
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    # An empty document has the probability 1, and no window.
    counts = np.where(lengths > 0, 1 + np.maximum(0, -(-(lengths - window) // stride)), 0)
    document, number = _numbered(counts)
    place = number * stride
    length = np.minimum(window, lengths[document] - place)
    first_scored = np.where(number > 0, window - stride, 0)
    return _windows(documents, window, document, place, length, first_scored, labels)


def training_windows(
    documents: Sequence[np.ndarray], window: int, stride: int, labels: np.ndarray | None = None
) -> Windows:
    """Documents (L,) of symbols, W, S ≤ W / 2 -> windows to train on, each counted as a whole.

    They start S symbols apart, the last one where it ends with its document: nothing is padded
    except documents shorter than a window. A model so learns what stands in the first places of a
    window, wherever that falls in a document.

    >>> training_windows([np.arange(6, dtype=np.uint8)], window=4, stride=2).take().values.tolist()
    [[0, 1, 2, 3], [2, 3, 4, 5]]
    """
    check_window(window, stride)
    lengths = np.array([len(document) for document in documents], dtype=np.int64)
    counts = np.where(lengths > 0, 1 + np.maximum(0, -(-(lengths - window) // stride)), 0)
    document, number = _numbered(counts)
    last = np.maximum(0, lengths[document] - window)
    place = np.minimum(number * stride, last)
    length = np.minimum(window, lengths[document])
    return _windows(documents, window, document, place, length, None, labels)


def check_window(window: int, stride: int) -> None:
    """W, S -> (); raises InputError unless W ≥ 2 and 1 ≤ S ≤ W / 2."""
    for name, value, least in (("window", window, 2), ("stride", stride, 1)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InputError(f"{name} must be a whole number of at least {least}, got {value!r}.")
    if 2 * stride > window:
        raise InputError(
            f"stride must be at most half the window of {window}, so that every symbol is scored "
            f"with half a window before it, got {stride}."
        )


def _numbered(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows of each document -> for every window its document and its number in it."""
    document = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return document, np.arange(len(document)) - first[document]


def _windows(
    documents: Sequence[np.ndarray],
    window: int,
    document: np.ndarray,
    place: np.ndarray,
    length: np.ndarray,
    first_scored: np.ndarray | None,
    labels: np.ndarray | None,
) -> Windows:
    lengths = [len(symbols) for symbols in documents]
    offsets = np.cumsum([0, *lengths[:-1]])
    symbols = documents[0] if len(documents) == 1 else np.concatenate(documents)
    per_window = None if labels is None else labels[document]
    start = offsets[document] + place
    return Windows(symbols, window, document, start, length, first_scored, per_window)
