"""Rows with some of their values replaced by chance: what a background model is fitted to."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Generator, Tensor

from arden.data.dataset import Dataset
from arden.orderings.until_end import UntilEnd
from arden.training.options import TrainingOptions

__all__ = ["Mutation", "mutated"]


class Mutation:
    """Each value of a row is, with the chance ``rate``, replaced by one drawn uniformly.

    Uniform over the levels of its variable, or between the least and the greatest value that a
    real variable has in the training rows. A model fitted to such rows knows how large areas look
    (paper white, blanks, frequent words) and nothing of what is on them: the background p₀ of a
    likelihood ratio. (Ren et al., "Likelihood ratios for out-of-distribution detection", 2019.)
    The ends of strings, and what follows them, stay where they are.

    >>> import torch, arden
    >>> data = arden.load_data("digits-17")
    >>> rows = data.train.values[:100]
    >>> mutated = Mutation(data, rate=0.3)(rows, torch.Generator().manual_seed(0))
    >>> round((mutated != rows).float().mean().item(), 2)   # of 17 levels one is the old one
    0.28
    """

    def __init__(self, data: Dataset, rate: float) -> None:
        self.rate = rate
        schema = data.schema
        self._shape, self._end = tuple(schema.event_shape), schema.end
        self._levels = torch.tensor([level or 0 for level in schema.levels])
        if schema.end is not None or schema.is_sequence:  # of any length, all symbols alike
            self._levels = torch.tensor([schema.num_symbols or 0])
        self._bounds = None if bool(self._levels.all()) else _bounds(data)

    def __call__(self, values: Tensor, generator: Generator) -> Tensor:
        """(B, *event) -> (B, *event): the same with some replaced."""
        flat = values.flatten(1)
        replaced = torch.rand(flat.shape, generator=generator) < self.rate
        chances = torch.rand(flat.shape, generator=generator, dtype=torch.float64)
        levels = self._levels
        if self._end is not None:
            replaced &= UntilEnd(self._end).valid(flat) & (flat != self._end)
            levels = levels - 1
        drawn = (chances * levels).floor()
        if self._end is not None:
            drawn += drawn >= self._end  # all symbols but the end
        if self._bounds is not None:
            low, high = self._bounds
            real = low + chances * (high - low)
            drawn = torch.where(self._levels > 0, drawn, real)
        return torch.where(replaced, drawn.to(flat.dtype), flat).reshape(values.shape)


def mutated(data: Dataset, options: TrainingOptions, *, train: bool) -> Dataset:
    """A data set -> the same, the rows that choose the epoch mutated once and for all.

    A background model is chosen by what it is fitted to. Training rows are mutated anew each time
    they are used; for a fit by counting, which uses them once, they are mutated here (``train``).
    """
    mutation, generator = Mutation(data, options.mutate), Generator().manual_seed(options.seed)
    valid = replace(data.valid, values=mutation(data.valid.values, generator))
    if not train:
        return replace(data, valid=valid)
    rows = replace(data.train, values=mutation(data.train.values, generator))
    return replace(data, valid=valid, train=rows)


def _bounds(data: Dataset) -> tuple[Tensor, Tensor]:
    """() -> (D,), (D,): the least and the greatest value of each variable in the training rows."""
    rows = data.train.values.flatten(1).double()
    known = torch.ones_like(rows, dtype=torch.bool)
    if data.train.observed is not None:
        known = data.train.observed.flatten(1)
    low = torch.where(known, rows, torch.inf).amin(dim=0)
    high = torch.where(known, rows, -torch.inf).amax(dim=0)
    seen = known.any(dim=0)
    return torch.where(seen, low, 0.0), torch.where(seen, high, 0.0)
