"""A step of training, a score, a sample: of one system, on the rows of one data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch

from arden.core.dispatch import FORWARD_KERNELS, draw_kernels
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.data.dataset import Dataset, Split
from arden.errors import InputError
from arden.kernels import register, without_kernels
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.timing.rounds import Timing, interleaved, peak_memory
from arden.timing.work import Rates, Work, waiting, work_of_row
from arden.training.context import class_context
from arden.training.descent import Descent
from arden.training.objectives import default_objective
from arden.training.options import TrainingOptions
from arden.training.world import World

__all__ = ["TASKS", "Trial", "calls_of", "has_kernel", "trials", "without"]

TASKS = ("train", "score", "sample")
"""What is timed: one step of gradient descent, ln p of the rows, as many draws."""

Call = Callable[[], object]


@dataclass(frozen=True)
class Trial:
    """One task on so many rows: how long each way takes, and how long it would take at least."""

    task: str
    rows: int
    ways: dict[str, Timing]
    """"arden", and "torch": the plain path alone, where kernels are in use."""
    work: Work
    limit: float
    """Seconds, of `Rates.seconds`."""
    memory: int | None
    """Bytes by which the process grew at most; None where the system does not say."""

    @property
    def seconds(self) -> float:
        """How long it takes here."""
        return self.ways["arden"].seconds

    @property
    def share(self) -> float:
        """Of the limit: 1 is as fast as the machine can be."""
        return self.limit / self.seconds

    @property
    def gain(self) -> float | None:
        """How many times faster than plain torch; None where that is what runs."""
        return self.ways["torch"].seconds / self.seconds if "torch" in self.ways else None


def trials(
    model: AutoregressiveModel,
    data: Dataset,
    options: TrainingOptions,
    rows: int,
    rates: Rates,
    rounds: int = 5,
) -> Iterator[Trial]:
    """A model, what it was assembled for, B -> a trial of every task on B rows.

    Raises:
        InputError: fewer rows than one.
    """
    if rows < 1:
        raise InputError(f"rows: expected at least 1, got {rows}")
    some = _repeated(data.train, rows)
    context = class_context(some, model.context_size)
    work = work_of_row(model, some.values, context)
    for task, call in calls_of(model, data, options, rows).items():
        memory = peak_memory(call)
        ways = {"arden": call} | ({"torch": without(call)} if has_kernel(model, task) else {})
        timed = interleaved(ways, rounds)
        yield Trial(task, rows, timed, work, rates.seconds(task, work, rows), memory)


def calls_of(
    model: AutoregressiveModel, data: Dataset, options: TrainingOptions, rows: int
) -> dict[str, Call]:
    """A model, its data, B -> a call for every task it has: tables are counted, not trained.

    On a GPU a call returns when everything is done, not when it was asked for.
    """
    wait = waiting(model.device)
    some = _repeated(data.train, rows)
    context = class_context(some, model.context_size)
    length = some.values[0].numel() if model.ordering.num_steps is None else None

    def scored() -> object:
        told = score(model, some.values, context, batch_size=rows)
        wait()
        return told

    def drawn() -> object:
        told = sample(model, rows, seed=0, context=context, max_steps=length)
        wait()
        return told

    calls: dict[str, Call] = {"score": scored, "sample": drawn}
    if isinstance(model.network, CountedNetwork):
        return calls
    one_batch = replace(options, batch_size=rows)
    batch = replace(data, train=some)
    descent = Descent(model, batch, one_batch, default_objective(model), World())
    descent.begin()

    def stepped() -> object:
        descent.next_epoch()
        told = descent.epoch(lambda: False, lambda stop: None)
        wait()
        return told

    return {"train": stepped, **calls}


def _repeated(split: Split, rows: int) -> Split:
    """A split, B -> its first B rows, from the beginning again where there are fewer."""
    taken = torch.arange(rows) % len(split)
    parts = (split.labels, split.observed, split.scored, split.intensities)
    return Split(split.values[taken], *(None if part is None else part[taken] for part in parts))


def has_kernel(model: AutoregressiveModel, task: str) -> bool:
    """A model, one of `TASKS` -> whether a kernel is there for it; it may still decline."""
    register()
    if task == "sample":
        return bool(draw_kernels(model))
    return (type(model.network).__name__, model.device.type) in FORWARD_KERNELS


def without(call: Call) -> Call:
    """A call -> the same on the plain torch path."""

    def plain() -> object:
        with without_kernels():
            return call()

    return plain
