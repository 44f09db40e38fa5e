"""What the checks work on: copies of the model, points to evaluate it at, and how much to do."""

from __future__ import annotations

import copy
import math
import zlib
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.audit.points import choose_context, choose_values, random_values
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork, ReplayedNetwork, apply_masks
from arden.core.ordering import Ordering
from arden.errors import InputError

__all__ = [
    "BUDGETS",
    "Budget",
    "Model",
    "Subject",
    "discrepancy",
    "in_steps",
    "log_prob",
    "one_pass",
    "shaken",
    "visited",
]

Model = AutoregressiveModel | Mixture

_MOST_STEPS = 2**14  # what a step reads is a row of a matrix: 256 MB of truth values
_STRING_LENGTH = 8  # of events that have no length of their own
_ENTRIES_PER_PASS = 2**15  # rows × steps: with 500 hidden units in float64 about 130 MB


@dataclass(frozen=True)
class Budget:
    """How much an audit does."""

    rows: int
    """Points at which the model is evaluated."""
    inputs: int
    """Steps whose value is changed, one at a time, to see what depends on it."""
    shakes: int
    """At most this many noisy copies in search of a promised dependence."""
    walked_steps: int
    """At most this many steps of a walk; a sixteenth of it where each step replays all."""
    configurations: int
    """At most this many events summed one by one."""
    drawn_scalars: int
    """About this many scalars drawn from the model."""
    parts: int
    """At most this many components of a mixture looked into, each by itself."""
    fresh_process: bool
    """Whether to save the model and load it in another process (some seconds)."""


BUDGETS = {
    "quick": Budget(4, 32, 20, 256, 2**10, 2**16, 2, False),
    "normal": Budget(8, 96, 40, 1024, 2**14, 2**17, 4, True),
    "thorough": Budget(16, 512, 64, 2**14, 2**17, 2**21, 64, True),
}


@dataclass(frozen=True)
class Subject:
    """A model under audit. ``model`` is a copy as it is, ``exact`` one in float64.

    ``values`` (R, D) are evaluation points in event order: real rows first, if there are any, then
    random ones; they hold no end symbol. ``context`` is (R, C) or None.
    """

    model: Model
    exact: Model
    values: Tensor
    context: Tensor | None
    seed: int
    budget: Budget

    @staticmethod
    def of(
        model: Model, data: Tensor | None, context: Tensor | None, seed: int, budget: Budget
    ) -> Subject:
        """model, (N, *event) or None, (N, C) or None -> the subject; the model is left alone."""
        as_is = copy.deepcopy(model).eval().requires_grad_(False)
        exact = copy.deepcopy(as_is).double()
        first = _first(exact)
        length = first.ordering.num_steps or _STRING_LENGTH
        if length > _MOST_STEPS:
            raise InputError(
                f"model: expected at most {_MOST_STEPS:,} variables, every pair of which is looked "
                f"at, got {length:,}"
            )
        generator = Generator().manual_seed(seed)
        values, picked = choose_values(first, data, length, budget.rows, generator)
        rows = choose_context(first.context_size, context, picked, budget.rows, generator)
        device = first.device
        placed = None if rows is None else rows.to(device)
        return Subject(as_is, exact, values.to(device), placed, seed, budget)

    @property
    def length(self) -> int:
        """D: the scalars of an audited event."""
        return self.values.shape[1]

    @property
    def ordering(self) -> Ordering:
        """The ordering, a mixture's first if it has several."""
        return _first(self.exact).ordering

    @property
    def conditional(self) -> Conditional:
        """The family, a mixture's first if it has several."""
        return _first(self.exact).conditional

    @property
    def any_order(self) -> bool:
        """Whether the model is one joint distribution per order."""
        return isinstance(_first(self.exact).network, AnyOrderNetwork)

    def generator(self, purpose: str) -> Generator:
        """A check's name -> random numbers of its own, whatever other checks took."""
        return Generator().manual_seed(zlib.crc32(purpose.encode()) * 2**16 + self.seed)

    def part_numbers(self) -> list[int]:
        """() -> which components are looked into by themselves: first, last, evenly between."""
        count = len(self.exact.models) if isinstance(self.exact, Mixture) else 1
        looked = min(count, self.budget.parts)
        return sorted({round(i * (count - 1) / max(looked - 1, 1)) for i in range(looked)})

    def parts(self, of: Model | None = None) -> list[AutoregressiveModel]:
        """() -> the float64 components to look into; a plain model is its own only one."""
        model = self.exact if of is None else of
        models = model.models if isinstance(model, Mixture) else [model]
        return [models[number] for number in self.part_numbers()]

    def chained(self) -> list[Model]:
        """() -> the float64 models that have per-step terms: the model, else its components."""
        whole = self.exact
        if isinstance(whole, Mixture) and not whole.same_order:
            return list(self.parts())
        return [whole]

    def orders(self, part: Model, generator: Generator, rows: int | None = None) -> Tensor | None:
        """part -> (D,) or (rows, D) random orders for an any-order network, else None."""
        if not isinstance(part, AutoregressiveModel) or not isinstance(
            part.network, AnyOrderNetwork
        ):
            return None
        drawn = torch.rand(rows or 1, self.length, generator=generator).argsort(dim=1)
        order = drawn if rows else drawn[0]
        return order.to(self.values.device)

    def walked_steps(self, part: Model) -> int:
        """part -> how many steps of a walk the budget allows."""
        models = part.models if isinstance(part, Mixture) else [part]
        replayed = any(isinstance(model.network, ReplayedNetwork) for model in models)
        allowed = self.budget.walked_steps // 16 if replayed else self.budget.walked_steps
        return min(self.length, allowed)

    def other_values(self, generator: Generator, rows: int) -> Tensor:
        """-> (rows, D) random events in event order, without end symbols."""
        return random_values(_first(self.exact), self.length, rows, generator).to(
            self.values.device
        )

    def rows_of_context(self, rows: Tensor) -> Tensor | None:
        """(R,) int64 -> those rows of the context, or None."""
        return None if self.context is None else self.context[rows.to(self.context.device)]

    def event(self, values: Tensor) -> Tensor:
        """(B, D) -> (B, *event)."""
        if self.ordering.num_steps is None:
            return values
        return values.reshape(values.shape[0], *self.exact.event_shape)


