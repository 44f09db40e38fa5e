"""The path of an ordering over the pixels of an image, and the step at which each is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arden.plots import style
from arden.plots.ordering_panel import draw_ordering, ordering_path

__all__ = ["ordering_map"]

_PANEL = 3.0  # inches, the longer side
_MARGIN, _TITLE_LINE, _BAR = 0.18, 0.19, 0.75


def ordering_map(order: Any, event_shape: tuple[int, ...], path: str | Path, title: str) -> Path:
    """(T,) event index of each step, (H, W), (H, W, C) or (D,), a path -> the path.

    Takes what `Ordering.order()` gives. Colours, and numbers where there is room, say at which
    step (from 0) a pixel is reached, for pixels with channels the first of them. The path is drawn
    for orders that mostly go from neighbour to neighbour, thin where they jump; the white dot is
    the first step, the black one the last.

    Raises:
        InputError: an order that does not visit every scalar once, a shape that is no image, an
            ending other than .png, .pdf, .svg.
        FileError: the picture cannot be written.
    """
    style.picture_format(path)
    height, width = ordering_path(order, event_shape)[1].shape
    # Cells are square, but a row of many columns is not drawn as thin as they would make it.
    across, down = (max(0.35, _PANEL * size / max(height, width)) for size in (width, height))
    lines = len(style.wrapped(title, max(across, _PANEL), style.TITLE_SIZE).splitlines())
    above = _MARGIN + lines * _TITLE_LINE + 0.06 if title else _MARGIN
    # The colour bar stays readable beside a picture one pixel high.
    tall = max(down, 0.9)
    full = (2 * _MARGIN + max(across, _PANEL) + _BAR, above + tall + _MARGIN)
    figure = style.new_figure(*full)
    if title:
        style.write_title(figure, title, _MARGIN, _MARGIN)
    axes = figure.add_axes(
        (_MARGIN / full[0], 1 - (above + down) / full[1], across / full[0], down / full[1])
    )
    mapped = draw_ordering(axes, order, event_shape, _PANEL / max(height, width) * 72)
    bar = figure.add_axes(
        (
            (_MARGIN + across + 0.12) / full[0],
            1 - (above + tall) / full[1],
            0.11 / full[0],
            tall / full[1],
        )
    )
    style.colour_bar(bar, mapped, "step (from 0)", whole=True)
    bar.invert_yaxis()  # as an image is read: first steps at the top
    return style.write_figure(figure, path)
