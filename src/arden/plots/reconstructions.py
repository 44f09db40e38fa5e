"""What went into a model beside what came out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arden.errors import InputError
from arden.plots import style
from arden.plots._panels import ColourBar, Panel, beside
from arden.plots._tiles import as_numbers, data_colours, tile, value_range

__all__ = ["reconstructions"]


def reconstructions(
    originals: Any,
    copies: Any,
    path: str | Path,
    title: str,
    num_symbols: int | None = None,
) -> Path:
    """(N, *event), (N, *event), a path -> the path: originals left, their reconstructions right.

    Copies of bits are probabilities, of levels their means. Both sides share one scale of greys, 0
    to num_symbols − 1. Events are (H, W), (H, W, 3) or the rows of a table (D,).

    Raises:
        InputError: shapes that differ or cannot be drawn, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    shown, given_back = as_numbers(originals, "originals"), as_numbers(copies, "copies")
    if shown.shape != given_back.shape:
        raise InputError(
            f"copies: expected the shape of originals, {shown.shape}, got {given_back.shape}"
        )
    lowest, highest = value_range(shown, num_symbols)
    bits = num_symbols == 2
    return beside(
        Panel("Originals", tile(data_colours(shown, lowest, highest))),
        Panel("Reconstructed from their features", tile(data_colours(given_back, lowest, highest))),
        title,
        path,
        ColourBar(
            style.colour_table(style.GREY),
            lowest,
            highest,
            "value, or probability of a one" if bits else "value, or expected value",
            whole=not bits and num_symbols is not None,
        ),
        event_size=shown.shape[1],
    )
