"""Models over the same rows: how likely each finds them, and how far apart they are row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from arden.data.dataset import EVENTS_OF_UNIT
from arden.errors import InputError
from arden.plots import style
from arden.plots._furthest_rows import draw_strip, furthest_rows, signed
from arden.tasks.compare import Comparison, Difference, Mean, compare_log_probs, decimals

__all__ = ["comparison"]

# In inches.
_MARGIN, _TITLE_LINE, _CAPTION_LINE, _AXIS = 0.14, 0.18, 0.13, 0.5
_NAMES, _LEFT, _BETWEEN, _RIGHT, _FIGURES = 1.3, 1.75, 0.3, 2.75, 1.15
_WIDTH = _MARGIN + _NAMES + _LEFT + _BETWEEN + _RIGHT + _FIGURES
_TALL_ROW, _LOW_ROW = 0.82, 0.62
_HEADING = 0.32
# In rows of the figure: how high a histogram stands, and where the interval lies under it.
_HIGHEST, _FOOT, _UNDER = 0.62, 0.2, 0.34
_BINS = 60
_LONGEST_NAME = 22
_SMALL = style.LABEL_SIZE - 1.5


@dataclass(frozen=True)
class _Gains:
    """(M, N) ln p of each model less that of the first, and the frame they are shown in."""

    rows: NDArray[np.float64]
    lower: float
    upper: float

    @property
    def hidden(self) -> NDArray[np.float64]:
        """The gains of any model that lie outside the frame."""
        return self.rows[(self.rows < self.lower) | (self.rows > self.upper)]


def comparison(
    log_probs: Any,
    names: Sequence[str],
    path: str | Path,
    title: str,
    values: Any = None,
    num_symbols: int | None = None,
    unit: str = "row",
) -> Path:
    """(M, N) nats of the same rows, M names, a path -> the path: means left, differences right.

    All models are set against the first: a histogram of the gain on each row, its mean and the
    interval of that mean, with the rows paired (thick) and as if they were not (thin). Of images
    ``values`` (N, H, W) the rows are shown on which the best of the others and the first are
    furthest apart, either way.

    Raises:
        InputError: what `compare_log_probs` refuses, names or rows of another number, an ending
            other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    given = torch.as_tensor(log_probs).detach().cpu().double()
    found = compare_log_probs(given)
    if len(names) != len(found.means):
        raise InputError(f"names: expected {len(found.means)}, one a model, got {len(names)}")
    gains = _gains(given.numpy(), found)
    names = [_short(name) for name in names]
    best = max(range(1, len(names)), key=lambda place: found.means[place].nats)
    strips = furthest_rows(values, gains.rows[best], names[best], num_symbols)

    # From the top down: title, headings, rows, axis, caption, tiles.
    room = _WIDTH - 2 * _MARGIN
    caption = style.wrapped(_caption(found, gains, names[0], unit), room, _SMALL).splitlines()
    lines = style.wrapped(title, room, style.TITLE_SIZE).count("\n") + 1
    top = _MARGIN + _TITLE_LINE * lines + 0.1
    rows = len(names) * (_TALL_ROW if len(names) < 4 else _LOW_ROW)
    below = top + rows + _AXIS
    ends = below + _CAPTION_LINE * len(caption)
    tiles_at = ends + _HEADING
    tallest = max((strip.height for strip in strips), default=0.0)
    height = (tiles_at + tallest if strips else ends) + _MARGIN
    figure = style.new_figure(_WIDTH, height)
    style.write_title(figure, title, _MARGIN, _MARGIN)
    left = _place(figure, _MARGIN + _NAMES, top, _LEFT, rows)
    right = _place(figure, _MARGIN + _NAMES + _LEFT + _BETWEEN, top, _RIGHT, rows)
    _draw_means(left, found.means, names, unit)
    _draw_gains(right, gains, found, names[0], unit)
    for line, text in enumerate(caption):
        place = 1 - (below + _CAPTION_LINE * line) / height
        _write(figure, _MARGIN / _WIDTH, place, text, _SMALL, style.MUTED)
    for strip, start in zip(strips, (_MARGIN, _WIDTH / 2), strict=False):
        _write(figure, start / _WIDTH, 1 - (ends + 0.1) / height, strip.heading, style.LABEL_SIZE)
        draw_strip(_place(figure, start, tiles_at, strip.width, strip.height), strip)
    return style.write_figure(figure, path)