def _first(model: Model) -> AutoregressiveModel:
    return model.models[0] if isinstance(model, Mixture) else model


def in_steps(values: Tensor, dims: Tensor) -> Tensor:
    """(B, D), (T,) or (B, T) -> (B, T): the values in the order of the steps."""
    return values[:, dims] if dims.dim() == 1 else values.gather(1, dims)


def visited(model: Model, length: int, order: Tensor | None = None, rows: int = 1) -> Tensor:
    """-> (T,) or (rows, T): the event index at each step; a mixture's components share theirs."""
    if isinstance(model, Mixture):
        return model.models[0].dims(rows, length)
    return model.dims(rows, length, order)


@torch.no_grad()
def one_pass(
    part: AutoregressiveModel, steps: Tensor, dims: Tensor, context: Tensor | None
) -> Tensor:
    """(B, T) in step order, (T,) or (B, T), (B, C) -> (B, T, P), by `forward`, in row chunks."""
    chunk = max(1, _ENTRIES_PER_PASS // max(steps.shape[1], 1))
    passes = []
    for start in range(0, steps.shape[0], chunk):
        rows = slice(start, start + chunk)
        here = dims[rows] if dims.dim() == 2 else dims
        features = part.conditional.at(here).features(steps[rows]).to(part.dtype)
        given = part.check_context(None if context is None else context[rows], features.shape[0])
        passes.append(part.network(features, given, **part.order_argument(here)))
    return torch.cat(passes)


@torch.no_grad()
def log_prob(
    model: Model,
    x: Tensor,
    context: Tensor | None = None,
    order: Tensor | None = None,
    observed: Tensor | None = None,
) -> Tensor:
    """(B, *event), (B, C) -> (B,): the model's own log_prob, in row chunks, in nats."""
    chunk = max(1, _ENTRIES_PER_PASS // max(math.prod(x.shape[1:]), 1))
    scores = []
    for start in range(0, x.shape[0], chunk):
        rows = slice(start, start + chunk)
        given = None if context is None else context[rows]
        known = None if observed is None else observed[rows]
        if isinstance(model, Mixture):
            scores.append(model.log_prob(x[rows], given, observed=known))
        else:
            here = order[rows] if order is not None and order.dim() == 2 else order
            scores.append(model.log_prob(x[rows], given, here, known))
    return torch.cat(scores)


@torch.no_grad()
def shaken(
    part: AutoregressiveModel, strength: float, generator: Generator, *, positive: bool = False
) -> AutoregressiveModel:
    """part, how strongly -> a copy with noise on every weight, zeros by initialisation included.

    Masked weights are zero again afterwards: noise on them would make leaks that are not there.
    With ``positive`` weights nothing cancels and hardly a rectified unit is dead.
    """
    noisy = copy.deepcopy(part)
    for parameter in noisy.parameters():
        if not parameter.is_floating_point() or not parameter.numel():
            continue
        # As large as the weights are, or as weights of that fan-in usually are.
        usual = (parameter.numel() / parameter.shape[0]) ** -0.5 if parameter.dim() else 1.0
        size = float(parameter.square().mean().sqrt()) + usual
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.add_(strength * size * noise.to(parameter))
        if positive:
            parameter.abs_()
    apply_masks(noisy)
    return noisy


def discrepancy(found: Tensor, expected: Tensor) -> float:
    """Two tensors -> the largest |found − expected| / (1 + |expected|); ∞ if NaN or misshapen."""
    if found.shape != expected.shape:
        return math.inf
    if found.numel() == 0:
        return 0.0
    found, expected = found.double(), expected.double()
    relative = (found - expected).abs() / (1 + expected.abs())
    relative = torch.where(found == expected, 0.0, relative)  # equal infinities differ by NaN
    return float(relative.nan_to_num(nan=math.inf).max())
