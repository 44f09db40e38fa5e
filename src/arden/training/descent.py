"""Gradient descent through the training rows: everything the rest of a fit depends on."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Generator, nn

from arden.core.latent import AnyModel
from arden.data.dataset import Dataset
from arden.kernels import without_kernels
from arden.training.batches import Batch, batches
from arden.training.checkpoint import Position, TrainingState
from arden.training.mutation import Mutation
from arden.training.objectives import Objective
from arden.training.optimiser import learning_rate, make_optimiser
from arden.training.options import TrainingOptions
from arden.training.products import Compiled, autocast, matmul_precision
from arden.training.sharding import Sharded, whole
from arden.training.snapshot import MovingAverage, restore, snapshot
from arden.training.world import World

__all__ = ["Descent", "NotANumber"]


class NotANumber(Exception):
    """Leaves the descent from wherever a number stopped being one."""


class Descent:
    """Weights, optimiser, random numbers, and the place in the rows: what a checkpoint holds."""

    def __init__(
        self,
        model: AnyModel,
        data: Dataset,
        options: TrainingOptions,
        objective: Objective,
        world: World,
    ) -> None:
        self.model, self.data, self.options = model, data, options
        self.objective, self.world = objective, world
        self.wrapped: nn.Module = objective
        self.sharded: Sharded | None = None
        self.trained: nn.Module = model
        """What holds the weights that are trained: the model, or its twin in parts."""
        self.optimiser = make_optimiser(model, options)
        self.average = MovingAverage(model, options.average) if options.average else None
        self.compiled = Compiled(model) if options.compile else nullcontext()
        self.mutation = Mutation(data, options.mutate) if options.mutate else None
        self.generator = Generator().manual_seed(options.seed)
        self.position = Position()
        self.order = torch.empty(0, dtype=torch.int64)
        """The rows of the epoch in their order; empty between epochs."""

    def begin(self) -> None:
        """() -> (): from here on gradients are averaged over the processes.

        Whatever does that copies the first process's weights: by now they must be the right ones.
        """
        if not (self.options.shard and self.world.size > 1):
            self.wrapped = self.world.wrap(self.objective)
            return
        kept = TrainingState(self.position, {})
        kept.put_optimiser(self.optimiser)
        self.sharded = Sharded(self.objective, self.model, self.world)
        self.wrapped, self.trained = self.sharded.objective, self.sharded.twin
        self.optimiser = make_optimiser(self.trained, self.options)
        kept.restore_optimiser(self.optimiser)

    def gather(self) -> None:
        """() -> (): the model has the weights of now, though others may hold parts of them."""
        if self.sharded:
            self.sharded.gather()

    def epoch(self, asked: Callable[[], bool], after: Callable[[bool], None]) -> bool:
        """The rest of an epoch -> whether it was finished, or stopped between two steps.

        ``asked`` says whether this process is to stop; ``after`` every step is told whether any is.
        """
        self.wrapped.train()
        here, split = self.position, self.data.train
        if not len(self.order):
            self.order = torch.randperm(len(split), generator=self.generator)
        pieces = self.order.split(self.options.batch_size)
        for batch in batches(
            split,
            pieces[here.batch :],
            self.model.context_size,
            self.objective.noise,
            self.generator,
            self.model.device,
            self.world,
            self.mutation,
        ):
            nats, stop = self._step(batch, len(pieces) * self.options.epochs, asked())
            here.total, here.rows = here.total + nats, here.rows + batch.rows
            here.batch, here.step = here.batch + 1, here.step + 1
            if self.average:
                self.average.update(here.step)
            self.data.let_go()
            after(stop)
            if stop:
                return False
        return True

    def next_epoch(self) -> None:
        """() -> (): stand at the beginning of the next epoch."""
        self.position = Position(self.position.epoch + 1, step=self.position.step)
        self.order = self.order[:0]

    def figure(self) -> float:
        """() -> nats per unit of the rows of this epoch so far, each by the weights it met."""
        here, data = self.position, self.data
        return here.total / here.rows * (len(data.train) / data.num_units("train"))

    def put(self, state: TrainingState) -> None:
        """A state -> (): write everything into it. Where weights are cut, in every process."""
        self.gather()
        state.put("weights", snapshot(self.model))
        if self.average:
            state.put("average", self.average.weights)
        state.put_optimiser(self.optimiser)
        generators = {"rows": self.generator.get_state(), "torch": torch.get_rng_state()}
        if self.model.device.type == "cuda":
            generators["cuda"] = torch.cuda.get_rng_state(self.model.device)
        state.put("generators", generators)
        state.put("rows", {"order": self.order})

    def take(self, state: TrainingState) -> None:
        """What `put` wrote -> (): stand there again."""
        self.position = state.position
        restore(self.model, state.part("weights"))
        if self.average:
            for name, tensor in state.part("average").items():
                self.average.weights[name].copy_(tensor)
        state.restore_optimiser(self.optimiser)
        generators = state.part("generators")
        self.generator.set_state(generators["rows"])
        if self.world.size == 1:  # others draw their dropout anew: theirs was not written down
            torch.set_rng_state(generators["torch"])
            if "cuda" in generators:
                torch.cuda.set_rng_state(generators["cuda"], self.model.device)
        self.order = state.part("rows")["order"]

    def _step(self, batch: Batch, steps: int, asked: bool) -> tuple[float, bool]:
        """A batch -> nats of its rows over all processes, and whether any of them is to stop."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.options, self.position.step, steps)
        self.optimiser.zero_grad(set_to_none=True)
        # Kernels read weights through NumPy, whose memory the gathered ones could not give back.
        plain = without_kernels() if self.sharded else nullcontext()
        with matmul_precision(self.options.matmul_precision):
            with plain, self.compiled, autocast(self.options, self.model.device):
                losses = self.wrapped(batch.x, batch.context, batch.observed, batch.noise)
            loss = losses.mean()
            rows = batch.weight * batch.rows / self.world.size
            nats, stop = self.world.sum([loss.item() * rows, float(asked)])
            if not math.isfinite(nats):
                raise NotANumber(f"the loss became {nats / batch.rows}")
            (loss * batch.weight if batch.weight != 1 else loss).backward()
        norm = nn.utils.clip_grad_norm_(self.trained.parameters(), self.options.clip)
        if not math.isfinite(whole(norm).item()):
            raise NotANumber("the gradient became infinite")
        self.optimiser.step()
        return nats, stop > 0
