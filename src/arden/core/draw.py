"""The one entrance for drawing: a fused kernel where there is one, else the generic walk."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from arden.core.dispatch import draw_kernels
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.walker import Step
from arden.errors import InputError

__all__ = ["draw", "draw_mixture", "generic_draw", "uniform_noise"]


def uniform_noise(generator: Generator, shape: tuple[int, ...]) -> Tensor:
    """generator, shape -> float64 uniforms in the open interval (0, 1): (k + ½)·2⁻⁵².

    Never exactly 0 or 1, where an inverse transform is infinite. Numbers are taken from the
    generator row by row: the first rows of a large request equal a smaller one.
    """
    integers = torch.randint(0, 2**52, shape, generator=generator, device=generator.device)
    return (integers.double() + 0.5) * 2.0**-52


def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None = None,
    given: Tensor | None = None,
    context: Tensor | None = None,
    order: Tensor | None = None,
) -> Tensor:
    """(B, *event, U) uniforms -> (B, *event): ancestral draws, keeping ``given`` where ``known``.

    Deterministic in its noise, which is laid out in event order: the same noise gives the same
    discrete draws by kernel and by generic walk, in one batch or in chunks (continuous ones to
    1e-10). Events without a fixed length come with (B, max_steps, U).
    """
    if (known is None) != (given is None):
        raise InputError("known, given: expected both or neither, got one without the other")
    for kernel in () if order is not None else draw_kernels(model):
        drawn = kernel(model, noise, known, given, context)
        if drawn is not None:
            return drawn
    return generic_draw(model, noise, known, given, context, order)


def generic_draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None = None,
    given: Tensor | None = None,
    context: Tensor | None = None,
    order: Tensor | None = None,
) -> Tensor:
    """As `draw`, by the generic walk alone: the reference every kernel is tested against."""
    batch_size = noise.shape[0]
    noise = noise.to(model.device).flatten(1, -2)
    length = noise.shape[1]
    if known is not None and given is not None:
        known = known.to(model.device).reshape(batch_size, length)
        given = given.to(model.device).reshape(batch_size, length)

    def choose(step: Step) -> Tensor:
        dims = step.dims[:, None]
        row_noise = noise.gather(1, dims[..., None].expand(-1, -1, noise.shape[-1]))[:, 0]
        values = step.family.draw(step.params.double(), row_noise)
        if known is None or given is None:
            return values
        given_values = given.gather(1, dims)[:, 0].to(values.dtype)
        return torch.where(known.gather(1, dims)[:, 0], given_values, values)

    return model.walk(choose, batch_size, context, order, max_steps=length)


def draw_mixture(
    mixture: Mixture, choice: Tensor, noise: Tensor, context: Tensor | None = None
) -> Tensor:
    """(B,) and (B, *event, U) uniforms -> (B, *event): choose a component, then draw from it."""
    chosen = mixture.choose_component(choice)
    parts: list[tuple[Tensor, Tensor]] = []
    for index, model in enumerate(mixture.models):
        rows = (chosen == index).nonzero()[:, 0]
        if rows.numel() == 0:
            continue
        there = rows.to(noise.device)
        part = draw(model, noise[there], context=None if context is None else context[there])
        parts.append((rows, part))
    if not parts:
        raise InputError("noise: expected at least one row, got none")
    # A walk over strings stops with its last row: the shorter parts are filled with end symbols.
    longest = max((part for _, part in parts), key=lambda part: part.shape[1])
    fill = mixture.models[0].ordering.end or 0
    drawn = longest.new_full((noise.shape[0], *longest.shape[1:]), fill)
    for rows, part in parts:
        drawn[rows, : part.shape[1]] = part
    return drawn
