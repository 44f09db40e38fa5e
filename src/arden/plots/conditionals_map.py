"""Where an event surprises a model: −ln p(x_i | x_<i) as heat, beside the event itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._panels import ColourBar, Panel, beside
from arden.plots._tiles import as_numbers, data_colours, paint, tile, value_range

__all__ = ["conditionals_map", "top_of_scale"]

_ROOM_FOR_TEXT = 30
_SIGN_WIDTH = 10  # pixels, with some air, of the small type under the tiles


def conditionals_map(
    log_conditionals: Any,
    values: Any,
    path: str | Path,
    title: str = "",
    num_symbols: int | None = None,
) -> Path:
    """(N, *event) nats, (N, *event), a path -> the path: events left, −ln p(x_i | x_<i) right.

    Takes what `AutoregressiveModel.log_conditionals` gives. The surprise of a pixel is summed over
    its channels; where tiles are wide enough the sum over the whole event, −ln p(x), is under them.
    A few pixels far above all others, impossible ones among them, do not stretch the scale.

    Raises:
        InputError: shapes that differ or cannot be drawn, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    surprise = 0.0 - as_numbers(log_conditionals, "log_conditionals")
    shown = as_numbers(values, "values")
    if surprise.shape != shown.shape:
        raise InputError(
            f"log_conditionals: expected the shape of values, {shown.shape}, got {surprise.shape}"
        )
    per_pixel = surprise.sum(axis=3) if surprise.ndim == 4 else surprise
    finite = per_pixel[np.isfinite(per_pixel)]
    # Masses have surprises of at least 0; densities may go below.
    lowest = float(finite.min(initial=0.0))
    highest = top_of_scale(finite, lowest)
    colours = style.colour_table(style.SURPRISE)
    heat = paint(per_pixel, lowest, highest, colours)
    notes = _notes(surprise, tile(heat).tile_width)
    room = _ROOM_FOR_TEXT if notes else 0
    heading = f"Surprise at each {'variable' if surprise.ndim == 2 else 'pixel'}"
    if surprise.shape[3:] == (3,):
        heading += ", channels summed"
    return beside(
        Panel("Events", tile(data_colours(shown, *value_range(shown, num_symbols)), room)),
        Panel(heading + (" (below: their sum, nats)" if notes else ""), tile(heat, room), notes),
        title,
        path,
        ColourBar(
            colours,
            lowest,
            highest,
            r"$-\ln p(x_i \mid x_{\!<\!i})$, nats",
            beyond=bool((per_pixel > highest).any()),
        ),
        event_size=surprise.shape[1],
    )


def _notes(surprise: NDArray[np.float64], tile_width: int) -> list[str]:
    """(N, *event) nats, pixels -> −ln p(x) of every event in words, or none if they do not fit."""
    if surprise.ndim == 2:
        return []
    totals = surprise.reshape(len(surprise), -1).sum(axis=1)
    numbers = [f"{total:.1f}".replace("inf", "∞") for total in totals]
    longest = max(map(len, numbers)) * _SIGN_WIDTH
    if longest > tile_width:
        return []
    with_unit = longest + len(" nats") * _SIGN_WIDTH <= tile_width
    return [f"{number} nats" for number in numbers] if with_unit else numbers


def top_of_scale(finite: NDArray[np.float64], lowest: float) -> float:
    """Surprises, the lowest end of the scale -> its highest: the largest unless it stands alone."""
    if not finite.size:
        return lowest + 1.0
    # Below e⁻¹⁰ a probability is as bright as can be, unless that is common among these events.
    usual = float(np.quantile(finite, 0.99)) - lowest
    highest = min(float(finite.max()), lowest + max(10.0, 2 * usual))
    # All the same: any range will do.
    return highest if highest > lowest else lowest + 1.0
