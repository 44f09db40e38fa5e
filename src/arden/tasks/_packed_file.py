"""An .arden file as it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.coding.chunks import LARGEST_BATCH, Rows, bytes_per_row, code_chunk, contents
from arden.coding.container import Chunk, Header, chunk_bytes, end_bytes, header_bytes
from arden.coding.entropy import DamagedError, SymbolWriter
from arden.coding.twins import Twin
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.windows import scoring_windows
from arden.errors import ArdenError, InputError
from arden.tasks._walk_layout import made_here, name_of_model, twins_of, walked_alike
from arden.tasks.decompress import read_rows
from arden.tasks.score import score

__all__ = ["Packed", "PackedFile", "Packing"]

_BATCH = 512
_STATE_BYTES = 2**28  # of rows side by side: more of them gain little


@dataclass(frozen=True)
class Packing:
    """How to pack: the fields of a header that a caller chooses, and whether each chunk is read
    back at once and compared. ``batch_size`` None chooses by what a row's walk needs."""

    portable: bool = False
    verify: bool = True
    batch_size: int | None = None
    threads: int = 1
    score: bool = True
    """Whether −log₂ p is computed, to be told beside the size."""


@dataclass(frozen=True)
class Packed:
    """Some bytes of a file, how many rows and scalars they hold, and −log₂ p of these in bits
    (NaN when that was not asked for, or not all values are observed)."""

    content: bytes
    rows: int = 0
    scalars: int = 0
    bits: float = 0.0


class PackedFile:
    """A file as it is written: chunk after chunk, each read back at once when asked."""

    header: Header

    def __init__(
        self,
        model: AutoregressiveModel | Mixture,
        how: Packing,
        dtype: str,
        event: tuple[int, ...],
    ) -> None:
        for name, value, most in (
            ("batch_size", 1 if how.batch_size is None else how.batch_size, 2**20),
            ("threads", how.threads, 4096),
        ):
            if not 1 <= value <= most:
                raise InputError(f"{name}: expected 1 … {most:,}, got {value}")
        self._model, self._how = model, how
        self._twins = twins_of(model, how.portable)
        length = torch.Size(model.event_shape or event).numel()
        self._fixed = Header(
            name_of_model(model),
            how.portable,
            how.threads,
            how.batch_size or _batch_size(self._twins, length),
            dtype,
            # Whole numbers are the same everywhere, and so are the bytes of the file.
            ("", "", "", "") if how.portable else made_here(),
            event,
            num_classes=model.context_size,
        )
        self._count = 0

    def begin(self, **more: Any) -> bytes:
        """Further fields of the header -> how the file begins."""
        self.header = replace(self._fixed, **more)
        content, self._check = header_bytes(self.header)
        return content

    def add(self, rows: Rows, each: Tensor | None = None, window: int | None = None) -> Packed:
        """Some rows, of lanes their lengths and that of a window -> their chunk."""
        header, count = self.header, len(rows.values)
        valid = None
        end = self._twins[0].first.ordering.end
        if end is not None:
            valid = self._twins[0].first.ordering.valid(rows.values)
            rows = replace(rows, values=rows.values[:, : int(valid.sum(dim=1).max())])
        length = window or rows.values.shape[1]
        lengths = torch.full((count,), length) if each is None else each
        component = self._best_component(rows, each)
        twin = self._twins[component]
        if min(count, header.batch) * bytes_per_row(twin, length) > LARGEST_BATCH:
            raise InputError(
                f"batch_size: {min(count, header.batch)} rows side by side would need more than "
                f"{LARGEST_BATCH >> 30} GiB; expected fewer"
            )
        with walked_alike(header.threads):
            writer = SymbolWriter()
            partly = rows.observed is not None
            code_chunk(twin, writer, header, lengths, length, partly, rows)
            words = writer.finish()
            if self._how.verify:
                self._compare(rows, twin, words, lengths, length)
        told = length if end is not None else 0
        content, self._check = chunk_bytes(
            Chunk(count, told, component, partly, contents(rows), words), self._check
        )
        self._count += count
        scalars = rows.values.numel() if each is None else int(each.sum())
        scalars = scalars if valid is None else int(valid.sum())
        ideal = self._bits(rows, each, self._model) if self._how.score else math.nan
        return Packed(content, count, scalars, ideal)

    def end(self) -> bytes:
        """() -> how the file ends."""
        return end_bytes(self._count, self._check)

    def _best_component(self, rows: Rows, each: Tensor | None) -> int:
        if len(self._twins) == 1:
            return 0
        assert isinstance(self._model, Mixture)
        # By the components themselves: a portable twin's sums are in other units.
        bits = [self._bits(rows, each, part) for part in self._model.models]
        return bits.index(min(bits))

    def _compare(self, rows: Rows, twin: Twin, words: bytes, each: Tensor, length: int) -> None:
        try:
            partly = rows.observed is not None
            read = read_rows(twin, self.header, words, each, length, partly)
            same = contents(read) == contents(rows)
        except DamagedError:
            same = False
        if not same:
            raise ArdenError(
                "compress: what was written could not be read back on this machine; its sums "
                "differ from one time to the next. Try --portable, or one thread"
            )

    def _bits(self, rows: Rows, each: Tensor | None, model: AutoregressiveModel | Mixture) -> float:
        """Rows or lanes, a model -> −log₂ p of them; NaN where some are not observed."""
        if rows.observed is not None and model is self._model:
            return math.nan
        labels = rows.labels
        if each is None:
            shape = (-1, *model.event_shape) if model.event_shape else rows.values.shape
            values, scored, observed = rows.values.reshape(shape), None, None
        else:
            lanes = [row[:length].numpy() for row, length in zip(rows.values, each, strict=True)]
            of_lanes = None if labels is None else labels.numpy()
            windows = scoring_windows(lanes, model.event_shape[0], self.header.stride, of_lanes)
            split = windows.take()
            values, labels = split.values, split.labels
            scored, observed = split.scored, split.observed
        context = None
        if labels is not None and model.context_size:
            context = one_hot(labels, model.context_size).to(model.dtype)
        return -score(model, values, context, observed, scored=scored).sum().item() / math.log(2)


def _batch_size(twins: list[Twin], length: int) -> int:
    most = max(bytes_per_row(twin, length) for twin in twins)
    return max(1, min(_BATCH, _STATE_BYTES // max(most, 1)))
