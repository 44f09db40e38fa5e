"""A network that turns what was seen into the parameters of what comes next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

__all__ = [
    "AnyOrderNetwork",
    "AttendingNetwork",
    "CausalNetwork",
    "CountedNetwork",
    "HiddenNetwork",
    "NetworkSpec",
    "OrderlessNetwork",
    "Replay",
    "ReplayedNetwork",
    "State",
    "apply_masks",
    "masked_parameters",
    "select_rows",
    "take",
    "used_entries",
]

State = Any
"""A nested tuple of tensors with the batch on axis 0 and of plain ints (positions)."""


@dataclass(frozen=True)
class NetworkSpec:
    """The shape of the task a network is built for. It never names an ordering.

    A network sees the sequence in step order; `grid` is (H, W, C) when those steps are the raster
    scan of an image, and is all that a spatial network learns of the event.
    """

    num_steps: int | None
    num_features: int
    num_params: int
    num_symbols: int | None = None
    context_size: int = 0
    grid: tuple[int, int, int] | None = None


class CausalNetwork(nn.Module, ABC):
    """Shapes: features (B, T, F) in step order, context (B, C), parameters (B, T, P).

    The one promise every network makes, and the audit proves: ``forward(features)[:, t]`` depends
    on ``features[:, :t]`` and the context only. `forward` gives all steps at once; `start` and
    `step` give them one at a time and must agree with it.

    A weight that must be zero in places has a buffer of 0 and 1 beside it, named after it:
    ``weight`` and ``weight_mask``. A weight that several networks share under different masks is
    stored whole and masked at every use; its buffer is named ``weight_applied_mask``. Counting,
    shaking, saving and loading all read this one convention.
    """

    def __init__(self, spec: NetworkSpec, options: Any) -> None:
        super().__init__()
        self.spec = spec
        self.options = options

    @abstractmethod
    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P): params[:, t] sees features[:, :t] and context only."""

    @abstractmethod
    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state before any feature."""

    @abstractmethod
    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) of step t -> (B, P) of step t + 1, and the next state.

        The given state is spent: an implementation may reuse its tensors in place.
        """

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: entry (t, j) says that step t uses step j. Default: all before it.

        A network that uses less (a window, a neighbourhood) says so here, and the audit holds it
        to exactly that: no leak, no missing dependence.
        """
        return torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)

    def num_parameters(self) -> int:
        """() -> the number of free parameters; masked entries are not counted."""
        return sum(int(used.sum()) for used in used_entries(self).values())


class AnyOrderNetwork(CausalNetwork):
    """A network that is told the order: one joint distribution per order, not one distribution.

    The joints of different orders agree only approximately. ``order`` is (T,) for the whole batch
    or (B, T), one order per row; None means 0 … T − 1.
    """

    @abstractmethod
    def forward(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, T, P), all in step order."""

    @abstractmethod
    def start(
        self, batch_size: int, context: Tensor | None = None, order: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """B, (B, C), (T,) or (B, T) -> (B, P) of step 0, and the state before any feature."""


class OrderlessNetwork(AnyOrderNetwork):
    """An any-order network for which only *what* was seen matters, not in which order it came.

    One pass then tells of all variables given any set of them, so that it can be trained without
    walking through an order at all.
    """

    @abstractmethod
    def given(self, features: Tensor, seen: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, F), (B, D) bool, (B, C) -> (B, D, P): params[:, i] of variable i, given the seen.

        In the order 0 … D − 1, whatever the orders. Features of what was not seen are never looked
        at. For a variable that was seen itself the parameters mean nothing.
        """


class CountedNetwork(CausalNetwork):
    """A network whose maximum-likelihood weights are counts: it is fitted in one pass."""

    @abstractmethod
    def fit_counts(
        self, symbols: Tensor, valid: Tensor, context: Tensor | None, smoothing: float
    ) -> Tensor:
        """(N, T) int64 in step order, (N, T) bool, (N, C) one-hot -> table of ln p(k | …).

        Adds ``smoothing`` to every count and returns the smoothed log probabilities as (…, K) in
        the layout of `set_table`, which stores the parameters made from them.
        """

    @abstractmethod
    def set_table(self, params: Tensor) -> None:
        """(…, P) -> (): store the parameters of every table entry."""


class AttendingNetwork(CausalNetwork):
    """A network that can say how much each of its steps looks back at each value before it."""

    @abstractmethod
    def attention_weights(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, T): entry (t, j) is how much step t looks at value j < t.

        At least 0, and 0 from the diagonal on; a row sums to one, or to zero where a step looks at
        nothing (the first one has nothing to look at).
        """


class HiddenNetwork(CausalNetwork):
    """A network whose hidden units can be read, as features of what was seen.

    ``pooling`` says how its places are best made into one: their mean, or the last alone.
    """

    pooling: ClassVar[Literal["mean", "last"]] = "mean"

    @abstractmethod
    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, S, H): the units that the parameters are read from, S places.

        As many places as there are steps: place t sees features[:, :t] and context only. Fewer
        where the units do not belong to single steps: those of a whole pixel, or one set of units
        that has seen everything. An any-order network also takes the order, as `forward` does.
        """


class ReplayedNetwork(CausalNetwork):
    """A network without a cache: every step runs `forward` again on all that was seen.

    Slow (a sample costs T full passes) and obviously right, so it is the reference that every
    cached `step` is tested against.
    """

    def start(
        self, batch_size: int, context: Tensor | None = None, order: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (features so far, context, order, t)."""
        like = next(self.parameters())
        length = self.spec.num_steps or 1
        seen = torch.zeros(
            batch_size, length, self.spec.num_features, dtype=like.dtype, device=like.device
        )
        if order is not None and order.dim() == 1:
            order = order.expand(batch_size, -1)
        return self._replay(seen, context, order, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) of step t -> (B, P) of step t + 1, and the next state."""
        seen, context, order, position = state
        seen = seen.clone()
        seen[:, position] = feature
        if self.spec.num_steps is None:
            seen = torch.cat([seen, torch.zeros_like(seen[:, :1])], dim=1)
        return self._replay(seen, context, order, position + 1)

    def _replay(
        self, seen: Tensor, context: Tensor | None, order: Tensor | None, position: int
    ) -> tuple[Tensor, State]:
        arguments = {} if order is None else {"order": order}
        params = self(seen, context, **arguments)[:, position]
        return params, (seen, context, order, position)


class Replay(ReplayedNetwork):
    """Any network with its cache taken away: the oracle for that network's `start` and `step`."""

    def __init__(self, network: CausalNetwork) -> None:
        super().__init__(network.spec, network.options)
        self.network = network

    def forward(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P), by the wrapped network."""
        arguments = {} if order is None else {"order": order}
        return self.network(features, context, **arguments)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the wrapped network promises."""
        return self.network.promised(num_steps)


