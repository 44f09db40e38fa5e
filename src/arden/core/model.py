"""An exact model: an ordering, a network, a conditional, and nothing more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from arden.core.checks import check_context, check_observed, check_shape, check_support
from arden.core.conditional import Conditional
from arden.core.dispatch import LIKELIHOOD_KERNELS
from arden.core.network import AnyOrderNetwork, CausalNetwork, NetworkSpec, take
from arden.core.ordering import Ordering
from arden.core.walker import Step, Walker
from arden.errors import InputError

__all__ = ["AutoregressiveModel", "spec_for"]


def spec_for(ordering: Ordering, conditional: Conditional, context_size: int = 0) -> NetworkSpec:
    """An ordering and a family -> the shape of the network that stands between them."""
    return NetworkSpec(
        num_steps=ordering.num_steps,
        num_features=conditional.num_features,
        num_params=conditional.num_params,
        num_symbols=conditional.num_symbols,
        context_size=context_size,
        grid=ordering.step_grid(),
    )


class AutoregressiveModel(nn.Module):
    """p(x) = ∏ₜ p(x_order[t] | what came before), normalised by construction. Final: compose it.

    Shapes: events (B, *event) hold integers for discrete families, reals for densities; a context
    is (B, C). All results are in nats.

    ``class_counts`` belongs to a model whose contexts are classes, one-hot: how many rows of each
    it was fitted to, the prior that turns p(x | y) into p(y | x). Empty where that is unknown.

    >>> import torch
    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> from arden.networks.independent import Independent, IndependentOptions
    >>> from arden.orderings.raster import Raster
    >>> ordering, conditional = Raster((2, 2)), Bernoulli()
    >>> network = Independent(spec_for(ordering, conditional), IndependentOptions())
    >>> model = AutoregressiveModel(ordering, network, conditional)
    >>> model.log_prob(torch.zeros(3, 2, 2)).exp()          # untrained: every bit is a fair coin
    tensor([0.0625, 0.0625, 0.0625], grad_fn=<ExpBackward0>)
    """

    _order: Tensor | None

    def __init__(
        self,
        ordering: Ordering,
        network: CausalNetwork,
        conditional: Conditional,
        class_counts: Sequence[int] = (),
    ) -> None:
        super().__init__()
        _check_fit(ordering, network, conditional)
        self.ordering = ordering
        self.network = network
        self.conditional = conditional
        self.class_counts = class_counts
        fixed = None if ordering.num_steps is None else ordering.order()
        self.register_buffer("_order", fixed, persistent=False)
        # Then steps need not be looked up, which would cost as much as a small network.
        self._is_in_order = fixed is not None and bool((fixed.diff() == 1).all())
        self._known_family: tuple[Conditional, Tensor, Conditional] | None = None

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one event; empty when events have no fixed length."""
        return self.ordering.event_shape

    @property
    def context_size(self) -> int:
        """C: how many numbers a context holds; 0 when the model takes none."""
        return self.network.spec.context_size

    @property
    def class_counts(self) -> tuple[int, ...]:
        """(C,): how many rows of each class the model was fitted to; empty where unknown."""
        return self._class_counts

    @class_counts.setter
    def class_counts(self, counts: Sequence[int]) -> None:
        counts = tuple(counts)
        whole = all(type(count) is int and count >= 0 for count in counts) and any(counts)
        if counts and not (whole and len(counts) == self.context_size):
            raise InputError(
                f"class_counts: expected a number of rows for each of {self.context_size} classes, "
                f"got {counts}"
            )
        self._class_counts = counts

    @property
    def num_parameters(self) -> int:
        """The number of free parameters; masked entries and unused columns are not counted."""
        return self.network.num_parameters()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights, hence of features, parameters and log probabilities."""
        return next(self.network.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    def log_prob(
        self,
        x: Tensor,
        context: Tensor | None = None,
        order: Tensor | None = None,
        observed: Tensor | None = None,
    ) -> Tensor:
        """(B, *event), (B, C) -> (B,): ln p(x | context), in nats.

        With ``observed`` it is the ln p of the observed scalars alone. Raises as
        `log_conditionals` does.
        """
        if self.ordering.end is not None and x.dim() == 2 and order is None and observed is None:
            # What is padding in every row would only be computed to be thrown away.
            x = x[:, : int(self.ordering.valid(x).any(dim=0).sum())]
        steps, known, dims = self._steps(x, order, observed)
        kernel = LIKELIHOOD_KERNELS.get(
            (type(self.network).__name__, type(self.conditional).__name__, steps.device.type)
        )
        if kernel is not None and known is None and order is None:
            total = kernel(self.network, steps, self.check_context(context, len(steps)))
            if total is not None:
                return total
        return self._terms(steps, known, context, dims).sum(dim=1)

    def log_conditionals(
        self,
        x: Tensor,
        context: Tensor | None = None,
        order: Tensor | None = None,
        observed: Tensor | None = None,
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, *event): ln p(x_i | what came before it), in nats.

        Each term stands at the place of its own scalar. ``order``, (T,) or one per row (B, T), is
        for any-order networks. ``observed`` (B, *event) bool marks what is known: the rest
        contributes nothing and is never looked at, and must come last in the order. Scalars after
        an end symbol contribute nothing either.

        Raises:
            InputError: a wrong shape, a value outside the support, an observed scalar after an
                unobserved one, an order for a network that has only one.
        """
        steps, known, dims = self._steps(x, order, observed)
        return self._back(self._terms(steps, known, context, dims), dims).reshape(x.shape)

    def params(
        self, x: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, *event, P): the parameters of every p(x_i | what came before).

        Raises as `log_conditionals` does.
        """
        values = self._flat(x)
        check_support(self.conditional, values)
        dims = self.dims(values.shape[0], values.shape[1], order)
        params = self._params(self._along(values, dims), context, dims)
        return self._back(params, dims).reshape(*x.shape, -1)

    def begin(
        self,
        batch_size: int,
        context: Tensor | None = None,
        order: Tensor | None = None,
        prefix: Tensor | None = None,
        max_steps: int | None = None,
    ) -> Walker:
        """B, (B, C) -> a Walker at step 0, or after the steps of ``prefix`` (B, t) in step order.

        ``max_steps`` is needed when events have no fixed length; a row that has drawn no end
        symbol by then stays unfinished.
        """
        length = self.ordering.num_steps or max_steps
        if length is None:
            raise InputError(
                "max_steps: expected a number, because events of this model end at a symbol"
            )
        with torch.no_grad():
            walker = Walker(self, batch_size, length, context, order)
            for values in self.check_prefix(prefix, batch_size, length, order):
                walker.advance(values)
        return walker

    def walk(
        self,
        choose: Callable[[Step], Tensor],
        batch_size: int,
        context: Tensor | None = None,
        order: Tensor | None = None,
        max_steps: int | None = None,
    ) -> Tensor:
        """(step -> (B,) values), B -> (B, *event): one walk; drawing and coding are this."""
        walker = self.begin(batch_size, context, order, max_steps=max_steps)
        while not walker.done:
            walker.advance(choose(walker.step))
        return walker.event()

    def dims(self, batch_size: int, length: int, order: Tensor | None = None) -> Tensor:
        """B, D -> (T,) or (B, T) int64: the flat event index visited at each step."""
        if order is None:
            return (
                self.ordering.order(length).to(self.device) if self._order is None else self._order
            )
        if not isinstance(self.network, AnyOrderNetwork):
            raise InputError(
                f"order: {type(self.network).__name__} has one order, its own; expected None"
            )
        if order.shape not in ((length,), (batch_size, length)):
            raise InputError(
                f"order: expected shape ({length},) or ({batch_size}, {length}), "
                f"got {tuple(order.shape)}"
            )
        order = order.to(self.device)
        steps = torch.arange(length, device=self.device)
        if not bool((order.sort(dim=-1).values == steps).all()):
            raise InputError(f"order: expected a permutation of 0 … {length - 1} in every row")
        return order

    def check_prefix(
        self, prefix: Tensor | None, batch_size: int, length: int, order: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """(B, t) in step order or None -> t times (B,); a clear error when it does not fit."""
        if prefix is None:
            return ()
        if prefix.dim() != 2 or prefix.shape[0] != batch_size or prefix.shape[1] > length:
            raise InputError(
                f"prefix: expected shape ({batch_size}, t) with t ≤ {length}, "
                f"got {tuple(prefix.shape)}"
            )
        prefix = prefix.to(self.device)
        family = self.conditional.at(self.dims(batch_size, length, order)[..., : prefix.shape[1]])
        if not bool(family.contains(prefix).all()):
            raise InputError(f"prefix: a value lies outside the support of {self.conditional}")
        return prefix.unbind(dim=1)

    def order_argument(self, dims: Tensor) -> dict[str, Tensor]:
        """(T,) or (B, T) -> the keyword an any-order network takes; nothing for the others."""
        return {"order": dims} if isinstance(self.network, AnyOrderNetwork) else {}

    def check_context(self, context: Tensor | None, batch_size: int) -> Tensor | None:
        """(B, C) or None -> the same in the model's dtype; a clear error when it does not fit."""
        check_context(context, batch_size, self.context_size)
        if context is None:
            return None
        return context.to(device=self.device, dtype=self.dtype)

    def _steps(
        self, x: Tensor, order: Tensor | None, observed: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """… -> values (B, T) in step order, which of them count (None: all), `dims`."""
        values = self._flat(x)
        known = None if self.ordering.end is None else self.ordering.valid(values)
        if observed is not None:
            check_observed(observed, x)
            seen = observed.to(device=self.device, dtype=torch.bool).reshape(values.shape)
            known = seen if known is None else known & seen
        if known is not None:
            # Unknown entries may be anything, NaN included: replace them before any is read.
            values = torch.where(known, values, torch.zeros_like(values))
        dims = self.dims(values.shape[0], values.shape[1], order)
        in_order = self._keeps_order(dims)
        check_support(self.conditional, values, self._family(dims) if in_order else None)
        steps = self._along(values, dims)
        if known is None:
            return steps, None, dims
        known = self._along(known, dims)
        if observed is not None and bool((known[:, 1:] & ~known[:, :-1]).any()):
            raise InputError(
                "observed: every observed scalar must come before every unobserved one in the "
                "order, but one comes after; use an any-order network with an observed-first order"
            )
        return steps, known, dims

    def _terms(
        self, steps: Tensor, known: Tensor | None, context: Tensor | None, dims: Tensor
    ) -> Tensor:
        """What `_steps` returns -> (B, T): every term, in step order."""
        params = self._params(steps, context, dims)
        terms = self._family(dims).log_prob(params, steps)
        return terms if known is None else torch.where(known, terms, 0.0)

    def _along(self, values: Tensor, dims: Tensor) -> Tensor:
        """(B, D, …) in event order -> (B, T, …) in step order."""
        return values if self._keeps_order(dims) else take(values, dims)

    def _back(self, values: Tensor, dims: Tensor) -> Tensor:
        """(B, T, …) in step order -> (B, D, …) in event order."""
        return values if self._keeps_order(dims) else take(values, dims.argsort(dim=-1))

    def _keeps_order(self, dims: Tensor) -> bool:
        return dims is self._order and self._is_in_order

    def _family(self, dims: Tensor) -> Conditional:
        """(T,) or (B, T) -> the family of those columns: that of the model's own order is kept."""
        known, conditional = self._known_family, self.conditional
        if known is not None and known[0] is conditional and known[1] is dims:
            return known[2]
        family = conditional.at(dims)
        if dims is self._order:
            self._known_family = (conditional, dims, family)
        return family

    def _params(self, steps: Tensor, context: Tensor | None, dims: Tensor) -> Tensor:
        return self.network(
            self._family(dims).features(steps).to(self.dtype),
            self.check_context(context, steps.shape[0]),
            **self.order_argument(dims),
        )

    def _flat(self, x: Tensor) -> Tensor:
        if self.ordering.num_steps is None:
            if x.dim() != 2:
                raise InputError(f"x: expected shape (B, length), got {tuple(x.shape)}")
        else:
            check_shape(x, self.event_shape)
        return x.to(self.device).reshape(x.shape[0], math.prod(x.shape[1:]))


def _check_fit(ordering: Ordering, network: CausalNetwork, conditional: Conditional) -> None:
    spec = network.spec
    for name, of_network, of_other in (
        ("num_steps", spec.num_steps, ordering.num_steps),
        ("num_features", spec.num_features, conditional.num_features),
        ("num_params", spec.num_params, conditional.num_params),
    ):
        if of_network != of_other:
            raise InputError(
                f"network: it was built for {name} = {of_network}, but the "
                f"{'ordering' if name == 'num_steps' else 'conditional'} has {of_other}"
            )
    end, symbols = ordering.end, conditional.num_symbols
    if end is not None and not (symbols is not None and 0 <= end < symbols):
        raise InputError(
            f"ordering: expected an end symbol that {conditional} can draw, got {end}; "
            "no event of this model would ever end"
        )
