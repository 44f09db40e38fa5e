"""The training loop: plain torch, tensors in memory, early stopping on validation likelihood."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.latent import AnyModel, LatentModel
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.kernels import register
from arden.training.checkpoint import Checkpoint, TrainingState
from arden.training.context import note_classes
from arden.training.counting import fit_by_counting
from arden.training.descent import Descent, NotANumber
from arden.training.interruption import Interruption
from arden.training.missing import check_missing
from arden.training.mutation import mutated
from arden.training.objectives import Objective, default_objective
from arden.training.options import TrainingOptions
from arden.training.outcome import STOPPED, DivergedError, FitResult, Progress
from arden.training.snapshot import restore, snapshot
from arden.training.validation import check_whole_rows, mean_nats
from arden.training.world import world

__all__ = ["DivergedError", "FitResult", "Progress", "fit_model"]

_SECONDS_BETWEEN_REPORTS = 0.1


def fit_model(
    model: AnyModel,
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
    test rows are never looked at. Tables of counts are fitted in closed form, in one epoch. Of a
    model through hidden features a bound, or an error, takes the place of the likelihood.
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
    note_classes(model, data.train)
    counted = _is_counted(model) and objective is None
    if options.mutate:
        data = mutated(data, options, train=counted)
    loop = _Loop(model, data, options, report, keep)
    if counted:
        assert isinstance(model, AutoregressiveModel)
        return loop.count(model)
    cuda = [model.device] if model.device.type == "cuda" else []
    # Networks with dropout draw from torch's global generator: borrowed, and put back as it was.
    with torch.random.fork_rng(devices=cuda), Interruption() as interruption:
        torch.manual_seed(options.seed + loop.world.rank)
        minimised = objective or default_objective(model)
        descent = Descent(model, data, options, minimised, loop.world)
        return loop.descend(descent, interruption, checkpoint)


class _Loop:
    def __init__(
        self,
        model: AnyModel,
        data: Dataset,
        options: TrainingOptions,
        report: Callable[[Progress], None] | None,
        keep: Callable[[], None] | None,
    ) -> None:
        self.model, self.data, self.options = model, data, options
        self.report, self.keep = report, keep
        self.world = world()
        self.result = FitResult()
        self.started = time.monotonic()
        self.reported = 0.0
        self.best: dict[str, Tensor] = {}

    def count(self, model: AutoregressiveModel) -> FitResult:
        """Closed form: count once, choose the smoothing on the validation rows."""
        train, valid = fit_by_counting(model, self.data, self.options.smoothing, self.world)
        self._end_epoch(1, train, valid, epochs=1)
        self.result.ended = "counted in closed form"
        return self._finish()

    def descend(
        self, descent: Descent, interruption: Interruption, checkpoint: Checkpoint | None
    ) -> FitResult:
        """Gradient steps until the epochs or the patience run out."""
        self.best = snapshot(self.model)
        if checkpoint:
            found = checkpoint.find(self.model, self.data, self.options, self.world)
            if found:
                self._take(found, descent)

        def after_step(stop: bool) -> None:
            if checkpoint:
                self._write(checkpoint, descent, hurry=stop)
            self._tell_of_rows(descent)

        try:
            descent.begin()
            while not self.result.ended:
                if not descent.epoch(lambda: interruption.asked, after_step):
                    self.result.ended = STOPPED
                    break
                self._validate(descent)
                if checkpoint:
                    self._write(checkpoint, descent, hurry=bool(self.result.ended))
        except KeyboardInterrupt:
            self.result.ended = STOPPED
        except NotANumber as error:
            self._finish()
            raise DivergedError(
                f"training: {error} in epoch {len(self.result.records) + 1}; the model keeps the "
                f"weights of epoch {self.result.best_epoch}; try a smaller learning_rate"
            ) from None
        return self._finish()

    def _validate(self, descent: Descent) -> None:
        """Score the validation rows, keep the best weights, and see whether it is time to end."""
        epoch, options = descent.position.epoch, self.options
        descent.gather()
        with descent.average.in_place() if descent.average else nullcontext():
            valid = mean_nats(self.model, self.data, "valid", self.world)
            if not math.isfinite(valid):
                raise NotANumber(f"the validation figure became {valid}")
            self._end_epoch(epoch, descent.figure(), valid, options.epochs)
        if epoch - self.result.best_epoch >= options.patience:
            self.result.ended = f"no better for {options.patience} epochs"
        elif epoch >= options.epochs:
            self.result.ended = f"all {options.epochs} epochs"
        descent.next_epoch()

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
        self.reported = 0.0  # the first step of every epoch is told of
        self._tell(epoch, epochs, len(self.data.train), train, valid, improved)

    def _tell_of_rows(self, descent: Descent) -> None:
        here = descent.position
        if time.monotonic() - self.reported > _SECONDS_BETWEEN_REPORTS:
            self.reported = time.monotonic()
            self._tell(here.epoch, self.options.epochs, here.rows, descent.figure())

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

    def _write(self, checkpoint: Checkpoint, descent: Descent, hurry: bool) -> None:
        """Written if it is time; where weights are cut, all processes tell their parts of them."""
        if not descent.sharded:
            checkpoint.write(lambda: self._state(descent), hurry=hurry)
        elif self.world.sum([float(hurry or checkpoint.due)])[0]:
            state = self._state(descent)
            checkpoint.write(lambda: state, hurry=True)

    def _state(self, descent: Descent) -> TrainingState:
        """() -> everything that the rest of the fit depends on."""
        descent.position.seconds = time.monotonic() - self.started
        state = TrainingState(descent.position, vars(self.result))
        state.put("best", self.best)
        descent.put(state)
        return state

    def _take(self, state: TrainingState, descent: Descent) -> None:
        """What `_state` told -> (): stand there again."""
        descent.take(state)
        self.result = FitResult(**state.result)
        self.best = {name: t.to(self.model.device) for name, t in state.part("best").items()}
        self.started = time.monotonic() - state.position.seconds

    def _finish(self) -> FitResult:
        if self.best:
            restore(self.model, self.best)
        self.model.eval()
        self.result.seconds = time.monotonic() - self.started
        return self.result


def _is_counted(model: AnyModel) -> bool:
    return (
        isinstance(model, AutoregressiveModel)
        and isinstance(model.network, CountedNetwork)
        and isinstance(model.conditional, Discrete)
    )


def _check_data(model: AnyModel, data: Dataset) -> None:
    if model.event_shape and tuple(data.schema.event_shape) != tuple(model.event_shape):
        raise InputError(
            f"data: expected events of shape {tuple(model.event_shape)}, "
            f"got {tuple(data.schema.event_shape)}"
        )
    if isinstance(model, LatentModel):
        check_whole_rows(data)
    check_missing(model, data, splits=("train", "valid"))  # test rows are never looked at
    if len(data.train) == 0 or len(data.valid) == 0:
        raise InputError("data: expected rows to train on and rows to validate on, got none")
