"""Answers as HTML: pictures of events, scales, facts, tables; all words of users are escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from arden.plots import style

__all__ = [
    "as_cell",
    "facts",
    "figure",
    "heat",
    "nats",
    "note",
    "picture",
    "progress_bar",
    "scale",
    "shades",
    "strip",
    "table",
    "written_picture",
]


def shades(values: NDArray[np.floating], levels: int | None) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3), K or None -> (H, W, 3) in 0 … 255: levels as greys, NaN as unknown."""
    top = max(1, (levels or 2) - 1)
    if values.ndim == 3 and values.shape[2] == 3:
        colours = np.rint(np.nan_to_num(values) / top * 255).clip(0, 255).astype(np.uint8)
        return np.where(np.isnan(values).any(axis=2, keepdims=True), _UNKNOWN, colours)
    return heat(values.reshape(values.shape[:2]), 0.0, top, style.GREY)


def heat(
    values: NDArray[np.floating], lowest: float, highest: float, name: str = style.SURPRISE
) -> NDArray[np.uint8]:
    """(H, W), the ends of the scale, a colour map -> (H, W, 3) in 0 … 255; NaN as unknown."""
    colours = style.colour_table(name)
    share = (np.clip(values, lowest, highest) - lowest) / ((highest - lowest) or 1.0)
    painted = colours[np.rint(np.nan_to_num(share) * (len(colours) - 1)).astype(np.int64)]
    return np.where(np.isnan(values)[..., None], _UNKNOWN, painted)


_UNKNOWN = np.array(style.UNKNOWN, dtype=np.uint8)


def picture(pixels: NDArray[np.uint8], words: str, *, mark: tuple[int, int] | None = None) -> str:
    """(H, W, 3), what it shows -> an image sharp at any size; one pixel may be marked."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    source = base64.b64encode(buffer.getvalue()).decode()
    height, width = pixels.shape[:2]
    frame = ""
    if mark is not None:
        row, column = mark
        frame = (
            f'<i class="mark" style="left:{100 * column / width:.4g}%;'
            f"top:{100 * row / height:.4g}%;width:{100 / width:.4g}%;"
            f'height:{100 / height:.4g}%"></i>'
        )
    return (
        f'<span class="pixels" style="aspect-ratio:{width}/{height}">'
        f'<img src="data:image/png;base64,{source}" alt="{escape(words)}">{frame}</span>'
    )


def figure(inside: str, caption: str, *, kind: str = "") -> str:
    """An image, the line under it -> the two together."""
    return f'<figure class="{kind}">{inside}<figcaption>{escape(caption)}</figcaption></figure>'


def strip(figures: Iterable[str]) -> str:
    """Figures -> side by side, on as many lines as the window asks for."""
    return f'<div class="strip">{"".join(figures)}</div>'


def scale(lowest: str, highest: str, words: str, name: str = style.SURPRISE) -> str:
    """The ends of a colour map and what it measures -> a bar with its words."""
    colours = style.colour_table(name)
    chosen = colours[np.linspace(0, len(colours) - 1, 12).astype(int)]
    steps = ",".join(f"rgb({r},{g},{b})" for r, g, b in chosen.tolist())
    return (
        f'<div class="scale"><span>{escape(lowest)}</span>'
        f'<i style="background:linear-gradient(90deg,{steps})"></i>'
        f"<span>{escape(highest)}</span><em>{escape(words)}</em></div>"
    )


def as_cell(value: object) -> str:
    """A cell of a table, None where it is missing -> how it is shown, no longer than it takes.

    >>> as_cell(7.0), as_cell(1 / 3), as_cell("cat"), as_cell(None)
    ('7.0', '0.333333', 'cat', '–')
    """
    if isinstance(value, float) and len(str(value)) > 8:
        return f"{value:.6g}"
    return "–" if value is None else str(value)


def facts(told: Sequence[tuple[str, str]]) -> str:
    """What and how much -> a short list."""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told)
    return f'<dl class="facts">{lines}</dl>'


def note(words: str, *, kind: str = "") -> str:
    """A sentence -> the same as a remark."""
    return f'<p class="note {kind}">{escape(words)}</p>'


def table(
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    colours: Sequence[Sequence[str]] | None = None,
) -> str:
    """Names of columns, cells -> a table that scrolls sideways; ``colours`` is each cell's CSS."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = ""
    for place, row in enumerate(rows):
        styles = colours[place] if colours else [""] * len(row)
        cells = "".join(
            f'<td style="{look}">{escape(cell)}</td>' if look else f"<td>{escape(cell)}</td>"
            for cell, look in zip(row, styles, strict=True)
        )
        body += f"<tr>{cells}</tr>"
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def written_picture(path: Path, words: str) -> str:
    """A .png that was written, what it shows -> the image, as wide as there is room."""
    source = base64.b64encode(path.read_bytes()).decode()
    return f'<img class="plate" src="data:image/png;base64,{source}" alt="{escape(words)}">'


def nats(value: float) -> str:
    """A number of nats -> how it is written.

    >>> nats(-17.2345)
    '−17.23 nats'
    """
    return f"{value:.2f} nats".replace("-", "−")


def progress_bar(share: float, words: str) -> str:
    """A share of the work, how it stands -> a bar with that line under it."""
    percent = round(100 * min(1.0, max(0.0, share)))
    return (
        f'<div class="progress"><div class="bar" role="progressbar" aria-valuenow="{percent}" '
        f'aria-valuemin="0" aria-valuemax="100"><i style="width:{percent}%"></i></div>'
        f"<p>{escape(words)}</p></div>"
    )
