"""What a model believes of the class while it reads: an image uncovered, and the belief beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import as_numbers, data_colours, value_range
from arden.plots.text_surprise import SIGNS

__all__ = ["progressive_posterior"]

_WIDTH, _HEIGHT = 5.6, 2.5  # inches, of the curves
_LEFT, _RIGHT, _BELOW, _ABOVE, _LINE = 0.6, 0.9, 0.5, 0.42, 0.2
_STAGES, _GAP = 7, 0.16
_MOST_SIGNS = 70
_NAMED = 0.05
"""A class that never is this probable is drawn, but not named."""


def progressive_posterior(
    log_posterior: Any,
    class_names: Sequence[str],
    path: str | Path,
    title: str,
    true_class: int | None = None,
    *,
    image: Any = None,
    order: Any = None,
    num_symbols: int | None = None,
    signs: Sequence[str] = (),
) -> Path:
    """(T + 1, K) nats, K names, a path -> the path: p(class | the first t values) for every t.

    Above the curves stands the ``image`` (H, W) or (H, W, C) as far as it was read at seven of the
    steps, in the ``order`` (T,) in which it was read; under those of a text its ``signs``. The
    curve of the ``true_class`` is thick.

    Raises:
        InputError: shapes that do not fit, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    nats = torch.as_tensor(log_posterior).detach().cpu().double().numpy()
    if nats.ndim != 2 or nats.shape[1] != len(class_names) or len(nats) < 2:
        raise InputError(
            f"log_posterior: expected (T + 1, {len(class_names)}) with T ≥ 1, "
            f"got shape {tuple(nats.shape)}"
        )
    beliefs = np.exp(nats)
    steps = len(beliefs) - 1
    stages = [] if image is None else _stages(image, order, steps, num_symbols)
    lines = style.wrapped(title, _WIDTH + _LEFT, style.TITLE_SIZE).count("\n")
    tall = _tile_width() / stages[0][1].shape[1] * stages[0][1].shape[0] if stages else 0.0
    above = _ABOVE + _LINE * lines + (tall + 0.3 if stages else 0.0)
    width, height = _LEFT + _WIDTH + _RIGHT, above + _HEIGHT + _BELOW
    figure = style.new_figure(width, height)
    style.write_title(figure, title, 0.12, 0.12)
    axes = figure.add_axes((_LEFT / width, _BELOW / height, _WIDTH / width, _HEIGHT / height))
    for place, (at, pixels) in enumerate(stages):
        left = _LEFT + place * (_tile_width() + _GAP)
        box = (
            left / width,
            (_BELOW + _HEIGHT + 0.3) / height,
            _tile_width() / width,
            tall / height,
        )
        tile = figure.add_axes(box)
        tile.imshow(pixels, interpolation="nearest", aspect="auto")
        tile.set_xticks([])
        tile.set_yticks([])
        style.tidy(tile, frame=True)
        figure.text(
            left / width + box[2] / 2,
            (_BELOW + _HEIGHT + 0.13) / height,
            f"{at:,} read",
            ha="center",
            fontsize=style.LABEL_SIZE - 1,
            **{**style.TEXT, "color": style.MUTED},
        )
        axes.axvline(at, color=style.RULE, linewidth=0.7, zorder=0)
    _draw_curves(axes, beliefs, class_names, true_class)
    axes.set_xlim(0, steps)
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("p(class | what was read)", fontsize=style.LABEL_SIZE, **style.TEXT)
    style.place_ticks(axes.yaxis, 5, whole=False)
    if signs and steps <= _MOST_SIGNS:
        shown = [style.legible(SIGNS.get(sign, sign)) for sign in signs]
        axes.set_xticks(range(1, steps + 1), shown, parse_math=False)
        axes.set_xlabel("after each character", fontsize=style.LABEL_SIZE, **style.TEXT)
    else:
        style.place_ticks(axes.xaxis, 8)
        axes.set_xlabel("values read", fontsize=style.LABEL_SIZE, **style.TEXT)
    style.tidy(axes)
    return style.write_figure(figure, path)


def _tile_width() -> float:
    return (_WIDTH - (_STAGES - 1) * _GAP) / _STAGES


def _stages(
    image: Any, order: Any, steps: int, num_symbols: int | None
) -> list[tuple[int, NDArray[np.uint8]]]:
    """An image, its order -> (how many values were read, what is seen of it), seven times."""
    numbers = as_numbers(torch.as_tensor(image)[None], "image")
    path = np.asarray(torch.as_tensor(order).cpu())
    if numbers.ndim < 3 or numbers.size != steps or sorted(path.tolist()) != list(range(steps)):
        raise InputError(
            f"image, order: expected {steps} values of an image and the order they are read in, "
            f"got {numbers.size} and {len(path)}"
        )
    ends = value_range(numbers, num_symbols)
    found = []
    for at in np.linspace(0, steps, _STAGES).round().astype(int).tolist():
        seen = numbers.reshape(-1).copy()
        seen[path[at:]] = np.nan
        found.append((at, data_colours(seen.reshape(numbers.shape), *ends)[0]))
    return found


def _draw_curves(
    axes: Axes, beliefs: NDArray[np.float64], names: Sequence[str], true_class: int | None
) -> None:
    """(T + 1, K) -> (): a line for each class, its name where it ends, no two on another."""
    steps = np.arange(len(beliefs))
    table = matplotlib.colormaps["tab10" if len(names) <= 10 else "tab20"]
    named = []
    for k, name in enumerate(names):
        true = k == true_class
        colour = table(k % 20)
        axes.plot(
            steps,
            beliefs[:, k],
            color=colour,
            linewidth=2.4 if true else 1.1,
            zorder=4 if true else 3,
            clip_on=False,
        )
        if beliefs[1:, k].max(initial=0.0) >= _NAMED or true:
            named.append((float(beliefs[-1, k]), name + (" (true)" if true else ""), colour, true))
    # Most classes end at nothing: their names are pushed apart, from the top down.
    named.sort(key=lambda each: -each[0])
    height, room = 1.0, 1.04 / max(len(named), 12)
    for place, (value, name, colour, true) in enumerate(named):
        rest = room * (len(named) - 1 - place)
        height = max(min(height, value), rest)
        axes.annotate(
            style.legible(name),
            (1, height),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.LABEL_SIZE,
            fontweight="bold" if true else "normal",
            annotation_clip=False,
            parse_math=False,
            **{**style.TEXT, "color": colour},
        )
        height -= room
