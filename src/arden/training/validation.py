"""The figure that chooses the epoch: −ln p of held-out rows, divided among the processes."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from arden.core.latent import AnyModel, LatentModel
from arden.data.dataset import Dataset, Split
from arden.data.scoring_rows import take_rows
from arden.errors import InputError
from arden.tasks.score import chunk_rows, in_chunks, score
from arden.training.context import class_context
from arden.training.objectives import default_objective
from arden.training.world import World

__all__ = ["check_whole_rows", "mean_nats", "nats_of_rows", "nats_of_split"]

_NOISE_SEED = 0
_MOST_NUMBERS = 2**22


def mean_nats(model: AnyModel, data: Dataset, name: str, world: World) -> float:
    """A model, a data set, the name of a split -> −ln p per row (of sequences: per symbol)."""
    nats = nats_of_split(model, data, name, world)
    return world.sum([nats.sum().item()])[0] / data.num_units(name)


def nats_of_split(model: AnyModel, data: Dataset, name: str, world: World) -> Tensor:
    """A model, a data set, the name of a split -> (n,): `nats_of_rows` of this process's share.

    Rows that lie in files are let go of as they were scored.
    """
    split = data.split(name)
    share = world.share(len(split))
    if data.files is None or isinstance(model, LatentModel):
        return nats_of_rows(model, split, share)
    size = chunk_rows(model, data.schema.num_variables)
    rows = _MOST_NUMBERS // data.schema.num_variables
    most = size * max(1, rows // size)  # whole chunks, as they would be cut anyway
    found = [torch.empty(0, dtype=torch.float64)]
    for start in range(share.start, share.stop, most):
        found.append(nats_of_rows(model, split, slice(start, min(start + most, share.stop))))
        data.let_go()
    return torch.cat(found)


def nats_of_rows(model: AnyModel, split: Split, rows: slice) -> Tensor:
    """A model, N rows -> (N,) float64: −ln p of each, of windows that of what counts in them.

    An any-order model is scored in its own ordering, always the same. Of a model through hidden
    features it is the objective of each row, with noise that belongs to the row: epochs can be
    compared, and the figure depends neither on batches nor on the number of processes.
    """
    if rows.start == rows.stop:
        return torch.empty(0, dtype=torch.float64)
    if isinstance(model, LatentModel):
        return _objective_of_rows(model, split, class_context(split, model.context_size), rows)
    some = take_rows(split, rows)
    context = class_context(some, model.context_size)
    return -score(model, some.values, context, some.observed, scored=some.scored)


def check_whole_rows(data: Dataset) -> None:
    """Data that a model through hidden features is to be fitted to -> ().

    Raises:
        InputError: windows of a long sequence.
    """
    if data.unit != "row":
        raise InputError(
            f"data: expected rows, but {data.name} is read in windows that overlap; what is scored "
            "in one, given what comes before, only an exact model can tell"
        )


def _objective_of_rows(
    model: LatentModel, split: Split, context: Tensor | None, rows: slice
) -> Tensor:
    objective, generator = default_objective(model), Generator().manual_seed(_NOISE_SEED)
    length = split.values[0].numel()
    size = chunk_rows(model, length)
    for at in range(0, rows.start, size):  # other processes' rows take their noise first
        objective.noise(min(size, rows.start - at), length, generator)

    def compute(some: slice) -> Tensor:
        here = slice(rows.start + some.start, min(rows.start + some.stop, rows.stop))
        noise = objective.noise(here.stop - here.start, length, generator)
        given = None if context is None else context[here]
        known = None if split.observed is None else split.observed[here]
        return objective(split.values[here], given, known, noise).double()

    return in_chunks(model, split.values[rows], compute, size)
