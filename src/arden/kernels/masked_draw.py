"""A whole walk through a MADE or FVSBN over bits, every unit computed once."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork
from arden.kernels._activation import ACTIVATIONS
from arden.kernels._draw_inputs import draw_inputs
from arden.kernels._masked_walk import ROWS_TOGETHER, walk
from arden.kernels._scalars import family_of
from arden.kernels._scratch import padded, scratch
from arden.kernels._threads import pieces, run
from arden.networks.fvsbn import FVSBN
from arden.networks.made import MADE

__all__ = ["draw"]

Units = tuple[np.ndarray, np.ndarray, np.ndarray]
"""``units`` of `walk`."""

_ROWS = 64
_ALL = slice(None)
_kept: WeakKeyDictionary[CausalNetwork, Units] = WeakKeyDictionary()


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, U) uniforms -> (B, *event): the generic walk's draws; None if not a MADE or FVSBN
    over bits, symbols or mixtures of Gaussians.

    Computed in the weights' precision, the masses in float64. In float64 the draws are those of the
    generic walk; in float32 the two round differently, and one uniform in millions falls between.
    A row's draws do not depend on the other rows.
    """
    network = model.network
    if type(network) not in (FVSBN, MADE):
        return None
    family = family_of(model, model.dtype)
    if family is None:
        return None
    inputs = draw_inputs(model, noise, known, given, context, reals=len(family) > 1)
    if inputs is None:
        return None
    batch_size, steps = inputs.drawn.shape
    direct: Tensor = torch.zeros(0, 0, dtype=inputs.dtype)
    if isinstance(network, MADE):
        layers = [*network.layers, network.output]
        shifts = [module(inputs.context) for module in network.contexts]
        degrees, kind = network.degrees, ACTIVATIONS[network.options.activation]
        if network.direct is not None:
            direct = network.direct.rows(_ALL)
    else:
        assert isinstance(network, FVSBN)
        layers, degrees, kind = [network.linear], [], ACTIVATIONS["relu"]
        shifts = [] if network.context is None else [network.context(inputs.context)]
    bias = torch.cat([layer.bias for layer in layers]).expand(batch_size, -1)
    if shifts:
        bias = bias + torch.cat(shifts, dim=1)
    weights = tuple(layer.rows(_ALL).contiguous().numpy() for layer in layers)
    arguments = (
        weights,
        direct.contiguous().numpy(),
        bias.to(inputs.dtype).contiguous().numpy(),
    )
    units = _kept.get(network)
    if units is None:  # degrees belong to a network's structure and never change
        units = _kept[network] = _units(steps, network.spec.num_features, degrees)
    noises = (inputs.noise.reshape(batch_size, steps, -1), inputs.known, inputs.given)
    widths = [steps * network.spec.num_features, *map(len, degrees)]

    def fill(rows: tuple[int, int]) -> None:
        length = -(-(rows[1] - rows[0]) // ROWS_TOGETHER) * ROWS_TOGETHER
        (values,) = scratch((length,), padded(sum(widths)), weights[0].dtype)
        walk(*arguments, units, kind, inputs.order, noises, family, rows, values, inputs.drawn)

    work = batch_size * (sum(weight.size for weight in weights) + direct.numel()) // 2
    run(fill, pieces(batch_size, _ROWS, ROWS_TOGETHER), work)
    return torch.from_numpy(inputs.drawn).reshape(batch_size, *model.event_shape)


def _units(steps: int, num_features: int, degrees: Sequence[Tensor]) -> Units:
    """T, F, the degrees of every hidden layer -> ``units`` of `walk`.

    What a degree can see of the layer below is counted up to the last unit of at most that degree.
    Where degrees do not rise from unit to unit some before it are of a higher one: they hold zero
    still, and have weights of zero.
    """
    width = max((len(layer) for layer in degrees), default=0)
    by_degree = np.zeros((len(degrees), width), np.int64)
    begin = np.zeros((len(degrees), steps + 1), np.int64)
    seen = np.zeros((len(degrees) + 1, steps), np.int64)
    seen[0] = np.arange(steps) * num_features
    for index, layer in enumerate(degrees):
        own = layer.cpu().numpy()
        by_degree[index, : len(own)] = np.argsort(own, kind="stable")
        begin[index] = np.searchsorted(np.sort(own), np.arange(steps + 1))
        last = np.zeros(steps, np.int64)
        inside = own < steps
        np.maximum.at(last, own[inside], np.arange(1, len(own) + 1)[inside])
        seen[index + 1] = np.maximum.accumulate(last)
    return begin, by_degree, seen
