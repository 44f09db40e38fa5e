"""The rows of an epoch batch by batch, with all that is random about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.data.dataset import Split
from arden.data.scoring_rows import take_rows
from arden.training.context import class_context
from arden.training.mutation import Mutation
from arden.training.world import World

__all__ = ["Batch", "batches"]


@dataclass
class Batch:
    """This process's rows of one batch; ``weight`` makes the mean over processes that over rows."""

    x: Tensor
    context: Tensor | None
    observed: Tensor | None
    noise: Tensor
    weight: float
    rows: int
    """Of the whole batch."""


def batches(
    split: Split,
    pieces: Sequence[Tensor],
    context_size: int,
    noise: Callable[[int, int, Generator], Tensor],
    generator: Generator,
    device: torch.device,
    world: World,
    mutation: Mutation | None = None,
) -> Iterator[Batch]:
    """A split, the row numbers (B,) of every batch -> the batches, drawn when they are asked for.

    Every process draws the noise of the whole batch and takes its share of it, so that a fit does
    not depend on how many processes it is divided among.
    """
    length = split.values[0].numel()
    for rows in pieces:
        drawn = noise(len(rows), length, generator)
        changed = _changed(split, rows, generator, mutation)
        share = world.share(len(rows))
        weight = (share.stop - share.start) * world.size / len(rows)
        if not weight:  # a process without a row still takes its part in the sum of gradients
            share = slice(0, 1)
        mine = take_rows(split, rows[share])
        yield Batch(
            (mine.values if changed is None else changed[share]).to(device),
            class_context(mine, context_size),
            None if mine.observed is None else mine.observed.to(device),
            drawn[share],
            weight,
            len(rows),
        )


def _changed(
    split: Split, rows: Tensor, generator: Generator, mutation: Mutation | None
) -> Tensor | None:
    """(B,) -> (B, *event): the values of all these rows where chance has a part in them."""
    if split.intensities is None and mutation is None:
        return None
    values = split.values[rows]
    if split.intensities is not None:  # binary ones, drawn anew
        chances = split.intensities[rows]
        values = (torch.rand(chances.shape, generator=generator) < chances).to(values.dtype)
    return values if mutation is None else mutation(values, generator)
