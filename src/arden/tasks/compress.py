"""Compress: −log₂ p(x) bits for x, and a few more; nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.coding.chunks import Rows, lanes_of, most_rows
from arden.core.latent import AnyModel
from arden.data.dataset import Split
from arden.errors import InputError
from arden.storage.folders import write_atomically
from arden.tasks._coded_rows import (
    check_documents,
    check_labels,
    check_rows,
    coding_model,
    dtype_name,
    tensor_of,
)
from arden.tasks._packed_file import Packed, PackedFile, Packing
from arden.tasks.verbs import exact

__all__ = ["LANE", "Packed", "Packing", "compress", "pack_documents", "pack_rows"]

LANE = 16_384
"""Symbols of a document that are coded one after the other; the next lane starts beside them."""
_LANES = 64  # coded side by side

Values = Tensor | np.ndarray | Split | Sequence[Any]


def compress(
    model: AnyModel,
    x: Values,
    *,
    labels: Tensor | None = None,
    observed: Tensor | None = None,
    stride: int | None = None,
    out: str | os.PathLike[str] | None = None,
    portable: bool = False,
    verify: bool = True,
    batch_size: int | None = None,
    threads: int = 1,
    beside: bytes = b"",
) -> bytes:
    """(N, *event) of whole numbers -> the bytes of an .arden file, which `decompress` gives back.

    The same walk writes and reads, in float64 on the CPU, ``batch_size`` rows side by side on
    ``threads`` threads, which the file says. Of a class-conditional model ``labels`` (N,) are coded
    too; of values that are not ``observed`` (N, *event) only that they are not. A `Split` brings
    its own. With ``stride`` x is a document (L,), or a list of them, under a model of windows.
    ``portable``: with whole numbers alone, so that any machine can read it (FVSBN, NADE, MADE).
    ``verify`` decodes everything at once and compares. ``out`` is a file to write as well.

    Raises:
        InputError: a model with a density, values that the model does not know, a layout that
            needs too much memory, and what `portable` cannot do.
        FileError: ``out`` cannot be written.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("nade", data, hidden=16, epochs=2, progress=False)
    >>> packed = arden.compress(model, data.test.values)
    >>> len(packed) < data.test.values.numel() / 8
    True
    """
    how = Packing(portable, verify, batch_size, threads, score=False)
    if labels is not None and not exact("compress", model).context_size:
        raise InputError("labels: this model takes none, expected None")
    if stride is not None:
        documents = [tensor_of(part) for part in (x if isinstance(x, (list, tuple)) else [x])]
        parts = pack_documents(model, documents, stride, how, labels, beside)
    else:
        split = x if isinstance(x, Split) else Split(tensor_of(x), labels, observed)
        parts = pack_rows(model, [split], how, beside=beside)
    packed = b"".join(part.content for part in parts)
    if out is not None:
        write_atomically(Path(out), packed)
    return packed


def pack_rows(
    model: AnyModel,
    chunks: Iterable[Split],
    how: Packing,
    *,
    dtype: str | None = None,
    beside: bytes = b"",
) -> Iterator[Packed]:
    """A model, rows in pieces of any size -> the bytes of a file, piece by piece.

    ``dtype`` is that of the values on their way out, when it is not that of the first piece.

    Raises:
        InputError: as `compress`.
    """
    known = coding_model(model, "compress")
    file: PackedFile | None = None
    for piece in chunks:
        if piece.scored is not None:
            raise InputError("x: expected rows, got windows that overlap; give their documents")
        rows = check_rows(known, piece)
        if file is None:
            outside = dtype or dtype_name(piece.values.dtype)
            file = PackedFile(known, how, outside, tuple(piece.values.shape[1:]))
            yield Packed(file.begin(beside=beside))
        size = most_rows(rows.values.shape[1])
        for start in range(0, len(rows.values), size):
            yield file.add(rows.take(slice(start, start + size)))
    if file is None:
        raise InputError("data: expected at least one row, got none")
    yield Packed(file.end())


def pack_documents(
    model: AnyModel,
    documents: Sequence[Tensor],
    stride: int,
    how: Packing,
    labels: Tensor | None = None,
    beside: bytes = b"",
) -> Iterator[Packed]:
    """A model of windows, documents (L,) of symbols, the stride -> the bytes of a file.

    Raises:
        InputError: as `compress`; a model that cannot go on where a window ends.
    """
    known = coding_model(model, "compress")
    window = check_documents(known, documents, stride)
    given = check_labels(known, labels, len(documents))
    lengths = tuple(map(len, documents))
    file = PackedFile(known, how, dtype_name(documents[0].dtype), lengths)
    yield Packed(file.begin(stride=stride, lane=LANE, beside=beside))
    lanes = list(lanes_of(lengths, LANE))
    for start in range(0, len(lanes), _LANES):
        some = lanes[start : start + _LANES]
        each = torch.tensor([length for _, _, length in some])
        values = torch.zeros(len(some), int(each.max()), dtype=torch.int64)
        for row, (document, begin, length) in enumerate(some):
            values[row, :length] = documents[document][begin : begin + length].long()
        of_lanes = None
        if given is not None:
            of_lanes = given[torch.tensor([document for document, _, _ in some])]
        yield file.add(Rows(values, of_lanes), each, window)
    yield Packed(file.end())
