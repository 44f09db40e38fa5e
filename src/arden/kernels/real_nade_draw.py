"""A whole walk through a real-valued NADE: the hidden units never leave the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.core.model import AutoregressiveModel
from arden.kernels._activation import ACTIVATIONS, activate
from arden.kernels._compile import outer
from arden.kernels._dots import dots
from arden.kernels._draw_inputs import draw_inputs
from arden.kernels._loops import add_row
from arden.kernels._nade_arrays import arrays_of
from arden.kernels._scalars import draw_scalar, family_of, show_scalar
from arden.kernels._scratch import padded, scratch
from arden.kernels._threads import pieces, run
from arden.networks.nade import NADE

__all__ = ["draw"]

_ROWS = 32
_TILE = 8
"""Steps whose weights are used by all rows before the next ones are brought into the cache."""
_LEFT = np.uint64(0)


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 2) uniforms -> (B, *event) float64: the generic walk's draws to 1e-10; None if
    not a NADE over mixtures of Gaussians.

    Computed in the weights' precision, the mixtures in float64. A row's draws do not depend on the
    other rows.
    """
    network = model.network
    if type(network) is not NADE:
        return None
    family = family_of(model, model.dtype)
    if family is None or len(family) == 1:
        return None
    inputs = draw_inputs(model, noise, known, given, context, reals=True)
    if inputs is None:
        return None
    batch_size, steps = inputs.drawn.shape
    num_params, hidden = network.outputs.shape[1:]
    weights = arrays_of(network, inputs)
    noises = (inputs.noise, inputs.known, inputs.given)
    kind = ACTIVATIONS[network.options.activation]

    def fill(rows: tuple[int, int]) -> None:
        length = rows[1] - rows[0]
        sums, units = scratch((length, length), padded(hidden), weights[0].dtype)
        shown = np.empty((length, steps), weights[0].dtype)
        work = (sums, units, shown, np.empty(num_params, weights[0].dtype), np.empty(num_params))
        _walk(weights, kind, inputs.order, noises, family, rows, work, inputs.drawn)

    run(fill, pieces(batch_size, _ROWS), batch_size * steps * num_params * hidden)
    return torch.from_numpy(inputs.drawn).reshape(batch_size, *model.event_shape)


@outer
def _walk(
    weights: Any,
    kind: Any,
    order: Any,
    noises: Any,
    family: Any,
    rows: Any,
    work: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1. ``work`` is sums and units (R, ≥ H), the numbers shown (R, T),
    and room for the parameters of a step, as they are computed and in float64."""
    inputs, hidden_bias, outputs, output_bias = weights
    noise, known, given = noises
    sums, units, shown, params, masses = work
    num_steps, num_params = order.shape[0], masses.shape[0]
    hidden = np.uint64(outputs.shape[1])
    sums[:, hidden:] = 0
    for row in range(rows[1] - rows[0]):
        for k in range(hidden):
            sums[row, k] = hidden_bias[rows[0] + row, k]
        activate(kind, sums, row, units, row)
    for low in range(0, num_steps, _TILE):
        for row in range(rows[1] - rows[0]):
            batch_row = rows[0] + row
            for step in range(low, min(low + _TILE, num_steps)):
                place, first = order[step], step * num_params
                if known.shape[0] > 0 and known[batch_row, place]:
                    value = given[batch_row, place]
                else:
                    dots(units, row, outputs, first, outputs.shape[1], params, 0, num_params)
                    for k in range(num_params):
                        masses[k] = params[k] + output_bias[batch_row, first + k]
                    uniform, normal = noise[batch_row, place, 0], noise[batch_row, place, 1]
                    value = draw_scalar(family, masses, uniform, normal, step)
                drawn[batch_row, place] = value
                show_scalar(family, value, shown, row, step)
                if step + 1 < num_steps:
                    add_row(sums, row, shown[row, step], inputs, step, _LEFT, hidden)
                    activate(kind, sums, row, units, row)
