"""The one entrance for drawing: a fused kernel where there is one, else the generic walk."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from arden.core.dispatch import draw_kernels
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.walker import Step
from arden.errors import InputError

__all__ = ["RowGenerators", "Source", "draw", "draw_mixture", "generic_draw", "uniform_noise"]


class RowGenerators:
    """Several generators, each for some of the rows of one pass, in their order.

    Every row is given what its own generator would give it if the rows of that generator were all
    there are: what is drawn for a request does not hang on the requests it is put together with.

    >>> alone = uniform_noise(Generator().manual_seed(3), (2, 4))
    >>> seeds = [Generator().manual_seed(seed) for seed in (8, 3)]
    >>> together = uniform_noise(RowGenerators.of_parts(seeds, [5, 2]), (7, 4))
    >>> bool((together[5:] == alone).all())
    True
    """

    def __init__(self, generators: Sequence[Generator], owner: Tensor) -> None:
        self.generators = tuple(generators)
        self.owner = owner

    @classmethod
    def of_parts(cls, generators: Sequence[Generator], counts: Sequence[int]) -> RowGenerators:
        """G generators, how many rows each serves -> those rows, one generator after another."""
        owners = torch.arange(len(generators))
        return cls(generators, owners.repeat_interleave(torch.tensor(counts)))

    @property
    def device(self) -> torch.device:
        """Where the numbers are drawn."""
        return self.generators[0].device

    def of(self, rows: Tensor | slice) -> RowGenerators:
        """(R,) int64 or a slice -> the same generators, for those rows alone."""
        return RowGenerators(self.generators, self.owner[rows])

    def integers(self, most: int, shape: tuple[int, ...]) -> Tensor:
        """(R, …) -> that many whole numbers below ``most``, row by row from the row's generator."""
        found = torch.empty(shape, dtype=torch.int64, device=self.device)
        for place, generator in enumerate(self.generators):
            mine = (self.owner == place).nonzero()[:, 0]
            if len(mine):
                size = (len(mine), *shape[1:])
                found[mine] = torch.randint(most, size, generator=generator, device=self.device)
        return found


Source = Generator | RowGenerators
"""Where chance comes from: one generator for all rows, or one for each part of them."""


def uniform_noise(generator: Source, shape: tuple[int, ...]) -> Tensor:
    """generator, shape -> float64 uniforms in the open interval (0, 1): (k + ½)·2⁻⁵².

    Never exactly 0 or 1, where an inverse transform is infinite. Numbers are taken from the
    generator row by row: the first rows of a large request equal a smaller one.
    """
    if isinstance(generator, RowGenerators):
        integers = generator.integers(2**52, shape)
    else:
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
