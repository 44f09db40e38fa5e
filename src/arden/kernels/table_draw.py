"""A whole walk through a table of the past: a full table, a Markov chain, independent variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.kernels._compile import outer
from arden.kernels._draw_inputs import draw_inputs
from arden.kernels._symbols import draw_value
from arden.kernels._threads import pieces, run
from arden.networks._tabular import TabularNetwork

__all__ = ["draw"]

_ROWS = 64
_WORK = 64
"""What a step costs, in multiplications: looking up is waiting for memory."""


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a table
    of the past over bits or symbols.

    The masses are computed in float64, so that draws are those of the generic walk but where one
    uniform in millions falls between two roundings. Strings stop with their last row.
    """
    network, family = model.network, model.conditional
    if not isinstance(network, TabularNetwork) or type(family) not in (Bernoulli, Categorical):
        return None
    inputs = draw_inputs(model, noise, known, given, context, strings=True)
    if inputs is None:
        return None
    assert isinstance(family, Bernoulli | Categorical)
    batch_size, steps = inputs.noise.shape
    table = network.table
    mixed = torch.ones(batch_size, 1) if inputs.context is None else inputs.context
    longest = table.memory if table.homogeneous else steps
    tables = (
        table.weight.contiguous().numpy(),
        mixed.to(inputs.dtype).contiguous().numpy(),
        table.offsets.cpu().numpy(),
        table.memory,
        longest,
        family.num_symbols,
    )
    noises = (inputs.noise, inputs.known, inputs.given)

    def fill(rows: tuple[int, int]) -> None:
        masses = np.empty(table.weight.shape[2], np.float64)
        _walk(tables, inputs.order, noises, rows, inputs.end, masses, inputs.drawn)

    run(fill, pieces(batch_size, _ROWS), _WORK * batch_size * steps * mixed.shape[1])
    return inputs.event(model.event_shape)


@outer
def _walk(
    tables: Any, order: Any, noises: Any, rows: Any, end: Any, masses: Any, drawn: Any
) -> None:
    """Draws rows[0] … rows[1] − 1.

    ``tables`` are the weights (C, R, P), what each set of them counts for (B, C), where the rows of
    every table begin, the memory, the last table's number and the number of symbols.
    """
    weights, mixed, offsets, memory, longest, num_symbols = tables
    noise, known, given = noises
    for row in range(rows[0], rows[1]):
        past, kept = 0, 1  # the symbols remembered, as a number below ``kept``
        for step in range(order.shape[0]):
            place = order[step]
            if known.shape[0] > 0 and known[row, place]:
                symbol = given[row, place]
            else:
                at = offsets[min(step, longest)] + past
                masses[:] = 0
                for k in range(weights.shape[0]):
                    share = mixed[row, k]
                    if share != 0:
                        for p in range(masses.shape[0]):
                            masses[p] += share * weights[k, at, p]
                symbol = draw_value(masses, num_symbols, noise[row, place])
            drawn[row, place] = symbol
            if symbol == end:
                break
            if step < memory:
                kept *= num_symbols
            past = (past * num_symbols + symbol) % kept
