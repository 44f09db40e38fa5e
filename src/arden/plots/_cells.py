"""Matrices of what one step has to do with another, drawn cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray

from arden.errors import InputError
from arden.plots import style

__all__ = ["show_cells", "square_matrix"]

_MOST_CELLS = 800  # a side; beyond, the strongest cell of a block stands for it


def square_matrix(values: Any, name: str) -> NDArray[np.float64]:
    """(T, T) numbers and what they are called -> the same in float64; a clear error otherwise."""
    matrix = torch.as_tensor(values).detach().cpu().double().numpy()
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise InputError(f"{name}: expected a matrix (T, T), got shape {tuple(matrix.shape)}")
    if not bool((matrix >= 0).all() and np.isfinite(matrix).all()):
        raise InputError(f"{name}: expected finite numbers of at least 0")
    return np.asarray(matrix)


def show_cells(axes: Axes, cells: NDArray[Any], **how: Any) -> None:
    """(T, T) -> (): one coloured cell for each, or for each block of them when there are many."""
    size = len(cells)
    block = -(-size // _MOST_CELLS)
    blocks = -(-size // block)
    padded = np.pad(cells, (0, blocks * block - size))
    shown = padded.reshape(blocks, block, blocks, block).max(axis=(1, 3))
    edge = blocks * block - 0.5
    axes.imshow(
        shown,
        interpolation="nearest",
        aspect="auto",
        origin="upper",
        extent=(-0.5, edge, edge, -0.5),
        **how,
    )
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(size - 0.5, -0.5)
    if size <= 32:
        lines = np.arange(1, size) - 0.5
        axes.hlines(lines, -0.5, size - 0.5, color=style.PAPER, linewidth=0.7)
        axes.vlines(lines, -0.5, size - 0.5, color=style.PAPER, linewidth=0.7)
