"""The training loop: plain torch, tensors in memory, early stopping on validation likelihood."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor, nn

from arden.core.conditional import Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.data.dataset import Dataset, Split
from arden.errors import ArdenError, InputError
from arden.kernels import register
from arden.tasks.score import score
from arden.training.context import class_context
from arden.training.counting import fit_by_counting
from arden.training.objectives import Objective, default_objective
from arden.training.options import TrainingOptions

__all__ = ["DivergedError", "FitResult", "Progress", "fit_model"]

_SECONDS_BETWEEN_REPORTS = 0.1


class DivergedError(ArdenError):
    """The loss became NaN or infinite; the model was put back to its best epoch."""


@dataclass(frozen=True)
class Progress:
    """Where a fit stands: reported during an epoch (``valid`` is None) and after it."""

    epoch: int
    epochs: int
    rows: int
    rows_per_epoch: int
    seconds: float
    train: float
    valid: float | None
    best_valid: float | None
    improved: bool


@dataclass
class FitResult:
    """What a fit left behind: one record per epoch, which was best, and why it ended."""

    records: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_valid: float = math.inf
    seconds: float = 0.0
    ended: str = ""


def fit_model(
    model: AutoregressiveModel | Mixture,
    data: Dataset,
    options: TrainingOptions | None = None,
    *,
    objective: Objective | None = None,
    report: Callable[[Progress], None] | None = None,
    keep: Callable[[], None] | None = None,
) -> FitResult:
    """A model and a data set -> how it went; the model holds the weights of its best epoch.

    The likelihood of the training rows is maximised, that of the validation rows chooses the epoch;
    test rows are never looked at. Tables of counts are fitted in closed form, in one epoch.
    ``report`` is told how it stands, ``keep`` is called whenever the best weights so far are in the
    model (to write them to disk). Ctrl-C ends the fit early, with the best weights.

    Raises:
        InputError: data that do not fit the model, or an option out of range.
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
    return loop.descend()


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
        self.generator = Generator().manual_seed(options.seed)
        self.result = FitResult()
        self.started = time.monotonic()
        self.best: dict[str, Tensor] = {}

    def count(self, model: AutoregressiveModel) -> FitResult:
        """Closed form: count once, choose the smoothing on the validation rows."""
        train, valid = fit_by_counting(
            model, self.data.train, self.data.valid, self.options.smoothing
        )
        self._end_epoch(1, train, valid, epochs=1)
        self.result.ended = "counted in closed form"
        return self._finish()

    def descend(self) -> FitResult:
        """Gradient steps until the epochs or the patience run out."""
        options = self.options
        optimizer = _optimizer(self.model, options)
        steps_per_epoch = math.ceil(len(self.data.train) / options.batch_size)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, _factor(options, steps_per_epoch * options.epochs)
        )
        self._remember()
        self.result.ended = f"all {options.epochs} epochs"
        try:
            for epoch in range(1, options.epochs + 1):
                train = self._train_epoch(epoch, optimizer, schedule)
                valid = _mean_nats(self.model, self.data.valid)
                if not math.isfinite(valid):
                    raise _Diverged(f"the validation likelihood became {valid}")
                self._end_epoch(epoch, train, valid, options.epochs)
                if epoch - self.result.best_epoch >= options.patience:
                    self.result.ended = f"no better for {options.patience} epochs"
                    break
        except KeyboardInterrupt:
            self.result.ended = "stopped by Ctrl-C"
        except _Diverged as error:
            self._finish()
            raise DivergedError(
                f"training: {error} in epoch {len(self.result.records) + 1}; the model keeps the "
                f"weights of epoch {self.result.best_epoch}; try a smaller learning_rate"
            ) from None
        return self._finish()

    def _train_epoch(
        self,
        epoch: int,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
    ) -> float:
        self.objective.train()
        total, rows, reported = 0.0, 0, 0.0
        for x, context, observed in self._batches():
            optimizer.zero_grad(set_to_none=True)
            loss = self.objective(x, context, observed, self.generator).mean()
            value = loss.item()
            if not math.isfinite(value):
                raise _Diverged(f"the loss became {value}")
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
            if not math.isfinite(norm.item()):
                raise _Diverged("the gradient became infinite")
            optimizer.step()
            schedule.step()
            total, rows = total + value * len(x), rows + len(x)
            if self.report and time.monotonic() - reported > _SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                self._tell(epoch, self.options.epochs, rows, total / rows, None, False)
        return total / rows

    def _batches(self) -> Iterator[tuple[Tensor, Tensor | None, Tensor | None]]:
        split, device = self.data.train, self.model.device
        order = torch.randperm(len(split), generator=self.generator)
        context = class_context(split, self.model.context_size)
        for rows in order.split(self.options.batch_size):
            yield (
                split.values[rows].to(device),
                None if context is None else context[rows],
                None if split.observed is None else split.observed[rows].to(device),
            )

    def _end_epoch(self, epoch: int, train: float, valid: float, epochs: int) -> None:
        improved = valid < self.result.best_valid
        if improved:
            self.result.best_epoch, self.result.best_valid = epoch, valid
            self._remember()
            if self.keep:
                self.keep()
        seconds = time.monotonic() - self.started
        record = {"epoch": epoch, "train": train, "valid": valid, "seconds": round(seconds, 3)}
        self.result.records.append(record)
        self._tell(epoch, epochs, len(self.data.train), train, valid, improved)

    def _tell(
        self, epoch: int, epochs: int, rows: int, train: float, valid: float | None, improved: bool
    ) -> None:
        if self.report:
            best = self.result.best_valid if self.result.best_epoch else None
            seconds = time.monotonic() - self.started
            rows_per_epoch = len(self.data.train)
            self.report(
                Progress(epoch, epochs, rows, rows_per_epoch, seconds, train, valid, best, improved)
            )

    def _remember(self) -> None:
        self.best = {name: t.detach().clone() for name, t in self.model.state_dict().items()}

    def _finish(self) -> FitResult:
        if self.best:
            self.model.load_state_dict(self.best)
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


def _mean_nats(model: AutoregressiveModel | Mixture, split: Split) -> float:
    """−mean ln p of a split; an any-order model is scored in its own ordering, always the same."""
    context = class_context(split, model.context_size)
    return -score(model, split.values, context, split.observed).mean().item()


def _optimizer(model: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    parameters = [p for p in model.parameters() if p.requires_grad and p.numel()]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=options.learning_rate, fused=True
    )


def _factor(options: TrainingOptions, total: int) -> Callable[[int], float]:
    def factor(step: int) -> float:
        rising = min((step + 1) / options.warmup, 1.0) if options.warmup else 1.0
        if options.schedule == "constant":
            return rising
        return rising * 0.5 * (1 + math.cos(math.pi * min(step / max(total, 1), 1.0)))

    return factor
