"""How small the same data become: by a model, and by programs that know nothing of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from arden.errors import InputError
from arden.plots import style

__all__ = ["Bar", "Panel", "coded_sizes"]

_WIDTH, _NAMES, _RIGHT = 6.4, 1.6, 0.75  # inches
_BAR, _BELOW, _TITLE, _MARGIN = 0.27, 0.5, 0.3, 0.16


@dataclass(frozen=True)
class Bar:
    """What compressed, to how many bits a scalar; of a model what its −log₂ p is."""

    name: str
    bits: float
    ideal: float | None = None


@dataclass(frozen=True)
class Panel:
    """The same data by several programs; ``unit`` is what a scalar is called."""

    title: str
    unit: str
    bars: Sequence[Bar]


def coded_sizes(panels: Sequence[Panel], path: str | Path) -> Path:
    """Panels, a path -> the path: a bar for each program, those of models in blue with their limit.

    Raises:
        InputError: nothing to draw, an ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    if not panels or not all(panel.bars for panel in panels):
        raise InputError("panels: expected at least one, each with a bar")
    heights = [_TITLE + _BAR * len(panel.bars) + _BELOW for panel in panels]
    height = sum(heights) + 2 * _MARGIN
    figure = style.new_figure(_WIDTH, height)
    top = _MARGIN
    for panel, tall in zip(panels, heights, strict=True):
        style.write_title(figure, panel.title, _MARGIN, top)
        down = tall - _TITLE - _BELOW
        box = (
            _NAMES / _WIDTH,
            1 - (top + _TITLE + down) / height,
            (_WIDTH - _NAMES - _RIGHT) / _WIDTH,
            down / height,
        )
        _draw(figure.add_axes(box), panel)
        top += tall
    return style.write_figure(figure, path)


def _draw(axes: Axes, panel: Panel) -> None:
    places = range(len(panel.bars))
    colours = [style.RULE if bar.ideal is None else style.BLUE for bar in panel.bars]
    axes.barh(places, [bar.bits for bar in panel.bars], height=0.68, color=colours)
    most = max(bar.bits for bar in panel.bars)
    for place, bar in zip(places, panel.bars, strict=True):
        axes.text(
            bar.bits + most / 90,
            place,
            f"{bar.bits:.4f}" if most < 1 else f"{bar.bits:.3f}",
            va="center",
            fontsize=style.LABEL_SIZE,
            **style.TEXT,
        )
        if bar.ideal is not None:
            limit = [bar.ideal, bar.ideal]
            axes.plot(limit, [place - 0.34, place + 0.34], color=style.ORANGE, linewidth=1.6)
    axes.set_yticks(list(places), [style.legible(bar.name) for bar in panel.bars])
    axes.set_xlim(0, most * 1.02)
    axes.invert_yaxis()
    style.place_ticks(axes.xaxis, 6, whole=False)
    modelled = any(bar.ideal is not None for bar in panel.bars)
    told = f"bits per {panel.unit}" + ("; the orange line is −log₂ p" if modelled else "")
    axes.set_xlabel(told, fontsize=style.LABEL_SIZE, **style.TEXT)
    style.tidy(axes)
    axes.tick_params(axis="y", length=0)
