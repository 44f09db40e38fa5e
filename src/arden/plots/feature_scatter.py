"""Where a model puts every event among its features: two dimensions, a colour for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["feature_scatter", "principal_plane"]

_SIZE = 4.6  # inches, of the square
_LEFT, _RIGHT, _BELOW, _ABOVE = 0.72, 0.3, 0.52, 0.42
_LINE = 0.2
_MOST_CLASSES = 20


def feature_scatter(
    features: Any,
    path: str | Path,
    title: str,
    labels: Any = None,
    class_names: Sequence[str] = (),
) -> Path:
    """(N, Z) features, a path, (N,) classes -> the path: a point for every event.

    More than two features are turned so that the plane shows as much of their variance as any
    plane can (principal components); a single one is drawn against the number of the row. Each
    class stands at the middle of its points, in its colour; more than 20 are not told apart.

    Raises:
        InputError: no feature, labels of other rows, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    values = np.asarray(features, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(f"features: expected (N, Z), got shape {tuple(values.shape)}")
    if labels is not None and len(labels) != len(values):
        raise InputError(f"labels: expected {len(values)} of them, got {len(labels)}")
    points, names = principal_plane(values)
    lines = style.wrapped(title, _SIZE, style.TITLE_SIZE).count("\n")
    above = _ABOVE + _LINE * lines
    width, height = _LEFT + _SIZE + _RIGHT, _BELOW + _SIZE + above
    figure = style.new_figure(width, height)
    style.write_title(figure, title, 0.12, 0.12)
    axes = figure.add_axes((_LEFT / width, _BELOW / height, _SIZE / width, _SIZE / height))
    classes = np.zeros(len(points), dtype=np.int64) if labels is None else np.asarray(labels)
    _draw_points(axes, points, classes.astype(np.int64), class_names)
    for axis, name in zip((axes.xaxis, axes.yaxis), names, strict=True):
        axis.set_label_text(name, fontsize=style.LABEL_SIZE, **style.TEXT)
        style.place_ticks(axis, 6, whole=False)
    style.tidy(axes)
    return style.write_figure(figure, path)


def principal_plane(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[str, str]]:
    """(N, Z) -> (N, 2) points, and what each axis is.

    >>> points, names = principal_plane(np.array([[0.0, 0.0, 1.0], [3.0, 0.0, 1.0]]))
    >>> abs(points[:, 0]), names[0]
    (array([1.5, 1.5]), 'first principal component, 100 % of the variance')
    """
    if values.shape[1] == 1:
        rows = np.arange(len(values), dtype=np.float64)
        return np.stack([values[:, 0], rows], axis=1), ("the feature", "row")
    if values.shape[1] == 2:
        return values, ("first feature", "second feature")
    centred = values - values.mean(axis=0)
    _, spread, directions = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(values), 2))
    points[:, : len(spread)] = centred @ directions[:2].T
    shares = np.pad(spread, (0, 2))[:2] ** 2 / ((spread**2).sum() or 1.0)
    first, second = (
        f"{which} principal component, {100 * share:.0f} % of the variance"
        for which, share in zip(("first", "second"), shares, strict=True)
    )
    return points, (first, second)


def _draw_points(
    axes: Axes, points: NDArray[np.float64], classes: NDArray[np.int64], names: Sequence[str]
) -> None:
    found = sorted(set(classes.tolist()))
    apart = 1 < len(found) <= _MOST_CLASSES
    table = matplotlib.colormaps["tab10" if len(found) <= 10 else "tab20"]
    for place, number in enumerate(found):
        mine = points[classes == number]
        colour = table(place) if apart else style.BLUE
        axes.scatter(mine[:, 0], mine[:, 1], s=7, color=[colour], alpha=0.7, linewidths=0)
        if not apart:
            continue
        across, up = np.median(mine, axis=0)
        axes.text(
            across,
            up,
            style.legible(names[number] if number < len(names) else str(number)),
            ha="center",
            va="center",
            fontsize=style.LABEL_SIZE + 2,
            fontweight="bold",
            parse_math=False,
            path_effects=[withStroke(linewidth=3, foreground=style.PAPER)],
            zorder=5,
            **{**style.TEXT, "color": colour},
        )
