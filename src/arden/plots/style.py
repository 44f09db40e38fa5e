"""What all pictures share: colours, type, the way a figure is made and the way it is written."""

from __future__ import annotations

import textwrap
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from arden.errors import InputError
from arden.storage.folders import write_atomically

__all__ = [
    "BLUE",
    "DPI",
    "FORMATS",
    "GREY",
    "INK",
    "LABEL_SIZE",
    "MUTED",
    "ORANGE",
    "PAPER",
    "RULE",
    "SEQUENTIAL",
    "SURPRISE",
    "TEXT",
    "TITLE_SIZE",
    "UNKNOWN",
    "VERMILION",
    "colour_bar",
    "colour_table",
    "legible",
    "new_figure",
    "picture_format",
    "place_ticks",
    "tidy",
    "write_figure",
    "write_title",
    "wrapped",
]

INK = "#1b1f24"
MUTED = "#6a737d"
RULE = "#d9dde2"
PAPER = "#ffffff"
# Of the palette of Okabe and Ito (2008), told apart by colour-blind readers and in grey print.
BLUE = "#0072b2"
ORANGE = "#e69f00"
VERMILION = "#d55e00"

GREY = "gray"
"""Colour map of data: 0 is black, as in every picture of MNIST."""
SURPRISE = "magma"
"""Colour map of nats: even steps to the eye, and to colour-blind eyes."""
SEQUENTIAL = "cividis"
"""Colour map of places in an order: made for colour-blind readers."""
UNKNOWN = (178, 196, 214)
"""The colour of what is no number, found in no colour map above."""

DPI = 200
TITLE_SIZE = 10.0
LABEL_SIZE = 8.5
# Both come with matplotlib, so that a picture looks the same everywhere; what the first lacks is
# taken from the second.
_FAMILIES = ["STIXGeneral", "DejaVu Sans"]
TEXT: dict[str, Any] = {"family": _FAMILIES, "color": INK, "math_fontfamily": "stix"}

FORMATS = ("png", "pdf", "svg")


def new_figure(width: float, height: float) -> Figure:
    """Inches -> an empty white figure at DPI that is known to no global state."""
    # Sizes are cut to whole pixels, and 1856 pixels in inches and back are 1855.99…: one is lost.
    size = (width + 1e-5, height + 1e-5)
    figure = Figure(figsize=size, dpi=DPI, facecolor=PAPER, edgecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def picture_format(path: str | Path, formats: tuple[str, ...] = FORMATS) -> str:
    """A path -> what its name says the picture is to be, one of ``formats``.

    Raises:
        InputError: a name with another ending.

    >>> picture_format("samples.PNG")
    'png'
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in formats:
        expected = " or ".join(f".{name}" for name in formats)
        raise InputError(f'path: expected a name that ends in {expected}, got "{path}"')
    return ending


def write_figure(figure: Figure, path: str | Path) -> Path:
    """A figure, a path -> the path, now a whole picture (.png, .pdf or .svg).

    Raises:
        InputError: a name with another ending.
        FileError: it cannot be written; what was there before stays.
    """
    path = Path(path)
    kind = picture_format(path)
    # The same figure gives the same bytes: neither the date nor matplotlib's version goes in.
    stamps = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
    content = BytesIO()
    figure.savefig(content, format=kind, dpi=DPI, metadata=stamps[kind])
    write_atomically(path, content.getvalue())
    return path


def write_title(figure: Figure, text: str, left: float, top: float) -> None:
    """Text, inches from the left and from the top -> (): the title, as many lines as it takes."""
    width, height = figure.get_size_inches()
    figure.text(
        left / width,
        1 - top / height,
        wrapped(text, width - 2 * left, TITLE_SIZE),
        fontsize=TITLE_SIZE,
        fontweight="bold",
        va="top",
        linespacing=1.15,
        parse_math=False,  # a title may be the name of a file, with any signs in it
        **TEXT,
    )


def wrapped(text: str, inches: float, size: float) -> str:
    """Text, the room for it, its size in points -> the same in lines that fit when set in bold."""
    text = legible(text)
    room = inches * 72
    # A tenth more than fits on the average, then fewer until every line does.
    columns = max(8, int(1.1 * len(text) * room / (_bold_width(text, size) or room)))
    while True:
        lines = textwrap.wrap(text, columns)
        if columns <= 8 or all(_bold_width(line, size) <= room for line in lines):
            return "\n".join(lines)
        columns -= 1


def _bold_width(text: str, size: float) -> float:
    """Text, its size in points -> its width in points."""
    font = get_font([findfont(FontProperties(family=name, weight="bold")) for name in _FAMILIES])
    font.set_size(size, 72)
    font.set_text(text)
    return float(font.get_width_height()[0]) / 64


def legible(text: str) -> str:
    """Text -> the same, with � for what no font at hand can draw.

    >>> legible("digits — 17 nats")
    'digits — 17 nats'
    """
    known: set[int] = set()
    for family in _FAMILIES:
        known |= get_font(findfont(family)).get_charmap().keys()
    return "".join(sign if sign.isspace() or ord(sign) in known else "�" for sign in text)


def tidy(axes: Axes, *, frame: bool = False) -> None:
    """Axes -> (): thin rules, small type; only the left and lower rule unless ``frame``."""
    axes.set_facecolor(PAPER)
    for side, spine in axes.spines.items():
        spine.set_visible(frame or side in ("left", "bottom"))
        spine.set_color(MUTED)
        spine.set_linewidth(0.6)
    axes.tick_params(
        colors=MUTED, labelcolor=INK, labelsize=LABEL_SIZE, width=0.6, length=2.5, direction="out"
    )
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontfamily(_FAMILIES)


def place_ticks(axis: Axis, most: int, *, whole: bool = True) -> None:
    """An axis -> (): at most so many ticks on round numbers, whole ones if asked for."""
    axis.set_major_locator(
        MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=whole, min_n_ticks=1)
    )


def colour_bar(
    axes: Axes,
    mapped: ScalarMappable,
    label: str,
    *,
    whole: bool = False,
    beyond: bool = False,
) -> None:
    """Axes, what is mapped to colours, words -> (): the scale; a tip says that values go beyond."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.colorbar(mapped, cax=axes, extend="max" if beyond else "neither").set_label(
        label, fontsize=LABEL_SIZE, labelpad=6, **TEXT
    )
    place_ticks(axes.yaxis, 6, whole=whole)
    tidy(axes)
    axes.spines[:].set_visible(False)
    # Without its hairline a white end could not be told from the paper.
    axes.spines["outline"].set(visible=True, linewidth=0.4, edgecolor=MUTED)


def colour_table(name: str) -> NDArray[np.uint8]:
    """The name of a colour map -> its 256 colours, (256, 3) in 0 … 255."""
    colours = matplotlib.colormaps[name](np.arange(256), bytes=True)
    return np.asarray(colours, dtype=np.uint8)[:, :3]