def _gains(log_probs: NDArray[np.float64], found: Comparison) -> _Gains:
    """(M, N) nats -> the gain over the first model, and a frame that rare rows do not stretch."""
    first = log_probs[:1]
    with np.errstate(invalid="ignore"):  # −inf less −inf, which is a tie
        rows = np.where(log_probs == first, 0.0, log_probs - first)
    finite = rows[np.isfinite(rows)]
    usual = np.quantile(finite, [0.005, 0.995]) if finite.size else np.zeros(2)
    means = [d.nats for d in found.differences if d.reference == 0 and math.isfinite(d.nats)]
    lower, upper = min(0.0, usual[0], *means), max(0.0, usual[1], *means)
    reach = (upper - lower) or 1.0
    # A little more, and everything is in the frame.
    if finite.size and finite.min() > lower - 0.3 * reach and finite.max() < upper + 0.3 * reach:
        lower, upper = min(lower, finite.min()), max(upper, finite.max())
    return _Gains(rows, float(lower) - 0.04 * reach, float(upper) + 0.04 * reach)


def _draw_means(axes: Axes, means: Sequence[Mean], names: Sequence[str], unit: str) -> None:
    finite = [mean for mean in means if math.isfinite(mean.nats)]
    ends = [e for mean in finite for e in (*mean.interval, mean.nats) if math.isfinite(e)]
    lower, upper = (min(ends), max(ends)) if ends else (-1.0, 0.0)
    reach = 0.1 * (upper - lower) or 0.5
    _prepare(axes, len(names), lower - reach, upper + reach)
    best = max((mean.nats for mean in finite), default=None)
    for place, (mean, name) in enumerate(zip(means, names, strict=True)):
        words = signed(mean.nats, 2, plus="")
        axes.annotate(
            name,
            (0, place),
            xycoords=("axes fraction", "data"),
            xytext=(-7, 2),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=style.LABEL_SIZE,
            fontweight="bold" if mean.nats == best else "normal",
            parse_math=False,
            **style.TEXT,
        )
        if not math.isfinite(mean.nats):
            words = f"{words} ({mean.impossible} impossible)"
            axes.text(lower, place, words, va="center", fontsize=_SMALL, **style.TEXT)
            continue
        _draw_interval(axes, place, mean.nats, mean.interval)
        axes.annotate(
            words,
            (mean.nats, place),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=_SMALL,
            **style.TEXT,
        )
    _label(axes, rf"mean $\ln p(x)$, nats per {unit} (right is better)", 4)


def _draw_gains(axes: Axes, gains: _Gains, found: Comparison, reference: str, unit: str) -> None:
    _prepare(axes, len(found.means), gains.lower, gains.upper)
    axes.axvline(0, color=style.MUTED, linewidth=0.8, zorder=1)
    _beside(axes, 0, "the reference", "")
    for place in range(1, len(found.means)):
        _draw_histogram(axes, place, gains)
        difference = found.against(place, 0)
        _draw_difference(axes, place, difference)
        error = difference.standard_error
        digits = min(3, decimals(error))
        sure = f" ± {signed(error, digits, plus='')}" if math.isfinite(error) else ""
        words = signed(difference.nats, digits) + sure
        words = "undefined" if math.isnan(difference.nats) else words
        _beside(axes, place, words, f"better on {100 * difference.better:.0f} %")
    _label(axes, f"gain over {reference}, nats per {unit}", 6)


