"""Draws as what they are draws of: a text to read, a sound to hear, a table like the one read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from arden.cli.outputs import write_columns
from arden.data import Schema
from arden.data.decoding import cells_of, parquet_bytes
from arden.data.readers.wav_file import mu_law_decode, wav_bytes
from arden.data.schema import END
from arden.data.spelling import strings_of, texts_of
from arden.errors import InputError
from arden.storage.folders import write_atomically

__all__ = ["text_of", "write_sound", "write_table", "write_text"]

_BETWEEN_TEXTS = "\n" + "-" * 16 + "\n"
UNFINISHED = "…"
"""Written behind a string that had not ended when the draw was broken off."""
_BETWEEN_SOUNDS = 0.25  # seconds of silence


def text_of(drawn: Tensor, schema: Schema, legible: bool = False) -> str:
    """(N, W) symbols -> their characters, texts apart by a line of dashes, strings line by line.

    ``legible``: control characters, which a terminal would obey, are replaced by �.
    """
    if not schema.symbols:
        raise InputError(
            "out: expected .csv or .npz, because this model was saved without its characters"
        )
    if schema.end is not None:
        ended = (drawn == schema.end).any(dim=1).tolist()
        texts = strings_of(drawn, schema)
        marked = zip(texts, ended, strict=True)
        whole = "".join(text + ("" if end else UNFINISHED) + END for text, end in marked)
    else:
        whole = _BETWEEN_TEXTS.join(texts_of(drawn, schema))
    if legible:
        whole = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in whole)
    return whole


def write_text(drawn: Tensor, schema: Schema, path: Path) -> None:
    """(N, W) symbols, a path -> (): a text in UTF-8; a single one is written as it is."""
    write_atomically(path, text_of(drawn, schema).encode("utf-8"))


def write_sound(drawn: Tensor, schema: Schema, path: Path) -> None:
    """(N, W) μ-law symbols, a path -> (): one sound of 16 bits, a short silence between draws."""
    if schema.sample_rate is None:
        raise InputError(
            "out: expected .csv or .npz, because this model was saved without its sample rate"
        )
    silence = np.zeros(round(_BETWEEN_SOUNDS * schema.sample_rate))
    pieces = [silence] * (2 * len(drawn) - 1)
    pieces[::2] = list(mu_law_decode(drawn.numpy()))
    write_atomically(path, wav_bytes(np.concatenate(pieces), schema.sample_rate))


def write_table(drawn: Tensor, schema: Schema, path: Path, observed: Tensor | None = None) -> None:
    """(N, D) rows of a table, a .csv, .parquet or .npz -> (): with its own words, types, order.

    What is not ``observed`` (N, D) is missing there; an .npz has no word for that.
    """
    if path.suffix == ".parquet":
        write_atomically(path, parquet_bytes(drawn, schema, observed))
    elif path.suffix == ".csv":
        write_columns(path, cells_of(drawn, schema, observed))
    else:
        cells = cells_of(drawn, schema)
        write_columns(path, {name: np.array(column) for name, column in cells.items()})
