"""A mixture of exact models: an ensemble that averages probabilities, never logits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from arden.core.blend import blend
from arden.core.model import AutoregressiveModel
from arden.core.network import used_entries
from arden.core.walker import Step, Walker
from arden.errors import InputError

__all__ = ["Mixture", "MixtureWalker"]


class Mixture(nn.Module):
    """p(x) = Σ_m w_m p_m(x), normalised because every p_m is. Final: compose it.

    Averaging log probabilities or logits instead would not be a distribution at all. Components
    may share weights (one network under several masks or orders).

    Raises:
        InputError: no component, or components over different events or contexts.
    """

    log_weights: Tensor

    def __init__(
        self, components: Sequence[AutoregressiveModel], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        if not components:
            raise InputError("components: expected at least one model, got none")
        first = components[0]
        for component in components:
            if (component.event_shape, component.context_size) != (
                first.event_shape,
                first.context_size,
            ):
                raise InputError(
                    "components: expected models of one event shape and context, got "
                    f"{first.event_shape} and {component.event_shape}"
                )
            if component.conditional.num_symbols != first.conditional.num_symbols:
                raise InputError(
                    "components: expected models of the same values, got "
                    f"{first.conditional} and {component.conditional}"
                )
        weights = [1.0] * len(components) if weights is None else list(weights)
        usable = all(0 <= weight < math.inf for weight in weights) and sum(weights) > 0
        if len(weights) != len(components) or not usable:
            raise InputError(
                f"weights: expected {len(components)} non-negative numbers, got {weights}"
            )
        self.components = nn.ModuleList(components)
        log_weights = torch.tensor(weights, dtype=torch.float64).log()
        self.register_buffer("log_weights", log_weights.log_softmax(dim=0))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Mixture:
        # A mixture's weights stay in float64 when the networks move to another dtype.
        super()._apply(fn, recurse)
        self.log_weights = self.log_weights.double().log_softmax(dim=0)
        return self

    @property
    def models(self) -> list[AutoregressiveModel]:
        """The components."""
        return list(self.components)  # type: ignore[arg-type]  # a ModuleList forgets its type

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one event."""
        return self.models[0].event_shape

    @property
    def context_size(self) -> int:
        """C: how many numbers a context holds; 0 when the mixture takes none."""
        return self.models[0].context_size

    @property
    def class_counts(self) -> tuple[int, ...]:
        """(C,): how many rows of each class the components were fitted to; empty if they differ."""
        first, *others = (model.class_counts for model in self.models)
        return first if all(counts == first for counts in others) else ()

    @property
    def num_parameters(self) -> int:
        """Free parameters: M − 1 weights, and each entry that any component uses, counted once."""
        networks = [model.network for model in self.models]
        distinct = sum(1 for network in networks for _ in network.parameters())
        if distinct == sum(1 for _ in self.parameters()):
            counted = sum(network.num_parameters() for network in networks)
        else:
            counted = sum(int(used.sum()) for used in used_entries(self.components).values())
        return counted + len(networks) - 1

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the components' weights."""
        return self.models[0].dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.models[0].device

    @property
    def same_order(self) -> bool:
        """Whether all components visit the scalars in one order (then per-step terms exist)."""
        return all(model.ordering == self.models[0].ordering for model in self.models)

    def log_prob(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B,): ln Σ_m w_m p_m(x | context), in nats."""
        joints = torch.stack([m.log_prob(x, context, observed=observed) for m in self.models])
        return (joints + self.log_weights.to(joints.dtype)[:, None]).logsumexp(dim=0)

    def log_conditionals(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, *event): ln p(x_i | what came before it), in nats.

        Raises:
            InputError: components with different orders, which have no per-variable terms.
        """
        self._require_one_order("log_conditionals")
        terms = torch.stack(
            [m.log_conditionals(x, context, observed=observed).flatten(1) for m in self.models]
        )
        dims = self.models[0].dims(x.shape[0], terms.shape[2])
        log_weights = self.log_weights.to(terms.dtype)[:, None, None]
        joint = (terms[:, :, dims].cumsum(dim=2) + log_weights).logsumexp(dim=0)
        before = torch.cat([torch.zeros_like(joint[:, :1]), joint[:, :-1]], dim=1)
        # After something impossible nothing is defined; −∞ keeps the sum what it is.
        conditionals = torch.where(before.isneginf(), before, joint - before)
        return conditionals[:, dims.argsort()].reshape(x.shape)

    def begin(
        self,
        batch_size: int,
        context: Tensor | None = None,
        prefix: Tensor | None = None,
        max_steps: int | None = None,
    ) -> MixtureWalker:
        """B, (B, C) -> a walker over the mixture itself; components must share one order.

        Raises:
            InputError: components with different orders.
        """
        self._require_one_order("begin")
        walker = MixtureWalker(
            [m.begin(batch_size, context, max_steps=max_steps) for m in self.models],
            self.log_weights.expand(batch_size, -1),
        )
        first = self.models[0]
        length = first.ordering.num_steps or max_steps or 0
        for values in first.check_prefix(prefix, batch_size, length):
            walker.advance(values)
        return walker

    def walk(
        self,
        choose: Callable[[Step], Tensor],
        batch_size: int,
        context: Tensor | None = None,
        max_steps: int | None = None,
    ) -> Tensor:
        """(step -> (B,) values), B -> (B, *event): one walk over the mixture itself."""
        walker = self.begin(batch_size, context, max_steps=max_steps)
        while not walker.done:
            walker.advance(choose(walker.step))
        return walker.event()

    def choose_component(self, noise: Tensor) -> Tensor:
        """(B,) uniforms -> (B,) int64: which component each row is drawn from."""
        below = self.log_weights.exp().cumsum(dim=0) <= noise.to(self.device)[:, None]
        return below.sum(dim=1).clamp(max=len(self.components) - 1)

    def _require_one_order(self, verb: str) -> None:
        if not self.same_order:
            raise InputError(
                f"{verb}: components with different orders have no per-variable terms; "
                "ask for log_prob"
            )


