"""Symbols of a text or a sound beside their surprise: each as what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arden.data.readers.wav_file import mu_law_decode
from arden.data.schema import Schema
from arden.plots.text_surprise import text_surprise
from arden.plots.wave_surprise import wave_surprise

__all__ = ["sequence_surprise"]


def sequence_surprise(
    schema: Schema, symbols: np.ndarray, nats: np.ndarray, path: Path, title: str = ""
) -> Path:
    """The schema of L symbols, (L,), (L,) −ln p, a path -> the path: coloured by surprise."""
    if schema.kind != "audio":
        signs = schema.symbols or tuple("·" * (schema.num_symbols or 1))
        text = "".join(signs[symbol] for symbol in symbols.tolist())
        return text_surprise(text, nats, path, title, side_by_side=schema.kind == "strings")
    return wave_surprise(mu_law_decode(symbols), nats, path, title, schema.sample_rate or 1)
