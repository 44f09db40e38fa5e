"""How the likelihood of training and validation rows went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["LIKELIHOOD", "training_curve"]

LIKELIHOOD = r"$-\ln p(x)$"
"""What exact models minimise, as it stands beside the axis."""

_WIDTH, _HEIGHT = 5.6, 3.3  # inches
_LEFT, _RIGHT, _BELOW, _ABOVE = 0.72, 0.95, 0.52, 0.42
_LINE = 0.2
_COLOURS = {"train": style.VERMILION, "valid": style.BLUE}


@dataclass(frozen=True)
class _Curves:
    """(E,) epochs, and (E,) nats of each curve that has any; NaN where there is no finite one."""

    epochs: NDArray[np.float64]
    nats: dict[str, NDArray[np.float64]]

    @property
    def finite(self) -> NDArray[np.float64]:
        every = np.concatenate([*self.nats.values(), np.empty(0)])
        return every[np.isfinite(every)]


def training_curve(
    records: Sequence[Mapping[str, Any]],
    path: str | Path,
    title: str,
    best_epoch: int | None = None,
    minimised: str = LIKELIHOOD,
    unit: str = "nats",
) -> Path:
    """E records {epoch, train, valid}, a path -> the path: −ln p(x) in nats against the epoch.

    ``minimised`` and ``unit`` name what was minimised where it is something else. ``train`` and
    ``valid`` are figures per event and may be missing, None or not finite. The best epoch is marked
    with its value; when not given, it is the one with the lowest validation (else training) figure.
    When the first epochs are far above the rest the frame leaves them out, and says so.

    Raises:
        InputError: no record, a record without its epoch, a best epoch that is not among them, an
            ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    curves = _read(records)
    if best_epoch is not None and best_epoch not in curves.epochs:
        raise InputError(
            f"best_epoch: expected one of the {len(curves.epochs)} epochs of the records, "
            f"got {best_epoch}"
        )
    lower, upper = _frame(curves)
    remarks = _remarks(curves, upper, unit)
    lines = style.wrapped(title, _WIDTH - 2 * 0.12, style.TITLE_SIZE).splitlines()
    above = _ABOVE + _LINE * (len(lines) - 1) + (0.16 if remarks else 0)
    height = _HEIGHT + above - _ABOVE
    figure = style.new_figure(_WIDTH, height)
    style.write_title(figure, title, 0.12, 0.12)
    axes = figure.add_axes(
        (
            _LEFT / _WIDTH,
            _BELOW / height,
            1 - (_LEFT + _RIGHT) / _WIDTH,
            1 - (_BELOW + above) / height,
        )
    )
    if remarks:
        figure.text(
            0.12 / _WIDTH,
            1 - (above - 0.13) / height,
            remarks,
            fontsize=style.LABEL_SIZE - 1,
            va="bottom",
            **{**style.TEXT, "color": style.MUTED},
        )
    _prepare(axes, curves, lower, upper, f"{minimised}, {unit} per event (lower is better)")
    _draw_lines(axes, curves)
    _label_lines(axes, curves, height - _BELOW - above)
    _mark_best(axes, curves, best_epoch, unit)
    return style.write_figure(figure, path)


def _read(records: Sequence[Mapping[str, Any]]) -> _Curves:
    if not records:
        raise InputError("records: expected at least one epoch, got none")
    for place, record in enumerate(records):
        if "epoch" not in record:
            raise InputError(f"records: expected a key epoch in every record, none in {place}")
    epochs = np.array([record["epoch"] for record in records], dtype=np.float64)
    nats = {}
    for name in _COLOURS:
        given = [record.get(name) for record in records]
        if any(value is not None for value in given):
            column = np.array([math.nan if v is None else float(v) for v in given])
            nats[name] = np.where(np.isfinite(column), column, math.nan)
    return _Curves(epochs, nats)


