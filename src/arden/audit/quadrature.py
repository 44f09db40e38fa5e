"""Integrals over the line of densities that are known only by their values and by draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import torch
from torch import Tensor

__all__ = ["integrate", "line_pieces"]

_NODES, _WEIGHTS = (torch.from_numpy(array) for array in numpy.polynomial.legendre.leggauss(10))
_MAX_HALVINGS = 45
_STEPS_OUT = 14  # each four times the last: a tail as heavy as Cauchy's ends below 1e-6

Density = Callable[[Tensor, Tensor], Tensor]
"""(M,) which of N densities, (M, Q) points -> (M, Q) values."""


def line_pieces(draws: Tensor) -> Tensor:
    """(N, S) draws from each of N densities -> (N, E) ascending edges that cover the whole line.

    Where a density is high there are many draws, hence short pieces; beyond them steps that grow.
    """
    inner = draws.sort(dim=1).values
    width = (inner[:, -1:] - inner[:, :1]).clamp(min=1e-9) + 1e-6 * inner.abs().amax(1, True)
    reach = 1e-2 * 4.0 ** torch.arange(_STEPS_OUT, dtype=inner.dtype, device=inner.device)
    below, above = inner[:, :1] - width * reach.flip(0), inner[:, -1:] + width * reach
    return torch.cat([below, inner, above], dim=1)


def integrate(density: Density, edges: Tensor, error_per_piece: float) -> Tensor:
    """N densities, (N, E) ascending edges -> (N,): ∫ from the first edge to the last.

    Gauss-Legendre on every piece; pieces that differ from the sum of their halves are halved on,
    so spikes, tails and jumps at the end of a support are all followed. ``error_per_piece`` is the
    difference that settles a piece; there are a few hundred pieces or more.
    """
    count = edges.shape[0]
    total = edges.new_zeros(count)
    which = torch.arange(count, device=edges.device).repeat_interleave(edges.shape[1] - 1)
    left, right = edges[:, :-1].flatten(), edges[:, 1:].flatten()
    wide = right > left
    which, left, right = which[wide], left[wide], right[wide]
    whole = _gauss(density, which, left, right)
    for halving in range(_MAX_HALVINGS):
        middle = 0.5 * (left + right)
        first = _gauss(density, which, left, middle)
        second = _gauss(density, which, middle, right)
        settled = (first + second - whole).abs() <= error_per_piece
        if halving == _MAX_HALVINGS - 1:
            settled = torch.ones_like(settled)
        total.index_add_(0, which[settled], (first + second)[settled])
        on = ~settled
        if not bool(on.any()):
            break
        which = which[on].repeat(2)
        left, right = torch.cat([left[on], middle[on]]), torch.cat([middle[on], right[on]])
        whole = torch.cat([first[on], second[on]])
    return total


def _gauss(density: Density, which: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """(M,) densities, (M,) and (M,) ends -> (M,) integrals by one rule each."""
    if not len(which):
        return left
    nodes, weights = _NODES.to(left), _WEIGHTS.to(left)
    half = 0.5 * (right - left)
    points = 0.5 * (left + right)[:, None] + half[:, None] * nodes
    values = torch.cat(
        [density(w, p) for w, p in zip(which.split(2**14), points.split(2**14), strict=True)]
    )
    return half * (values @ weights)
