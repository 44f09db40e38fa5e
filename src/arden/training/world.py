"""One process, or several that fit one model together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import distributed, nn

from arden.errors import InputError

__all__ = ["World", "joined", "world"]


@dataclass(frozen=True)
class World:
    """Process ``rank`` of ``size``. Every process holds the whole model and a share of each batch.

    >>> World().leads, World(1, 2).leads
    (True, False)
    >>> [World(rank, 2).share(5) for rank in (0, 1)]
    [slice(0, 3, None), slice(3, 5, None)]
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files and speaks to the user."""
        return self.rank == 0

    def share(self, rows: int) -> slice:
        """A number of rows -> this process's part of them; it may be empty."""
        each, left = divmod(rows, self.size)
        start = self.rank * each + min(self.rank, left)
        return slice(start, start + each + (self.rank < left))

    def sum(self, numbers: Sequence[float]) -> list[float]:
        """Numbers of this process -> their sums over all processes, the same in each of them."""
        if self.size == 1:
            return list(numbers)
        together = torch.tensor(numbers, dtype=torch.float64, device=_device())
        distributed.all_reduce(together)
        return together.tolist()

    def from_leader(self, value: bytes | None) -> bytes | None:
        """What the leading process holds -> the same in every process."""
        if self.size == 1:
            return value
        told = [value]
        distributed.broadcast_object_list(told, src=0)
        return told[0]

    def all_of(self, value: object) -> list[Any]:
        """What this process holds -> what each of them holds, by rank, the same in all.

        Raises:
            InputError: another process has ended.
        """
        if self.size == 1:
            return [value]
        told: list[Any] = [None] * self.size
        try:
            distributed.all_gather_object(told, value)
        except RuntimeError as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(
                f"torchrun: one of its {self.size} processes has ended before its work was done "
                f"({first})"
            ) from None
        return told

    def wrap(self, objective: nn.Module) -> nn.Module:
        """An objective -> the same, its gradients averaged over all processes."""
        if self.size == 1:
            return objective
        parallel = nn.parallel.DistributedDataParallel
        # Masks are the same everywhere and stay so. torch 2.13 gave the option another name.
        names = ("forward_sync_buffers", "broadcast_buffers")
        known = signature(parallel).parameters
        options: dict[str, Any] = {next(name for name in names if name in known): False}
        return parallel(objective, **options)


def world() -> World:
    """() -> the processes torch.distributed has joined, else this one alone."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return World()
    return World(distributed.get_rank(), distributed.get_world_size())


@contextmanager
def joined(device: torch.device) -> Iterator[tuple[World, torch.device]]:
    """A device -> within the block, the world `torchrun` made and the device of this process.

    Without torchrun, or with processes joined already, nothing is changed.

    Raises:
        InputError: torchrun's variables are there, but its processes cannot be joined.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or world().size > 1:
        yield world(), device
        return
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    try:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise InputError(f"torchrun: its {size} processes could not be joined ({error})") from None
    try:
        yield world(), device
    finally:
        distributed.destroy_process_group()


def _device() -> torch.device:
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")
