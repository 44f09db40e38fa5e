"""Decompress: the same walk that compressed, its values read from a file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from arden.coding.chunks import (
    LARGEST_BATCH,
    Rows,
    bytes_per_row,
    code_chunk,
    contents,
    lanes_of,
    most_rows,
)
from arden.coding.container import Chunk, Header, read_chunks, read_header
from arden.coding.entropy import DamagedError, SymbolReader
from arden.coding.twins import Twin
from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import FileError
from arden.tasks._coded_rows import coding_model
from arden.tasks._walk_layout import made_here, name_of_model, twins_of, walked_alike
from arden.tasks.verbs import exact

__all__ = [
    "Unpacked",
    "decompress",
    "read_rows",
    "unpack",
]

Report = Callable[[float, int], None]


@dataclass(frozen=True, eq=False)
class Unpacked:
    """What came out: values (N, *event), of documents a list of (L,), in the dtype they had.

    ``labels`` (N,) int64 are those a class-conditional model needed; ``observed`` (N, *event) bool
    marks what was known, where not all was: the other values are 0. ``beside`` is what was put
    beside them.
    """

    values: Tensor | list[Tensor]
    labels: Tensor | None = None
    observed: Tensor | None = None
    beside: bytes = b""


def decompress(
    model: AnyModel,
    packed: bytes | str | os.PathLike[str],
    *,
    report: Report | None = None,
) -> Unpacked:
    """Bytes of `compress`, or a file of them -> exactly what was compressed with this model.

    How the walk is laid out, and its number of threads, are those of the file. ``report`` is told
    the share done and the rows so far.

    Raises:
        InputError: a model that cannot code.
        FileError: no .arden file, one made with another model, damaged at any place, or written
            where the same walk has other probabilities. Never returns anything but the data.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> packed = arden.compress(model, data.test.values)
    >>> bool((arden.decompress(model, packed).values == data.test.values).all())
    True
    """
    if isinstance(packed, (bytes, bytearray, memoryview)):
        return _whole(model, io.BytesIO(packed), "data", report)
    path = Path(packed)
    try:
        with path.open("rb") as file:
            return _whole(model, file, str(path), report)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error})") from None


def _whole(model: AnyModel, file: BinaryIO, name: str, report: Report | None) -> Unpacked:
    header, parts = unpack(model, file, name)
    values: list[Tensor] = []
    labels: list[Tensor] = []
    observed: list[Tensor | None] = []
    dtype = getattr(torch, header.dtype)
    for part, share in parts:
        values.append(part.values.to(dtype))
        if part.labels is not None:
            labels.append(part.labels)
        observed.append(part.observed)
        if report is not None:
            report(share, sum(map(len, values)))
    if header.stride:
        return _documents(header, values, labels)
    first = exact("decompress", model)
    event = header.event
    if first.event_shape:
        joined = torch.cat(values).reshape(-1, *event) if values else torch.zeros(0, *event)
    else:  # strings: every chunk is as long as its longest
        end = (first.models[0] if isinstance(first, Mixture) else first).ordering.end
        padded = [
            torch.nn.functional.pad(part, (0, event[0] - part.shape[1]), value=end or 0)
            for part in values
        ]
        joined = torch.cat(padded) if padded else torch.zeros(0, *event)
    return Unpacked(
        joined.to(dtype),
        torch.cat(labels) if labels else None,
        _observed(values, observed, event),
        header.beside,
    )


def _observed(
    values: list[Tensor], observed: list[Tensor | None], event: tuple[int, ...]
) -> Tensor | None:
    """What was known in every chunk, None for everything -> the same of all, or None."""
    if all(part is None for part in observed):
        return None
    known = [
        torch.ones(part.shape, dtype=torch.bool) if seen is None else seen
        for part, seen in zip(values, observed, strict=True)
    ]
    return torch.cat(known).reshape(-1, *event)


def _documents(header: Header, values: list[Tensor], labels: list[Tensor]) -> Unpacked:
    """Lanes -> the documents they were cut from."""
    pieces: list[list[Tensor]] = [[] for _ in header.event]
    classes: list[Tensor] = [torch.tensor(0)] * len(header.event)
    lanes = (lane for chunk in values for lane in chunk)
    of_lanes = (label for chunk in labels for label in chunk)
    for document, _, length in lanes_of(header.event, header.lane):
        pieces[document].append(next(lanes)[:length])
        if labels:
            classes[document] = next(of_lanes)
    empty = torch.zeros(0, dtype=getattr(torch, header.dtype))
    return Unpacked(
        [torch.cat(some) if some else empty for some in pieces],
        torch.stack(classes) if labels else None,
        beside=header.beside,
    )


def unpack(
    model: AnyModel, file: BinaryIO, name: str
) -> tuple[Header, Iterator[tuple[Rows, float]]]:
    """A model, a file, its name -> its header, and its rows chunk by chunk with the share read.

    Raises:
        InputError, FileError: as `decompress`, chunk by chunk.
    """
    known = coding_model(model, "decompress")
    header, check, place = read_header(file, name)
    if header.fingerprint != name_of_model(known):
        raise FileError(f"{name}: it was compressed with another model; expected this very one")

    def parts() -> Iterator[tuple[Rows, float]]:
        length = _check_layout(known, header, name)
        twins = twins_of(known, header.portable)
        lanes = lanes_of(header.event, header.lane) if header.stride else None
        count = 0
        for chunk, what in read_chunks(place, check):
            if what == "the end":
                if chunk.rows != count or (lanes is not None and next(lanes, None) is not None):
                    raise FileError(f"{name}: damaged in the end: it counts other rows")
                return
            rows = _read_chunk(twins, header, chunk, length, lanes, f"{name}: {what}")
            count += len(rows.values)
            yield rows, place.at / place.size

    return header, parts()


def _read_chunk(
    twins: list[Twin],
    header: Header,
    chunk: Chunk,
    length: int | None,
    lanes: Iterator[tuple[int, int, int]] | None,
    what: str,
) -> Rows:
    size = chunk.length if length is None else length
    lane_lengths = None
    if lanes is not None:
        lane_lengths = [lane for _, _, lane in islice(lanes, chunk.rows)]
    longest = max(lane_lengths or [size])
    # A single long string may be more than a chunk usually holds, and is less than this.
    too_many = chunk.rows > most_rows(longest) or size > 2**26
    whole_only = chunk.partly_observed and (lanes is not None or length is None)
    if too_many or whole_only or chunk.component >= len(twins) or (lane_lengths == []):
        raise FileError(f"{what} says of itself what cannot be; the file was not made by Arden")
    if lane_lengths is not None and len(lane_lengths) != chunk.rows:
        raise FileError(f"{what} holds more than its documents; the file was not made by Arden")
    lengths = torch.tensor(lane_lengths or [size] * chunk.rows)
    twin = twins[chunk.component]
    if min(chunk.rows, header.batch) * bytes_per_row(twin, size) > LARGEST_BATCH:
        raise FileError(f"{what} would need more than {LARGEST_BATCH >> 30} GiB to be read")
    try:
        with walked_alike(header.threads):
            rows = read_rows(twin, header, chunk.words, lengths, size, chunk.partly_observed)
            same = contents(rows) == chunk.contents
    except DamagedError:
        same = False
    if not same:
        raise FileError(f"{what} is whole, but other data came out of it: {_why(header)}")
    return rows


def read_rows(
    twin: Twin, header: Header, words: bytes, lengths: Tensor, length: int, partly_observed: bool
) -> Rows:
    """A twin, the layout, a coder's words, the lengths of N lanes, D -> N rows.

    Raises:
        DamagedError: words that were not written under the same probabilities.
    """
    reader = SymbolReader(words)
    rows = code_chunk(twin, reader, header, lengths, length, partly_observed, None)
    reader.finish()
    return rows


def _check_layout(model: AutoregressiveModel | Mixture, header: Header, name: str) -> int | None:
    """-> the scalars of an event, or None when strings say it chunk by chunk."""
    shape = model.event_shape
    fits = header.num_classes == model.context_size
    if header.stride:
        fits = fits and len(shape) == 1 and 2 * header.stride <= shape[0]
    elif shape:
        fits = fits and header.event == tuple(shape)
    else:
        fits = fits and len(header.event) == 1
    if not fits:
        raise FileError(f"{name}: damaged in the header: it does not fit the model it names")
    return torch.Size(shape).numel() if shape else None


def _why(header: Header) -> str:
    if header.portable:
        return "this version of Arden does not keep the promise of the portable format"
    words = "Arden {}, PyTorch {}, {}, {}"
    there, here = words.format(*header.made_by), words.format(*made_here())
    return (
        f"it was written by {there}, and the same walk has other probabilities here ({here}). "
        "Read it where it was written, or compress it with --portable"
    )
