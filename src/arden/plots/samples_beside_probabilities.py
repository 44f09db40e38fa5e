"""The figure of the NADE paper: samples, and at the same places the probabilities behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arden.errors import InputError
from arden.plots import style
from arden.plots._panels import ColourBar, Panel, beside
from arden.plots._tiles import as_numbers, data_colours, tile, value_range

__all__ = ["samples_beside_probabilities"]


def samples_beside_probabilities(
    samples: Any,
    probabilities: Any,
    path: str | Path,
    title: str,
    num_symbols: int | None = None,
) -> Path:
    """(N, *event), (N, *event), a path -> the path: samples left, what each was drawn from right.

    ``probabilities`` are x̂_i = p(x_i = 1 | x_<i) where samples are bits, and the expected value
    E[x_i | x_<i] where they are levels or reals. Both sides share one scale of greys, 0 to
    num_symbols − 1. Events are (H, W), (H, W, 3) or the rows of a table (D,). (Larochelle, Murray,
    "The neural autoregressive distribution estimator", 2011, figure 2.)

    Raises:
        InputError: shapes that differ or cannot be drawn, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    drawn = as_numbers(samples, "samples")
    expected = as_numbers(probabilities, "probabilities")
    if drawn.shape != expected.shape:
        raise InputError(
            f"probabilities: expected the shape of samples, {drawn.shape}, got {expected.shape}"
        )
    lowest, highest = value_range(drawn, num_symbols)
    bits = num_symbols == 2 or (num_symbols is None and (lowest, highest) == (0.0, 1.0))
    if bits:
        heading, label = (
            "Probabilities they were drawn from",
            r"$\hat{x}_i = p(x_i = 1 \mid x_{\!<\!i})$",
        )
    else:
        heading, label = "Expected values", r"$\hat{x}_i = \mathbb{E}\,[\,x_i \mid x_{\!<\!i}\,]$"
    return beside(
        Panel("Samples", tile(data_colours(drawn, lowest, highest))),
        Panel(heading, tile(data_colours(expected, lowest, highest))),
        title,
        path,
        ColourBar(
            style.colour_table(style.GREY),
            lowest,
            highest,
            label,
            whole=not bits and num_symbols is not None,
        ),
        event_size=drawn.shape[1],
    )
