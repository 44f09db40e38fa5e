"""One walk through a model, a step at a time: sampling, completing and coding all ride on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from arden.core.conditional import Conditional
from arden.core.network import select_rows

if TYPE_CHECKING:
    from arden.core.model import AutoregressiveModel

__all__ = ["Step", "Walker"]


@dataclass(frozen=True)
class Step:
    """What a chooser is shown: which scalars are next, and their distribution.

    ``index`` is t; ``dims`` (B,) the flat event index each row visits; ``family`` the conditional
    of those scalars and ``params`` (B, P) its parameters; ``active`` (B,) bool says which rows
    still have something to draw.
    """

    index: int
    dims: Tensor
    family: Conditional
    params: Tensor
    active: Tensor


class Walker:
    """A position in a walk of B rows, with everything needed to go on from there.

    Read `step`, choose a value for every row, `advance` with them, until `done`. What is chosen
    for inactive rows is ignored. `select` forks rows: the walkers then go their own ways.
    """

    def __init__(
        self,
        model: AutoregressiveModel,
        batch_size: int,
        length: int,
        context: Tensor | None,
        order: Tensor | None,
    ) -> None:
        self._model = model
        self._context = model.check_context(context, batch_size)
        dims = model.dims(batch_size, length, order)
        self._dims = dims.expand(batch_size, length)
        self._index = 0
        end = model.ordering.end
        # What follows an end symbol is filled with it: `Ordering.valid` then finds the first one.
        self._values = torch.full(
            (batch_size, length),
            0 if end is None else end,
            dtype=model.conditional.value_dtype,
            device=model.device,
        )
        self._active = torch.ones(batch_size, dtype=torch.bool, device=model.device)
        self._params, self._state = model.network.start(
            batch_size, self._context, **model.order_argument(dims)
        )
        self._step: Step | None = None

    @property
    def done(self) -> bool:
        """Whether every step was taken or every row has ended."""
        if self._index == self._dims.shape[1]:
            return True
        return self._model.ordering.end is not None and not bool(self._active.any())

    @property
    def step(self) -> Step:
        """The step to choose values for."""
        if self._step is None:  # the chooser and `advance` ask for the same one
            dims = self._dims[:, self._index]
            family = self._model.conditional.at(dims)
            self._step = Step(self._index, dims, family, self._params, self._active)
        return self._step

    @torch.no_grad()
    def advance(self, values: Tensor) -> None:
        """(B,) -> (): take the chosen values (in the support of the step's family) and move on."""
        step, self._step = self.step, None
        end = self._model.ordering.end
        values = values.to(self._values.dtype)
        if end is not None:
            values = torch.where(step.active, values, end)
            self._active = step.active & (values != end)
        self._values.scatter_(1, step.dims[:, None], values[:, None])
        self._index += 1
        if not self.done:
            feature = step.family.features(values).to(self._model.dtype)
            self._params, self._state = self._model.network.step(self._state, feature)

    def select(self, rows: Tensor) -> Walker:
        """(R,) int64 -> a walker of its own on those rows; repeats allowed."""
        fork = object.__new__(Walker)
        fork._model = self._model
        fork._index = self._index
        fork._step = None
        fork._context, fork._dims, fork._values, fork._active, fork._params, fork._state = (
            select_rows(
                (
                    self._context,
                    self._dims,
                    self._values,
                    self._active,
                    self._params,
                    self._state,
                ),
                rows,
            )
        )
        return fork

    def event(self) -> Tensor:
        """() -> (B, *event): the values so far; steps not taken hold zero (or the end symbol).

        Events without a fixed length come as (B, steps taken).
        """
        if self._model.ordering.num_steps is None:
            return self._values[:, : self._index]
        return self._values.reshape(-1, *self._model.event_shape)
