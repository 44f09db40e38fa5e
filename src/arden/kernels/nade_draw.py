"""A whole walk through a NADE over bits or symbols: the hidden units never leave the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.kernels._activation import ACTIVATIONS, activate
from arden.kernels._compile import outer
from arden.kernels._dots import four_dots, one_dot
from arden.kernels._draw_inputs import draw_inputs, features_of_symbols
from arden.kernels._loops import add_row
from arden.kernels._nade_arrays import arrays_of
from arden.kernels._scratch import padded, scratch
from arden.kernels._symbols import draw_value
from arden.kernels._threads import pieces, run
from arden.networks.nade import NADE

__all__ = ["draw"]

_ROWS = 32
_TILE = 8
"""Outputs whose weights are brought into the cache together, for all rows (at least a step's)."""
_FEW = np.int64(3)
"""So many rows read the weights where they are."""
_LEFT = np.uint64(0)


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a NADE
    over bits or symbols.

    Computed in the weights' precision, the masses in float64. In float64 the draws are those of the
    generic walk; in float32 the two round differently, and one uniform in millions falls between.
    A row's draws do not depend on the other rows.
    """
    network, family = model.network, model.conditional
    if type(network) is not NADE or type(family) not in (Bernoulli, Categorical):
        return None
    inputs = draw_inputs(model, noise, known, given, context)
    if inputs is None:
        return None
    batch_size, steps = inputs.noise.shape
    num_params, hidden = network.outputs.shape[1:]
    weights = arrays_of(network, inputs)
    table = features_of_symbols(family, inputs.dtype).numpy()
    noises = (inputs.noise, inputs.known, inputs.given)
    kind = ACTIVATIONS[network.options.activation]
    tile = max(1, _TILE // num_params) * num_params

    def fill(rows: tuple[int, int]) -> None:
        lengths = (rows[1] - rows[0], rows[1] - rows[0], tile)
        work = scratch(lengths, padded(hidden), table.dtype)
        logits, masses = np.empty(tile, table.dtype), np.empty(num_params, np.float64)
        _walk(weights, kind, table, inputs.order, noises, rows, work, logits, masses, inputs.drawn)

    run(fill, pieces(batch_size, _ROWS), batch_size * steps * num_params * hidden)
    return torch.from_numpy(inputs.drawn).reshape(batch_size, *model.event_shape)


@outer
def _walk(
    weights: Any,
    kind: Any,
    table: Any,
    order: Any,
    noises: Any,
    rows: Any,
    work: Any,
    logits: Any,
    masses: Any,
    drawn: Any,
) -> None:
    """Draws rows[0] … rows[1] − 1. ``table`` (K, F) has the features of every symbol."""
    inputs, hidden_bias, outputs, output_bias = weights
    noise, known, given = noises
    sums, units, tile = work
    num_steps, num_features = order.shape[0], table.shape[1]
    num_params, hidden = masses.shape[0], np.uint64(outputs.shape[1])
    few, width = rows[1] - rows[0] <= _FEW, units.shape[1]
    sums[:, hidden:] = 0
    tile[:, hidden:] = 0  # what the units beyond H are worth
    for row in range(rows[1] - rows[0]):
        for k in range(hidden):
            sums[row, k] = hidden_bias[rows[0] + row, k]
        activate(kind, sums, row, units, row)
    steps_of_tile = tile.shape[0] // num_params
    for low in range(0, num_steps, steps_of_tile):
        high = min(low + steps_of_tile, num_steps)
        size = (high - low) * num_params
        own, first_own, n = tile, 0, width
        if few:
            own, first_own, n = outputs, low * num_params, outputs.shape[1]
        else:
            for output in range(size):
                for k in range(hidden):
                    tile[output, k] = outputs[low * num_params + output, k]
        for row in range(rows[1] - rows[0]):
            batch_row = rows[0] + row
            ready = 0  # logits before this one belong to the present units
            for step in range(low, high):
                first, place = (step - low) * num_params, order[step]
                if known.shape[0] > 0 and known[batch_row, place]:
                    symbol = given[batch_row, place]
                else:
                    ready = max(ready, first)
                    while ready < first + num_params:
                        # Beyond this step's: still good if the value drawn changes no unit.
                        if ready + 4 <= size:
                            a, b, c, d = four_dots(units, row, own, first_own + ready, n)
                            logits[ready], logits[ready + 1] = a, b
                            logits[ready + 2], logits[ready + 3] = c, d
                            ready += 4
                        else:
                            logits[ready] = one_dot(units, row, own, first_own + ready, n)
                            ready += 1
                    for k in range(num_params):
                        masses[k] = (
                            logits[first + k] + output_bias[batch_row, step * num_params + k]
                        )
                    symbol = draw_value(masses, table.shape[0], noise[batch_row, place])
                drawn[batch_row, place] = symbol
                if step + 1 < num_steps:
                    changed = False
                    for k in range(num_features):
                        if table[symbol, k] != 0:
                            source = step * num_features + k
                            add_row(sums, row, table[symbol, k], inputs, source, _LEFT, hidden)
                            changed = True
                    if changed:
                        activate(kind, sums, row, units, row)
                        ready = first + num_params
