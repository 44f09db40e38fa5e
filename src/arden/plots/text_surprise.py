"""Where a text surprises a model: every character on the colour of its −ln p."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.font_manager import findfont, get_font

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import paint
from arden.plots.conditionals_map import top_of_scale

__all__ = ["SIGNS", "text_surprise"]

_COLUMNS = 80
_MOST_LINES = 60
_CELL_WIDTH, _CELL_HEIGHT = 0.07, 0.145  # inches
_TYPE = "DejaVu Sans Mono"  # comes with matplotlib, as do the others
_FAMILIES = [_TYPE, "DejaVu Sans", "STIXGeneral"]
_SIZE = _CELL_WIDTH * 72 / (1233 / 2048)  # points: its characters are as wide as their cells
_MARGIN, _TITLE, _HEADING, _BAR = 0.2, 0.2, 0.25, 0.9
SIGNS = {"\n": "↵", "\t": "→"}
"""What stands for signs that cannot be seen, but have a surprise of their own as well."""


def text_surprise(text: str, surprise: Any, path: str | Path, title: str = "") -> Path:
    """L characters, (L,) nats, a path -> the path: the text, each character on its −ln p.

    Lines end where the text's do (the sign ↵ stands on the surprise of the line end), or after 80
    characters; what goes beyond 60 lines is left out, and the picture says so.

    Raises:
        InputError: no character, a number of nats for more or fewer of them, an ending other than
            .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    nats = np.asarray(surprise, dtype=np.float64)
    if not text or nats.shape != (len(text),):
        raise InputError(
            f"surprise: expected one number for each of the {len(text)} characters (at least 1), "
            f"got shape {nats.shape}"
        )
    cells = _lay_out(text)
    shown = len(cells)
    nats = nats[:shown]
    lines = int(cells[-1, 0]) + 1
    finite = nats[np.isfinite(nats)]
    lowest = float(finite.min(initial=0.0))
    highest = top_of_scale(finite, lowest)
    colours = style.colour_table(style.SURPRISE)
    pixels = np.full((lines, _COLUMNS, 3), 255, dtype=np.uint8)
    pixels[cells[:, 0], cells[:, 1]] = paint(nats, lowest, highest, colours)

    wide, high = _COLUMNS * _CELL_WIDTH, lines * _CELL_HEIGHT
    width = _MARGIN + wide + _BAR
    titles = style.wrapped(title, width - 2 * _MARGIN, style.TITLE_SIZE).count("\n") + 1
    top = _MARGIN + (_TITLE * titles if title else 0) + _HEADING
    tall = max(high, 1.4)  # a lower colour bar would have no room for its words
    height = top + tall + _MARGIN
    figure = style.new_figure(width, height)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    heading = "Surprise at each character"
    if shown < len(text):
        heading += f" (the first {shown:,} of {len(text):,})"
    figure.text(
        _MARGIN / width,
        1 - (top - 0.08) / height,
        heading,
        fontsize=style.LABEL_SIZE,
        va="baseline",
        **style.TEXT,
    )
    axes = figure.add_axes(
        (_MARGIN / width, 1 - (top + high) / height, wide / width, high / height)
    )
    extent = (0, _COLUMNS, lines, 0)
    axes.imshow(pixels, interpolation="nearest", aspect="auto", extent=extent)
    axes.set_axis_off()
    dark = pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114]) < 128
    signs = style.legible("".join(SIGNS.get(sign, sign) for sign in text[:shown]))
    for ink, inked in ((style.PAPER, dark), (style.INK, ~dark)):
        kept = inked[cells[:, 0], cells[:, 1]]
        for line, column, words in _runs(signs, cells, kept):
            axes.text(
                column,
                line + 0.78,  # the base line, so that all words of a line stand on one
                words,
                color=ink,
                family=_FAMILIES,
                fontsize=_SIZE,
                ha="left",
                va="baseline",
                parse_math=False,
            )
    bar = figure.add_axes(
        ((_MARGIN + wide + 0.12) / width, 1 - (top + tall) / height, 0.11 / width, tall / height)
    )
    mapped = ScalarMappable(Normalize(lowest, highest), ListedColormap(colours / 255.0))
    beyond = bool((nats > highest).any())
    style.colour_bar(bar, mapped, r"$-\ln p(x_i \mid x_{\!<\!i})$, nats", beyond=beyond)
    return style.write_figure(figure, path)


def _runs(signs: str, cells: np.ndarray, kept: np.ndarray) -> list[tuple[int, int, str]]:
    """Signs, their cells, which to draw -> line, column and words of pieces drawn in one go.

    All of a line that is of the fixed width goes together, with blanks for what is not to be
    drawn; other signs would push what follows out of place, and stand alone.
    """
    fixed = get_font(findfont(_TYPE)).get_charmap()
    lines: dict[int, list[str]] = {}
    runs = []
    for sign, (line, column), draw in zip(signs, cells.tolist(), kept.tolist(), strict=True):
        words = lines.setdefault(line, [])
        if draw and not sign.isspace() and ord(sign) not in fixed:
            runs.append((line, column, sign))
            draw = False
        words.append(sign if draw and not sign.isspace() else " ")
    runs += [(line, 0, "".join(words).rstrip()) for line, words in lines.items()]
    return [run for run in runs if run[2]]


def _lay_out(text: str) -> np.ndarray:
    """L characters -> (l, 2) int64: line and column of each of the first that have room."""
    cells = []
    line = column = 0
    for sign in text:
        if column == _COLUMNS:
            line, column = line + 1, 0
        if line == _MOST_LINES:
            break
        cells.append((line, column))
        line, column = (line + 1, 0) if sign == "\n" else (line, column + 1)
    return np.array(cells, dtype=np.int64)