def _frame(curves: _Curves) -> tuple[float, float]:
    """The curves -> the nats at the lower and at the upper edge.

    Everything is shown unless a few values (the first fifth of the epochs, or a rare spike) stand
    more than eight times higher above the lowest value than all others do.
    """
    finite = curves.finite
    if not finite.size:
        return 0.0, 1.0
    lowest, highest = float(finite.min()), float(finite.max())
    skipped = max(1, len(curves.epochs) // 5) if len(curves.epochs) > 2 else 0
    settled = np.concatenate([column[skipped:] for column in curves.nats.values()])
    settled = settled[np.isfinite(settled)]
    if settled.size:
        usual = float(np.quantile(settled, 0.9, method="lower")) - lowest
        if usual > 0 and highest - lowest > 8 * usual:
            highest = lowest + 3 * usual
    room = 0.06 * (highest - lowest) or 0.05 * abs(highest) or 1.0
    return lowest - room, highest + room


def _remarks(curves: _Curves, upper: float, unit: str) -> str:
    """The curves, the upper edge -> a line on what is outside the picture, or nothing."""
    found = []
    above = curves.finite[curves.finite > upper]
    if above.size:
        found.append(f"{above.size} above the frame, up to {_figure(float(above.max()))} {unit}")
    missing = sum(int(np.isnan(column).sum()) for column in curves.nats.values())
    if missing:
        found.append(f"{missing} not finite")
    return "Not shown: " + "; ".join(found) if found else ""


def _prepare(axes: Axes, curves: _Curves, lower: float, upper: float, label: str) -> None:
    first, last = float(curves.epochs.min()), float(curves.epochs.max())
    room = 0.03 * (last - first) or 0.5
    axes.set_xlim(first - room, last + room)
    axes.set_ylim(lower, upper)
    style.place_ticks(axes.xaxis, 7)
    style.place_ticks(axes.yaxis, 6, whole=False)
    axes.set_xlabel("epoch", fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.set_ylabel(label, fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.grid(axis="y", color=style.RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    style.tidy(axes)
    if not curves.finite.size:
        axes.set_yticks([])
        axes.text(
            0.5,
            0.5,
            "no finite value",
            transform=axes.transAxes,
            ha="center",
            fontsize=style.LABEL_SIZE,
            **{**style.TEXT, "color": style.MUTED},
        )


def _draw_lines(axes: Axes, curves: _Curves) -> None:
    for name, column in curves.nats.items():
        # A finite value between two that are not makes no line: short curves show their points.
        few = np.isfinite(column).sum() <= 12
        axes.plot(
            curves.epochs,
            column,
            color=_COLOURS[name],
            linewidth=1.5,
            solid_joinstyle="round",
            marker="o" if few else None,
            markersize=3,
            label=name,
        )


def _label_lines(axes: Axes, curves: _Curves, inches: float) -> None:
    """Write each curve's name and last value at its end, two lines of text never on each other."""
    lower, upper = axes.get_ylim()
    ends = []
    for name, column in curves.nats.items():
        known = column[np.isfinite(column)]
        if known.size:
            share = (float(known[-1]) - lower) / (upper - lower)
            ends.append((min(max(share, 0.0), 1.0), name, float(known[-1])))
    ends.sort()
    apart = 1.35 * style.LABEL_SIZE / 72 / inches
    places = [share for share, _, _ in ends]
    if len(places) == 2 and places[1] - places[0] < apart:
        middle = min(max(sum(places) / 2, apart / 2), 1 - apart / 2)
        places = [middle - apart / 2, middle + apart / 2]
    for place, (_, name, value) in zip(places, ends, strict=True):
        axes.text(
            1.015,
            place,
            f"{name} {_figure(value)}",
            transform=axes.transAxes,
            va="center",
            fontsize=style.LABEL_SIZE,
            **{**style.TEXT, "color": _COLOURS[name]},
        )


def _mark_best(axes: Axes, curves: _Curves, best_epoch: int | None, unit: str) -> None:
    name = "valid" if np.isfinite(curves.nats.get("valid", np.empty(0))).any() else "train"
    column = curves.nats.get(name, np.empty(0))
    if not np.isfinite(column).any():
        return
    if best_epoch is None:
        place = int(np.nanargmin(column))
    else:
        place = int(np.flatnonzero(curves.epochs == best_epoch)[-1])
    epoch, value = float(curves.epochs[place]), float(column[place])
    if not math.isfinite(value):
        return
    axes.axvline(epoch, color=style.MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    axes.plot(
        [epoch],
        [value],
        marker="o",
        markersize=6,
        markerfacecolor=style.PAPER,
        markeredgecolor=_COLOURS[name],
        markeredgewidth=1.5,
        zorder=5,
    )
    # Curves fall, so that the room is in the upper right: write there, on the side with space.
    first, last = axes.get_xlim()
    to_the_right = epoch < (first + last) / 2
    axes.annotate(
        f"best {name}: {_figure(value)} {unit}\nat epoch {epoch:.0f}",
        (epoch, 0.985),
        xycoords=("data", "axes fraction"),
        xytext=(5 if to_the_right else -5, 0),
        textcoords="offset points",
        ha="left" if to_the_right else "right",
        va="top",
        fontsize=style.LABEL_SIZE,
        linespacing=1.2,
        path_effects=[withStroke(linewidth=3, foreground=style.PAPER)],
        zorder=6,
        **style.TEXT,
    )


def _figure(nats: float) -> str:
    """Nats -> two decimals, or three significant digits where those would be long."""
    return f"{nats:.2f}" if abs(nats) < 1e5 else f"{nats:.3g}"
