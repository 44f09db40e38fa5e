"""A whole walk through a WaveNet over bits or symbols."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.kernels._dilated_walk import walk
from arden.kernels._draw_inputs import draw_inputs, of_symbols
from arden.kernels._panels import ROWS_TOGETHER, filled, panels, wide
from arden.kernels._scratch import padded, shaped
from arden.kernels._threads import pieces, run
from arden.layers.gated_dilation import GatedDilation
from arden.networks.wavenet import WaveNet

__all__ = ["draw"]

_ROWS = 32


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a WaveNet
    over bits or symbols.

    Computed in the weights' precision, the masses in float64. In float64 the draws are those of the
    generic walk; in float32 the two round differently, and one uniform in millions falls between.
    A row's draws do not depend on the other rows. Strings stop with their last row.
    """
    network = model.network
    if type(network) is not WaveNet or type(model.conditional) not in (Bernoulli, Categorical):
        return None
    inputs = draw_inputs(model, noise, known, given, context, strings=True)
    if inputs is None:
        return None
    family = cast(Discrete, model.conditional)
    batch_size, steps = inputs.noise.shape
    weights = tuple(panels(part) for part in _weights(network))
    biases = tuple(part.contiguous().numpy() for part in _biases(network, family, inputs.context))
    channels, skip = network.options.channels, network.options.skip
    width = padded(channels)
    columns = [wide(n, inputs.dtype) for n in (width + skip, 2 * width)]
    columns += [width, skip]
    columns += [wide(n, inputs.dtype) for n in (skip, network.spec.num_params)]
    # What is given in the last steps is not read again.
    dilations = np.array([block.dilation for block in _blocks(network)])
    slots = np.minimum(dilations, np.maximum(steps - dilations, 0))
    reach = np.stack([dilations, np.cumsum(slots) - slots], axis=1)
    noises = (inputs.noise, inputs.known, inputs.given)

    def fill(rows: tuple[int, int]) -> None:
        length = -(-(rows[1] - rows[0]) // ROWS_TOGETHER) * ROWS_TOGETHER
        rings = np.zeros((slots.sum(), length, channels), weights[0].dtype)
        work = shaped([(length, n) for n in columns], rings.dtype)
        order, drawn = inputs.order, inputs.drawn
        walk(weights, biases, reach, order, noises, rows, inputs.end, rings, work, drawn)

    products = batch_size * steps * sum(part.size for part in weights)
    run(fill, pieces(batch_size, _ROWS, ROWS_TOGETHER), products)
    return inputs.event(model.event_shape)


def _weights(network: WaveNet) -> tuple[Tensor, ...]:
    """A network -> ``weights`` of the walk, before they are `panels`."""
    blocks, first = _blocks(network), _blocks(network)[0]
    none_back = torch.zeros_like(first.now.weight)
    none_added = first.now.weight.new_zeros(network.options.channels, network.options.channels)
    now = torch.stack([block.now.weight for block in blocks])
    back = torch.stack([none_back if block.back is None else block.back.weight for block in blocks])
    added = torch.stack(
        [none_added if block.residual is None else block.residual.weight for block in blocks]
    )
    skipped = torch.stack([block.skip.weight for block in blocks])
    onward = torch.cat([filled(added, padded(added.shape[1])), skipped], dim=1)
    return _halves(now), _halves(back), onward, network.hidden.weight, network.output.weight


def _biases(network: WaveNet, family: Discrete, context: Tensor | None) -> tuple[Tensor, ...]:
    """A network, what it sees, (B, C) -> ``biases`` of the walk."""
    blocks = _blocks(network)
    gates = torch.stack([block.now.bias for block in blocks])[None]
    if context is not None:
        shifts = [cast(Tensor, block.shift(context)) for block in blocks]
        gates = gates + torch.stack(shifts, dim=1)
    none_added = torch.zeros_like(network.first)
    added = [none_added if block.residual is None else block.residual.bias for block in blocks]
    return (
        network.first[None],
        of_symbols(family, network.input.weight) + network.input.bias,
        _halves(gates[..., None])[..., 0],
        torch.stack(added),
        torch.stack([block.skip.bias for block in blocks]).sum(dim=0, keepdim=True),
        network.hidden.bias[None],
        network.output.bias[None],
    )


def _halves(rows: Tensor) -> Tensor:
    """(…, 2 W, N) -> (…, 2 W′, N): filters and gates, zeros after each."""
    halves = rows.unflatten(-2, (2, -1))
    return filled(halves, padded(halves.shape[-2])).flatten(-3, -2)


def _blocks(network: WaveNet) -> list[GatedDilation]:
    return cast(list[GatedDilation], list(network.blocks))