def masked_parameters(module: nn.Module) -> Iterator[tuple[str, nn.Parameter, Tensor | None]]:
    """module -> (name, parameter, bool mask or None): the weight is zero where that is false."""
    buffers = dict(module.named_buffers(remove_duplicate=False))
    for name, parameter in module.named_parameters():
        mask = buffers.get(f"{name}_mask")
        yield name, parameter, None if mask is None else mask.bool()


def used_entries(module: nn.Module) -> dict[nn.Parameter, Tensor]:
    """module -> for every parameter, bool of its shape: the entries that can matter at all."""
    buffers = dict(module.named_buffers(remove_duplicate=False))
    used: dict[nn.Parameter, Tensor] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        mask = buffers.get(f"{name}_mask", buffers.get(f"{name}_applied_mask"))
        here = torch.ones_like(parameter, dtype=torch.bool) if mask is None else mask.bool()
        used[parameter] = used[parameter] | here if parameter in used else here
    return used


@torch.no_grad()
def apply_masks(module: nn.Module) -> None:
    """module -> (): set every masked entry of every weight to zero, in place."""
    for _, parameter, mask in masked_parameters(module):
        if mask is not None:
            parameter.mul_(mask)


def select_rows(state: State, rows: Tensor) -> State:
    """state of B rows, (R,) int64 -> a state of its own of those R rows (repeats allowed)."""
    if isinstance(state, Tensor):
        return state.index_select(0, rows)
    if isinstance(state, tuple):
        return tuple(select_rows(leaf, rows) for leaf in state)
    return state


def take(values: Tensor, index: Tensor) -> Tensor:
    """(B, D, …), (T,) or (B, T) -> (B, T, …): values[:, index], or each row by its own index."""
    if index.dim() == 1:
        return values[:, index]
    rows = torch.arange(values.shape[0], device=values.device)[:, None]
    return values[rows, index]
