"""A whole walk through a network over an image, every activation computed once."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.kernels._draw_inputs import draw_inputs
from arden.kernels._raster_plans import PLANS
from arden.kernels._raster_walk import walk
from arden.kernels._raster_works import Works
from arden.kernels._scratch import LANES, scratch
from arden.kernels._threads import pieces, run
from arden.networks._raster import RasterNetwork

__all__ = ["draw"]

_ROWS = 16
"""Images that go side by side: all that is remembered of them stays in the cache."""


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a
    network with a plan, over bits or symbols.

    Computed in the weights' precision, the masses in float64. In float64 the draws are those of the
    generic walk; in float32 the two round differently, and one uniform in millions falls between.
    A row's draws do not depend on the other rows.
    """
    plan, family = PLANS.get(type(model.network)), model.conditional
    if plan is None or type(family) not in (Bernoulli, Categorical):
        return None
    inputs = draw_inputs(model, noise, known, given, context)
    if inputs is None:
        return None
    network = cast(RasterNetwork, model.network)
    batch_size, margin, every = len(inputs.noise), network.margin, network.spec.num_features + 1
    works = Works(network.height, network.width, network.channels)
    planes = works.maps(network.num_planes, above=margin, left=margin, right=margin)
    logits = plan(network, works, planes, inputs.context)
    lists, phases, weights = works.finished()
    # Rows an odd number of cache lines apart: an even one would leave part of the cache unused.
    size = (works.size // LANES | 1) * LANES
    start = np.zeros(size, weights.dtype)
    inside = planes.start + network.width * planes.step
    start[planes.start + every - 1 : inside : every] = 1  # a pixel is inside the image
    assert isinstance(family, Discrete)
    table = family.features(torch.arange(family.num_symbols)).to(inputs.dtype).contiguous().numpy()
    sizes = (network.height, network.width, network.channels)
    frame = (*sizes, logits.start, planes.start, planes.step, every)
    noises = (inputs.noise, inputs.known, inputs.given)

    def fill(rows: tuple[int, int]) -> None:
        (work,) = scratch((rows[1] - rows[0] + 1,), size, weights.dtype)
        work[:] = start
        for place, values in works.shifts:
            work[:-1, place : place + values.shape[1]] = values[rows[0] : rows[1]].numpy()
        masses = np.empty(family.num_params, np.float64)
        walk(
            *(lists, phases, weights, frame, table),
            *(inputs.order, noises, rows, work, masses, inputs.drawn),
        )

    operations = batch_size * network.height * network.width * len(weights)
    run(fill, pieces(batch_size, _ROWS, 4), operations)
    return torch.from_numpy(inputs.drawn).reshape(batch_size, *model.event_shape)
