"""Which columns of a table's rows are surprising: sorted bars, a panel a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from arden.data.schema import Schema
from arden.errors import InputError
from arden.plots import style

__all__ = ["surprising_columns"]

_COLUMNS = 8  # of a row, the most surprising ones
_PANEL, _BAR, _ACROSS = 3.3, 0.2, 2  # inches, inches, panels side by side
_LEFT, _ABOVE, _BELOW, _TITLE = 1.55, 0.34, 0.42, 0.3


def surprising_columns(
    schema: Schema,
    places: Sequence[int],
    values: Sequence[Tensor],
    terms: Sequence[Tensor],
    path: str | Path,
    title: str = "",
) -> Path:
    """The schema of D columns, K row numbers, (D,) values, (D,) ln p(x_i | x_<i) -> the path.

    Of each row the columns with the least ln p, the most surprising on top, with their values.
    Densities are per unit of their column, so that their surprise may be below zero.

    Raises:
        InputError: no row, terms of another length, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    if not values or any(len(row) != len(schema.columns) for row in (*values, *terms)):
        raise InputError(
            f"values: expected rows of {len(schema.columns)} columns (at least one row), "
            f"got {[tuple(row.shape) for row in (*values, *terms)]}"
        )
    shown = min(_COLUMNS, len(schema.columns))
    across = min(_ACROSS, len(values))
    down = -(-len(values) // across)
    high = _ABOVE + shown * _BAR + _BELOW
    above = _TITLE if title else 0.08
    width, height = across * _PANEL + 0.15, down * high + above
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, 0.1, 0.08)
    nats = np.stack([-row.detach().cpu().double().numpy() for row in terms])
    finite = nats[np.isfinite(nats)]
    reach = max(float(finite.max(initial=0.0)), 0.1) * 1.05
    least = min(float(finite.min(initial=0.0)) * 1.05, 0.0)
    for index, (place, row) in enumerate(zip(places, values, strict=True)):
        order = np.argsort(-nats[index], kind="stable")[:shown]
        bottom = height - above - (index // across + 1) * high + _BELOW
        left = index % across * _PANEL + _LEFT
        axes = figure.add_axes(
            (
                left / width,
                bottom / height,
                (_PANEL - _LEFT - 0.1) / width,
                shown * _BAR / height,
            )
        )
        lengths = np.clip(nats[index][order], least, reach)
        rows = np.arange(len(order))
        axes.barh(rows, lengths, height=0.7, color=style.VERMILION, linewidth=0)
        axes.set_xlim(least, reach)
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.set_yticks(rows, [_label(schema, int(at), float(row[at])) for at in order])
        axes.axvline(0, color=style.MUTED, linewidth=0.6)
        style.place_ticks(axes.xaxis, 4, whole=False)
        style.tidy(axes)
        axes.tick_params(axis="y", length=0)
        axes.set_title(f"row {place:,}", fontsize=style.LABEL_SIZE, loc="left", pad=3, **style.TEXT)
        if index + across >= len(values):
            axes.set_xlabel(
                r"$-\ln p(x_i \mid x_{\!<\!i})$, nats", fontsize=style.LABEL_SIZE, **style.TEXT
            )
    return style.write_figure(figure, path)


def _label(schema: Schema, column: int, value: float) -> str:
    """A column, its value -> "name = value", short enough for its room."""
    name = style.legible(schema.columns[column].name)
    name = name if len(name) <= 14 else name[:13] + "…"
    told = "missing" if np.isnan(value) else f"{value:.4g}"
    return f"{name} = {told}".replace("$", r"\$")