def _draw_histogram(axes: Axes, place: int, gains: _Gains) -> None:
    """One model's gains -> (): bars standing on its line, blue where it is better than the first.

    Zero is an edge between two bars, so that no bar is of both colours; ties are a bar of their
    own.
    """
    wide = (gains.upper - gains.lower) / _BINS
    first, last = math.floor(gains.lower / wide), math.ceil(gains.upper / wide)
    edges = wide * np.arange(first, last + 1)
    shown = gains.rows[place]
    ties = int((shown == 0).sum())
    counts, _ = np.histogram(shown[(shown != 0) & np.isfinite(shown)], edges)
    unit = _HIGHEST / max(int(counts.max(initial=0)), ties, 1)
    colours = [style.BLUE if edge > -wide / 2 else style.VERMILION for edge in edges[:-1]]
    axes.bar(
        edges[:-1],
        -unit * counts,
        width=0.9 * wide,
        bottom=place + _FOOT,
        align="edge",
        color=colours,
        alpha=0.75,
        linewidth=0,
    )
    if ties:
        foot = place + _FOOT
        axes.bar(0, -unit * ties, width=0.5 * wide, bottom=foot, color=style.MUTED, linewidth=0)


def _draw_difference(axes: Axes, place: int, difference: Difference) -> None:
    if not math.isfinite(difference.nats):
        return
    apart = difference.unpaired_error / (difference.standard_error or math.nan)
    ends = [difference.nats + apart * (end - difference.nats) for end in difference.interval]
    at = place + _UNDER
    if all(map(math.isfinite, ends)):
        axes.plot(ends, [at, at], color=style.MUTED, linewidth=0.8, solid_capstyle="butt")
    _draw_interval(axes, at, difference.nats, difference.interval)


def _draw_interval(axes: Axes, at: float, nats: float, interval: tuple[float, float]) -> None:
    if all(map(math.isfinite, interval)):
        axes.plot(
            interval, [at, at], color=style.INK, linewidth=2.4, solid_capstyle="butt", zorder=4
        )
    look: dict[str, Any] = {"markersize": 7, "markeredgewidth": 1.4, "zorder": 5}
    axes.plot([nats], [at], "|", color=style.INK, **look)


def _caption(found: Comparison, gains: _Gains, reference: str, unit: str) -> str:
    rows = EVENTS_OF_UNIT[unit]
    told = (
        f"Left: the mean over {found.rows:,} {rows} and its 95 % interval. Right: {rows} by how "
        f"much more (blue) or less (orange) ln p they get than from {reference}; under them the "
        "mean gain and its 95 % interval, thick, and thin what that would be without pairing them."
    )
    hidden = gains.hidden
    if not hidden.size:
        return told
    furthest = signed(float(hidden[np.abs(hidden).argmax()]), 1)
    return f"{told} Not shown: {hidden.size} outside the frame, the furthest at {furthest}."


def _prepare(axes: Axes, rows: int, lower: float, upper: float) -> None:
    axes.set_xlim(lower, upper)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.hlines(np.arange(1, rows) - 0.5, lower, upper, color=style.RULE, linewidth=0.6, zorder=0)


def _label(axes: Axes, words: str, ticks: int) -> None:
    style.place_ticks(axes.xaxis, ticks, whole=False)
    axes.set_xlabel(words, fontsize=style.LABEL_SIZE, **style.TEXT)
    style.tidy(axes)
    axes.spines["left"].set_visible(False)


def _beside(axes: Axes, place: int, words: str, more: str) -> None:
    """A line of text to the right of a row, and a quieter one under it."""
    how: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"),
        "textcoords": "offset points",
        "va": "center",
    }
    up = 5 if more else 0
    muted = {**style.TEXT, "color": style.MUTED}
    first = {**(style.TEXT if more else muted), "fontsize": style.LABEL_SIZE}
    axes.annotate(words, (1, place), xytext=(8, up), **first, **how)
    if more:
        axes.annotate(more, (1, place), xytext=(8, -6), fontsize=_SMALL, **muted, **how)


def _write(
    figure: Figure, x: float, y: float, words: str, size: float, colour: str = style.INK
) -> None:
    look = {**style.TEXT, "color": colour}
    figure.text(x, y, words, fontsize=size, va="top", parse_math=False, **look)


def _place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Inches from the upper left corner -> axes exactly there."""
    across, down = figure.get_size_inches()
    return figure.add_axes(
        (left / across, 1 - (top + height) / down, width / across, height / down)
    )


def _short(name: str) -> str:
    """A name of any length -> one that fits, the end of it kept: that is where runs differ."""
    name = style.legible(name)
    return name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :]