class MixtureWalker:
    """A walk through a same-order mixture: its weights are updated by every value taken.

    p(x_t | x_<t) = Σ_m w_m(x_<t) p_m(x_t | x_<t) with w_m(x_<t) ∝ w_m p_m(x_<t). The interface is
    that of `Walker`.
    """

    def __init__(self, walkers: list[Walker], log_posterior: Tensor) -> None:
        self._walkers = walkers
        self._log_posterior = log_posterior

    @property
    def done(self) -> bool:
        """Whether every step was taken or every row has ended."""
        return self._walkers[0].done

    @property
    def step(self) -> Step:
        """The step to choose values for; its family is a blend of the components' families."""
        steps = [walker.step for walker in self._walkers]
        params = torch.cat([self._log_posterior, *(step.params.double() for step in steps)], dim=1)
        family = blend([step.family for step in steps])
        return Step(steps[0].index, steps[0].dims, family, params, steps[0].active)

    @torch.no_grad()
    def advance(self, values: Tensor) -> None:
        """(B,) -> (): take the chosen values and move on."""
        gained = []
        for walker in self._walkers:
            step = walker.step
            # What was chosen for an inactive row may be anything: zero is in every support.
            chosen = torch.where(step.active, values, torch.zeros_like(values))
            terms = step.family.log_prob(step.params.double(), chosen)
            gained.append(torch.where(step.active, terms, 0.0))
            walker.advance(values)
        updated = self._log_posterior + torch.stack(gained, dim=1)
        self._log_posterior = updated.log_softmax(dim=1)

    def select(self, rows: Tensor) -> MixtureWalker:
        """(R,) int64 -> a walker of its own on those rows; repeats allowed."""
        return MixtureWalker([w.select(rows) for w in self._walkers], self._log_posterior[rows])

    def event(self) -> Tensor:
        """() -> (B, *event): the values so far."""
        return self._walkers[0].event()
