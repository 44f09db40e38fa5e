"""The training loop: plain torch, tensors in memory, early stopping on validation likelihood."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from arden.core.conditional import Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.kernels import register
from arden.training.batches import Batch, batches
from arden.training.checkpoint import Checkpoint, Position, TrainingState
from arden.training.counting import fit_by_counting
from arden.training.interruption import Interruption
from arden.training.objectives import Objective, default_objective
from arden.training.optimiser import learning_rate, make_optimiser
from arden.training.options import TrainingOptions
from arden.training.outcome import STOPPED, DivergedError, FitResult, Progress
from arden.training.snapshot import MovingAverage, restore, snapshot
from arden.training.validation import mean_nats
from arden.training.world import world

__all__ = ["DivergedError", "FitResult", "Progress", "fit_model"]

_SECONDS_BETWEEN_REPORTS = 0.1


def fit_model(
    model: AutoregressiveModel | Mixture,
    data: Dataset,
    options: TrainingOptions | None = None,
    *,
    objective: Objective | None = None,
    report: Callable[[Progress], None] | None = None,
    keep: Callable[[], None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> FitResult:
    """A model and a data set -> how it went; the model holds the weights of its best epoch.

    The likelihood of the training rows is maximised, that of the validation rows chooses the epoch;
    test rows are never looked at. Tables of counts are fitted in closed form, in one epoch.
    ``report`` is told how it stands, ``keep`` is called whenever the best weights so far are in the
    model (to write them to disk). Ctrl-C ends the fit early, with the best weights.

    With a ``checkpoint`` the fit is written there as it goes, and goes on from what is found there:
    whatever interrupted it, on a CPU the weights end up the same, bit for bit. Under `torchrun`
    (see `joined`) every process trains on its share of each batch.

    Raises:
        InputError: data that do not fit the model, or an option out of range.
        FileError: a checkpoint of another fit.
        DivergedError: the loss became NaN or infinite; the model holds its last good weights.
    """
    options = options or TrainingOptions()
    options.check()
    register()
    _check_data(model, data)
    loop = _Loop(model, data, options, objective or default_objective(model), report, keep)
    if _is_counted(model) and objective is None:
        assert isinstance(model, AutoregressiveModel)
        return loop.count(model)
    cuda = [model.device] if model.device.type == "cuda" else []
    # Networks with dropout draw from torch's global generator: borrowed, and put back as it was.
    with torch.random.fork_rng(devices=cuda), Interruption() as interruption:
        torch.manual_seed(options.seed + loop.world.rank)
        return loop.descend(interruption, checkpoint)


class _Loop:
    def __init__(
        self,
        model: AutoregressiveModel | Mixture,
        data: Dataset,
        options: TrainingOptions,
        objective: Objective,
        report: Callable[[Progress], None] | None,
        keep: Callable[[], None] | None,
    ) -> None:
        self.model, self.data, self.options = model, data, options
        self.objective, self.report, self.keep = objective, report, keep
        self.world = world()
        self.generator = Generator().manual_seed(options.seed)
        self.result = FitResult()
        self.position = Position()
        self.order = torch.empty(0, dtype=torch.int64)
        """The rows of the epoch in their order; empty between epochs."""
        self.started = time.monotonic()
        self.best: dict[str, Tensor] = {}
        self.average: MovingAverage | None = None

    def count(self, model: AutoregressiveModel) -> FitResult:
        """Closed form: count once, choose the smoothing on the validation rows."""
        train, valid = fit_by_counting(
            model, self.data.train, self.data.valid, self.options.smoothing
        )
        self._end_epoch(1, train, valid, epochs=1)
        self.result.ended = "counted in closed form"
        return self._finish()

    def descend(self, interruption: Interruption, checkpoint: Checkpoint | None) -> FitResult:
        """Gradient steps until the epochs or the patience run out."""
        self.optimiser = make_optimiser(self.model, self.options)
        if self.options.average:
            self.average = MovingAverage(self.model, self.options.average)
        self.best = snapshot(self.model)
        if checkpoint:
            found = checkpoint.find(self.model, self.data, self.options, self.world)
            if found:
                self._restore(found)
        try:
            # Whatever wraps it copies the weights of the first process: they are restored by now.
            wrapped = self.world.wrap(self.objective)
            while not self.result.ended:
                if not self._train_epoch(wrapped, interruption, checkpoint):
                    self.result.ended = STOPPED
                    break
                self._validate()
                if checkpoint:
                    checkpoint.write(self._state, hurry=bool(self.result.ended))
        except KeyboardInterrupt:
            self.result.ended = STOPPED
        except _Diverged as error:
            self._finish()
            raise DivergedError(
                f"training: {error} in epoch {len(self.result.records) + 1}; the model keeps the "
                f"weights of epoch {self.result.best_epoch}; try a smaller learning_rate"
            ) from None
        return self._finish()

    def _train_epoch(
        self, wrapped: nn.Module, interruption: Interruption, checkpoint: Checkpoint | None
    ) -> bool:
        """The rest of the epoch -> whether it was finished, or stopped between two steps."""
        self.objective.train()
        here, split, size = self.position, self.data.train, self.options.batch_size
        if not len(self.order):
            self.order = torch.randperm(len(split), generator=self.generator)
        pieces = self.order.split(size)
        reported = 0.0
        for batch in batches(
            split,
            pieces[here.batch :],
            self.model.context_size,
            self.objective.noise,
            self.generator,
            self.model.device,
            self.world,
        ):
            nats, asked = self._step(wrapped, batch, len(pieces), interruption.asked)
            here.total, here.rows = here.total + nats, here.rows + batch.rows
            here.batch, here.step = here.batch + 1, here.step + 1
            if self.average:
                self.average.update(here.step)
            if checkpoint:
                checkpoint.write(self._state, hurry=asked)
            if asked:
                return False
            if self.report and time.monotonic() - reported > _SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                self._tell(here.epoch, self.options.epochs, here.rows, self._train_figure())
        return True

    def _step(
        self, wrapped: nn.Module, batch: Batch, steps_per_epoch: int, asked: bool
    ) -> tuple[float, bool]:
        """A batch -> nats of its rows over all processes, and whether any of them is to stop."""
        rate = learning_rate(
            self.options, self.position.step, steps_per_epoch * self.options.epochs
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        half = self.options.precision == "bfloat16"
        with torch.autocast(self.model.device.type, torch.bfloat16, enabled=half):
            losses = wrapped(batch.x, batch.context, batch.observed, batch.noise)
        loss = losses.mean()
        rows = batch.weight * batch.rows / self.world.size
        nats, stop = self.world.sum([loss.item() * rows, float(asked)])
        if not math.isfinite(nats):
            raise _Diverged(f"the loss became {nats / batch.rows}")
        (loss * batch.weight if batch.weight != 1 else loss).backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
        if not math.isfinite(norm.item()):
            raise _Diverged("the gradient became infinite")
        self.optimiser.step()
        return nats, stop > 0

    def _validate(self) -> None:
        """Score the validation rows, keep the best weights, and see whether it is time to end."""
        epoch, options = self.position.epoch, self.options
        train = self._train_figure()
        if self.average:
            with self.average.in_place():
                self._end_epoch(epoch, train, self._valid_figure(), options.epochs)
        else:
            self._end_epoch(epoch, train, self._valid_figure(), options.epochs)
        if epoch - self.result.best_epoch >= options.patience:
            self.result.ended = f"no better for {options.patience} epochs"
        elif epoch >= options.epochs:
            self.result.ended = f"all {options.epochs} epochs"
        self.position = Position(epoch + 1, step=self.position.step)
        self.order = self.order[:0]

    def _valid_figure(self) -> float:
        valid = mean_nats(self.model, self.data, "valid", self.world)
        if not math.isfinite(valid):
            raise _Diverged(f"the validation likelihood became {valid}")
        return valid

    def _train_figure(self) -> float:
        here, data = self.position, self.data
        return here.total / here.rows * (len(data.train) / data.num_units("train"))

    def _end_epoch(self, epoch: int, train: float, valid: float, epochs: int) -> None:
        improved = valid < self.result.best_valid
        if improved:
            self.result.best_epoch, self.result.best_valid = epoch, valid
            self.best = snapshot(self.model)
            if self.keep and self.world.leads:
                self.keep()
        seconds = time.monotonic() - self.started
        record = {"epoch": epoch, "train": train, "valid": valid, "seconds": round(seconds, 3)}
        self.result.records.append(record)
        self._tell(epoch, epochs, len(self.data.train), train, valid, improved)

    def _tell(
        self,
        epoch: int,
        epochs: int,
        rows: int,
        train: float,
        valid: float | None = None,
        improved: bool = False,
    ) -> None:
        if self.report and self.world.leads:
            best = self.result.best_valid if self.result.best_epoch else None
            seconds = time.monotonic() - self.started
            rows_per_epoch = len(self.data.train)
            self.report(
                Progress(epoch, epochs, rows, rows_per_epoch, seconds, train, valid, best, improved)
            )

    def _state(self) -> TrainingState:
        """() -> everything that the rest of the fit depends on."""
        self.position.seconds = time.monotonic() - self.started
        state = TrainingState(self.position, vars(self.result))
        state.put("weights", snapshot(self.model))
        state.put("best", self.best)
        if self.average:
            state.put("average", self.average.weights)
        state.put_optimiser(self.optimiser)
        generators = {"rows": self.generator.get_state(), "torch": torch.get_rng_state()}
        if self.model.device.type == "cuda":
            generators["cuda"] = torch.cuda.get_rng_state(self.model.device)
        state.put("generators", generators)
        state.put("", {"order": self.order})
        return state

    def _restore(self, state: TrainingState) -> None:
        """What `_state` told -> (): stand there again."""
        self.position, self.result = state.position, FitResult(**state.result)
        self.started = time.monotonic() - self.position.seconds
        restore(self.model, state.part("weights"))
        self.best = {name: t.to(self.model.device) for name, t in state.part("best").items()}
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
        self.order = state.part("")["order"]

    def _finish(self) -> FitResult:
        if self.best:
            restore(self.model, self.best)
        self.model.eval()
        self.result.seconds = time.monotonic() - self.started
        return self.result


class _Diverged(Exception):
    """Leaves the loop from wherever a number stopped being one."""


def _is_counted(model: AutoregressiveModel | Mixture) -> bool:
    return (
        isinstance(model, AutoregressiveModel)
        and isinstance(model.network, CountedNetwork)
        and isinstance(model.conditional, Discrete)
    )


def _check_data(model: AutoregressiveModel | Mixture, data: Dataset) -> None:
    if model.event_shape and tuple(data.schema.event_shape) != tuple(model.event_shape):
        raise InputError(
            f"data: expected events of shape {tuple(model.event_shape)}, "
            f"got {tuple(data.schema.event_shape)}"
        )
    if len(data.train) == 0 or len(data.valid) == 0:
        raise InputError("data: expected rows to train on and rows to validate on, got none")
