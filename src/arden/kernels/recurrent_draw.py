"""A whole walk through an RNN, LSTM or GRU over bits or symbols."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import pad

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.kernels._draw_inputs import draw_inputs, of_symbols
from arden.kernels._panels import ROWS_TOGETHER, filled, panels, wide
from arden.kernels._recurrent_walk import GRU_CELL, LSTM_CELL, TANH_CELL, walk
from arden.kernels._scratch import padded, shaped
from arden.kernels._threads import pieces, run
from arden.networks._recurrent import RecurrentNetwork
from arden.networks.gru import GRU
from arden.networks.lstm import LSTM
from arden.networks.rnn import RNN

__all__ = ["draw"]

_ROWS = 64
_CELLS: dict[type, int] = {RNN: TANH_CELL, LSTM: LSTM_CELL, GRU: GRU_CELL}


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a
    recurrent network over bits or symbols.

    Computed in the weights' precision, the masses in float64. In float64 the draws are those of the
    generic walk; in float32 the two round differently, and one uniform in millions falls between.
    A row's draws do not depend on the other rows. Strings stop with their last row.
    """
    cell = _CELLS.get(type(model.network))
    if cell is None or type(model.conditional) not in (Bernoulli, Categorical):
        return None
    inputs = draw_inputs(model, noise, known, given, context, strings=True)
    if inputs is None:
        return None
    network, family = cast(RecurrentNetwork, model.network), cast(Discrete, model.conditional)
    batch_size, steps = inputs.noise.shape
    products, biases = _arrays(network, family, int(cell == GRU_CELL))
    weights = tuple(panels(part) for part in products)
    arrays = tuple(bias.contiguous().numpy() for bias in biases)
    first = torch.stack(network.recurrent.start(batch_size, inputs.context)).contiguous().numpy()
    layers, columns = biases[1].shape
    width = padded(network.options.hidden)
    columns = wide(columns, inputs.dtype) + width  # the GRU's second product begins a block later
    logits = wide(network.spec.num_params, inputs.dtype)
    noises = (inputs.noise, inputs.known, inputs.given)

    def fill(rows: tuple[int, int]) -> None:
        length = -(-(rows[1] - rows[0]) // ROWS_TOGETHER) * ROWS_TOGETHER
        state, sums = (layers, length, width), (length, columns)
        work = shaped((state, state, sums, (length, logits)), first.dtype)
        order, drawn = inputs.order, inputs.drawn
        walk(cell, weights, arrays, first, order, noises, rows, inputs.end, work, drawn)

    run(fill, pieces(batch_size, _ROWS, ROWS_TOGETHER), steps * batch_size * weights[1].size)
    return inputs.event(model.event_shape)


def _arrays(
    network: RecurrentNetwork, family: Discrete, apart: int
) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
    """A network, what it sees, how many blocks its hidden units add to that its input does not, and
    the other way round -> ``weights``, before they are `panels`, and ``biases`` of the walk."""
    hidden = network.options.hidden
    width = padded(hidden)

    def blocks(rows: Tensor) -> Tensor:  # (G H, N) -> (G H′, N)
        return filled(rows.unflatten(0, (-1, hidden)), width).flatten(0, 1)

    def of_input(rows: Tensor) -> Tensor:  # the blocks that nothing else adds to come first
        return blocks(rows.roll(hidden, 0) if apart else rows)

    layers = [tuple(layer) for layer in network.recurrent.cells.all_weights]
    columns = len(layers[0][0]) // hidden * width + apart * width
    from_below = [of_input(layer[0]) for layer in layers[1:]]
    from_itself = torch.stack([blocks(layer[1]) for layer in layers])
    none_below = from_itself.new_zeros(0, *from_itself.shape[1:])
    biases = [
        filled(of_input(layer[2][:, None]), columns)
        + pad(blocks(layer[3][:, None]), (0, 0, apart * width, 0))
        for layer in layers
    ]
    seen = of_input(of_symbols(family, layers[0][0]).T)
    products = (
        torch.stack(from_below) if from_below else none_below,
        from_itself,
        network.output.weight,
    )
    per_symbol = filled(seen, columns) + biases[0]
    return products, (per_symbol.T, torch.cat(biases, dim=1).T, network.output.bias[None])
