"""As distribution: a model where a `torch.distributions.Distribution` is expected."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Generator, Tensor
from torch.distributions import Distribution, constraints
from torch.distributions.constraints import Constraint

from arden.conditionals.mixed import Mixed
from arden.core.checks import check_context
from arden.core.conditional import Conditional, Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.sample import sample
from arden.tasks.verbs import exact

__all__ = ["ModelDistribution", "as_distribution"]


def as_distribution(
    model: AutoregressiveModel | Mixture,
    context: Tensor | None = None,
    *,
    validate_args: bool | None = None,
) -> ModelDistribution:
    """A model, (*batch, C) or None -> p(x | context) with the interface of torch.distributions.

    The model is shared, not copied: ``log_prob`` has gradients with respect to its weights.
    ``sample`` follows `torch.manual_seed`, as every distribution of torch does.

    Raises:
        InputError: a model without a density, events without a fixed length, a context that does
            not fit.

    >>> import arden, torch
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, condition="label", progress=False)
    >>> digits = as_distribution(model, torch.eye(10))
    >>> digits.batch_shape, digits.event_shape
    (torch.Size([10]), torch.Size([8, 8]))
    >>> drawn = digits.sample((3,))
    >>> drawn.shape, digits.log_prob(drawn).shape
    (torch.Size([3, 10, 8, 8]), torch.Size([3, 10]))
    """
    return ModelDistribution(exact("as_distribution", model), context, validate_args)


class ModelDistribution(Distribution):
    """p(x | context) of an exact model; one event for every context of the batch."""

    has_rsample = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self,
        model: AutoregressiveModel | Mixture,
        context: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        first = model.models[0] if isinstance(model, Mixture) else model
        if first.ordering.num_steps is None:
            raise InputError("model: expected events of one fixed length, got strings")
        if context is not None and context.dim() == 0:
            raise InputError(f"context: expected (*batch, {model.context_size}), got one number")
        batch_shape = torch.Size() if context is None else context.shape[:-1]
        rows = None if context is None else context.reshape(-1, context.shape[-1])
        check_context(rows, 1 if rows is None else len(rows), model.context_size)
        self.model, self.context = model, context
        self._family = first.conditional
        super().__init__(batch_shape, torch.Size(model.event_shape), validate_args=validate_args)

    @property
    def support(self) -> Constraint:
        """() -> bits, levels or reals; of a table of several kinds, what each column contains."""
        if isinstance(self._family, Mixed):
            return _Columns(self._family, self.event_shape)
        symbols = self._family.num_symbols
        if symbols is None:
            each: Constraint = constraints.real
        elif symbols == 2:
            each = constraints.boolean
        else:
            each = constraints.integer_interval(0, symbols - 1)
        return constraints.independent(each, len(self.event_shape))

    def expand(self, batch_shape: Any, _instance: Any = None) -> ModelDistribution:
        """batch -> the same for a batch of that shape, its contexts repeated."""
        shape = torch.Size(batch_shape)
        wide: ModelDistribution = self._get_checked_instance(ModelDistribution, _instance)
        told = self.context
        wide.model, wide._family = self.model, self._family
        wide.context = None if told is None else told.expand(*shape, told.shape[-1])
        Distribution.__init__(wide, shape, self.event_shape, validate_args=False)
        wide._validate_args = self._validate_args
        return wide

    def log_prob(self, value: Tensor) -> Tensor:
        """(*sample, *batch, *event) -> (*sample, *batch): ln p(x | context), in nats."""
        if self._validate_args:
            self._validate_sample(value)
        axes = len(self.event_shape)
        lead = torch.broadcast_shapes(value.shape[: value.dim() - axes], self.batch_shape)
        rows = value.expand(*lead, *self.event_shape).reshape(-1, *self.event_shape)
        return self.model.log_prob(rows, self._contexts(lead)).reshape(lead)

    @torch.no_grad()
    def sample(self, sample_shape: Any = ()) -> Tensor:
        """sample -> (*sample, *batch, *event): independent draws."""
        lead = torch.Size((*sample_shape, *self.batch_shape))
        count = lead.numel()
        if count == 0:
            return torch.empty(*lead, *self.event_shape, dtype=self._family.value_dtype)
        seed = int(torch.randint(2**62, ()))
        source = Generator().manual_seed(seed)
        drawn = sample(self.model, count, generator=source, context=self._contexts(lead))
        return drawn.to(self.model.device).reshape(*lead, *self.event_shape)

    def _contexts(self, lead: torch.Size) -> Tensor | None:
        if self.context is None:
            return None
        size = self.context.shape[-1]
        return self.context.expand(*lead, size).reshape(-1, size)


class _Columns(Constraint):
    """Every column of an event in the support of its own family."""

    def __init__(self, family: Conditional, event_shape: torch.Size) -> None:
        columns = torch.arange(event_shape.numel())
        self.is_discrete = isinstance(family.at(columns), Discrete)
        self.event_dim = len(event_shape)
        self._family = family
        super().__init__()

    def check(self, value: Tensor) -> Tensor:
        """(…, *event) -> (…) bool."""
        flat = value.flatten(value.dim() - self.event_dim)
        columns = torch.arange(flat.shape[-1], device=flat.device)
        return self._family.at(columns).contains(flat).all(dim=-1)
