"""Where a sound surprises a model: its waveform in the colours of −ln p of every sample."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize

from arden.errors import InputError
from arden.plots import style
from arden.plots.conditionals_map import top_of_scale

__all__ = ["wave_surprise"]

_WIDTH, _ROW, _AXIS = 7.5, 1.25, 0.27  # inches; the last is for the ticks under a row
_LEFT, _RIGHT, _BELOW, _ABOVE, _TITLE = 0.72, 1.0, 0.28, 0.36, 0.2
_SAMPLES_A_ROW = 8_000  # more of them could not be told apart
_USED = 0.85  # of the colours: the brightest ones could not be told from the paper


def wave_surprise(
    amplitude: Any, surprise: Any, path: str | Path, title: str = "", sample_rate: int = 1
) -> Path:
    """(L,) amplitudes in −1..1, (L,) nats, a path, samples a second -> the path: the waveform.

    It goes on from row to row, each sample in the colour of its −ln p.

    Raises:
        InputError: no sample, a number of nats for more or fewer of them, an ending other than
            .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    heights = np.asarray(amplitude, dtype=np.float64)
    nats = np.asarray(surprise, dtype=np.float64)
    if heights.ndim != 1 or not len(heights) or nats.shape != heights.shape:
        raise InputError(
            "surprise: expected one number for each sample (L,), at least 1, "
            f"got shapes {heights.shape} and {nats.shape}"
        )
    finite = nats[np.isfinite(nats)]
    lowest = float(finite.min(initial=0.0))
    highest = top_of_scale(finite, lowest)
    colours = style.colour_table(style.SURPRISE)[: int(256 * _USED)] / 255.0
    colouring = ListedColormap(colours)
    scale = Normalize(lowest, highest, clip=True)
    rows = math.ceil(len(heights) / _SAMPLES_A_ROW)
    a_row = math.ceil(len(heights) / rows)
    titles = style.wrapped(title, _WIDTH - 0.24, style.TITLE_SIZE).count("\n") + 1
    above = _ABOVE + (_TITLE * (titles - 1) if title else -_TITLE)
    height = above + rows * _ROW + _BELOW
    figure = style.new_figure(_WIDTH, height)
    if title:
        style.write_title(figure, title, 0.12, 0.12)
    reach = max(float(np.abs(heights).max()), 1e-3) * 1.05
    across = 1 - (_LEFT + _RIGHT) / _WIDTH
    for row in range(rows):
        here = slice(row * a_row, (row + 1) * a_row + 1)  # one more, so that rows join
        seconds = np.arange(len(heights))[here] / sample_rate
        lower = 1 - (above + (row + 1) * _ROW - _AXIS) / height
        axes = figure.add_axes((_LEFT / _WIDTH, lower, across, (_ROW - _AXIS) / height))
        points = np.stack([seconds, heights[here]], axis=1)
        # A piece ends at the sample whose surprise it shows; the very first has a piece of its own.
        ends = np.concatenate([points[:1], points])
        pieces = np.stack([ends[:-1], ends[1:]], axis=1)
        shown = np.nan_to_num(nats[here], nan=lowest, posinf=highest)
        top_last = shown.argsort(kind="stable")  # a rare surprise must not be painted over
        axes.add_collection(
            LineCollection(
                list(pieces[top_last]),
                array=shown[top_last],
                cmap=colouring,
                norm=scale,
                linewidths=0.7,
                capstyle="round",
            )
        )
        axes.set_xlim(seconds[0], row * a_row / sample_rate + a_row / sample_rate)
        axes.set_ylim(-reach, reach)
        style.place_ticks(axes.xaxis, 8, whole=False)
        style.place_ticks(axes.yaxis, 4, whole=False)
        style.tidy(axes)
        axes.set_ylabel("amplitude", fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.set_xlabel("seconds", fontsize=style.LABEL_SIZE, **style.TEXT)
    tall = min(rows * _ROW, 3.0)
    bar = figure.add_axes(
        (1 - (_RIGHT - 0.15) / _WIDTH, 1 - (above + tall) / height, 0.11 / _WIDTH, tall / height)
    )
    mapped = ScalarMappable(Normalize(lowest, highest), colouring)
    beyond = bool((nats > highest).any())
    style.colour_bar(bar, mapped, r"$-\ln p(x_i \mid x_{\!<\!i})$, nats", beyond=beyond)
    return style.write_figure(figure, path)
