"""Deep orderless NADE: a perceptron told which variables it sees, for every order at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from arden.core.network import HiddenNetwork, NetworkSpec, OrderlessNetwork, State, take
from arden.errors import InputError
from arden.layers.activation import activation
from arden.layers.by_variable import by_variable
from arden.networks._size import check_size
from arden.networks.options.feedforward import OrderlessNADEOptions

__all__ = ["OrderlessNADE", "OrderlessNADEOptions"]

_NUMBERS_AT_ONCE = 2**22
"""Hidden units of one layer, over all rows and steps of a chunk: 16 MB of float32."""


class OrderlessNADE(OrderlessNetwork, HiddenNetwork):
    """h¹ = g(c + Σ_{j seen} (W_j x_j + m_j)), more layers above it, params_i = V_i h + b_i.

    m_j says *that* variable j is seen, W_j x_j what it is; what is not seen adds nothing. Given one
    set of seen variables, one pass tells of all others; an order is T such sets, each with one
    variable more, so that h¹ is a running sum and only the layers above it are computed anew for
    every step: O(T H²) a row, where NADE of one order needs O(T H). (Uria, Murray, Larochelle, "A
    deep and tractable density estimator", 2014.)
    """

    def __init__(self, spec: NetworkSpec, options: OrderlessNADEOptions) -> None:
        super().__init__(spec, options)
        if spec.num_steps is None:
            raise InputError("network: orderless NADE needs events of one fixed length")
        if not options.hidden or any(width < 1 for width in options.hidden):
            raise InputError(
                f"hidden: expected one layer or more, each of at least 1 unit, got {options.hidden}"
            )
        steps, features, params = spec.num_steps, spec.num_features, spec.num_params
        first, last = options.hidden[0], options.hidden[-1]
        check_size(
            steps * ((features + 1) * first + params * last),
            f"orderless NADE over {steps} variables with {features} features and {params} "
            "parameters each",
        )
        self.activation = activation(options.activation)
        # A single variable is seen by nobody: it has no weights.
        inputs = steps if steps > 1 else 0
        self.inputs = nn.Parameter(torch.empty(inputs, features, first))
        self.seen = nn.Parameter(torch.empty(inputs, first))
        self.hidden_bias = nn.Parameter(torch.zeros(first))
        self.layers = nn.ModuleList(
            nn.Linear(below, above)
            for below, above in zip(options.hidden, options.hidden[1:], strict=False)
        )
        self.outputs = nn.Parameter(torch.empty(steps, params, last))
        self.output_bias = nn.Parameter(torch.zeros(steps, params))
        # A unit sums over up to T − 1 inputs, and an output over H units.
        for weight in (self.inputs, self.seen):
            nn.init.uniform_(weight, -1, 1).data.mul_((steps * (features + 1)) ** -0.5)
        nn.init.uniform_(self.outputs, -1, 1).data.mul_(last**-0.5)
        if spec.num_symbols is None:
            nn.init.normal_(self.output_bias, std=0.5)  # components of a mixture must differ
        self.context: nn.Linear | None = None
        if spec.context_size:
            self.context = nn.Linear(spec.context_size, first, bias=False)

    def given(self, features: Tensor, seen: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, F), (B, D) bool, (B, C) -> (B, D, P): of every variable given the seen."""
        seen = seen[:, : len(self.inputs)]
        shown = torch.where(seen[..., None], features[:, : len(self.inputs)], 0.0)
        params = linear(self._units(shown, seen, context), self.outputs.flatten(0, 1))
        return params.reshape(-1, *self.output_bias.shape) + self.output_bias

    def forward(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, T, P), all in step order: T passes a row.

        Rows are taken in chunks, so that without gradients memory stays flat.
        """
        order = self._order(features.shape[0], order)
        nothing_seen = self._nothing_seen(features.shape[0], context)
        units = max(self.options.hidden) * features.shape[1]
        rows = max(1, _NUMBERS_AT_ONCE // units)
        chunks = zip(*(part.split(rows) for part in (features, nothing_seen, order)), strict=True)
        return torch.cat([self._all_steps(*chunk) for chunk in chunks])

    def hidden_units(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, 1, H): the units that have seen everything."""
        order = self._order(features.shape[0], order)
        shown = take(features, order.argsort(dim=1))[:, : len(self.inputs)]
        everything = torch.ones_like(shown[..., 0], dtype=torch.bool)
        return self._units(shown, everything, context)[:, None]

    def start(
        self, batch_size: int, context: Tensor | None = None, order: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """B, (B, C), (T,) or (B, T) -> (B, P) of step 0, and the state: (running sum, order, t)."""
        state = (self._nothing_seen(batch_size, context), self._order(batch_size, order), 0)
        return self._params(state), state

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): add what the new variable adds to the running sum."""
        sums, order, position = state
        new = order[:, position]
        sums = sums + by_variable(feature, self.inputs.transpose(1, 2), new) + self.seen[new]
        state = (sums, order, position + 1)
        return self._params(state), state

    def _units(self, shown: Tensor, seen: Tensor, context: Tensor | None) -> Tensor:
        """(B, D, F), zero where not seen, (B, D) bool, (B, C) -> (B, H): the last layer."""
        sums = self._nothing_seen(len(shown), context)
        sums = sums + shown.flatten(1) @ self.inputs.flatten(0, 1)
        return self._last_layer(sums + seen.to(self.seen.dtype) @ self.seen)

    def _all_steps(self, features: Tensor, nothing_seen: Tensor, order: Tensor) -> Tensor:
        """(B, T, F), (B, H), (B, T) -> (B, T, P).

        Weights belong to variables, so that products with them are done in the variables' order.
        """
        step_of = order.argsort(dim=1)
        shown = take(features, step_of)[:, : len(self.inputs)]
        added = torch.einsum("bdf,dfh->bdh", shown, self.inputs) + self.seen
        added = take(added, order[:, :-1])
        sums = torch.cat([nothing_seen[:, None], added], dim=1).cumsum(dim=1)
        hidden = take(self._last_layer(sums), step_of)
        return take(torch.einsum("bdh,dph->bdp", hidden, self.outputs) + self.output_bias, order)

    def _last_layer(self, sums: Tensor) -> Tensor:
        """(…, H) sums of the first layer -> (…, H) units of the last."""
        hidden = self.activation(sums)
        for layer in self.layers:
            hidden = self.activation(layer(hidden))
        return hidden

    def _params(self, state: State) -> Tensor:
        sums, order, position = state
        asked = order[:, position]
        return by_variable(self._last_layer(sums), self.outputs, asked) + self.output_bias[asked]

    def _nothing_seen(self, batch_size: int, context: Tensor | None) -> Tensor:
        """B, (B, C) -> (B, H): where the sums of the first layer begin."""
        bias = self.hidden_bias.expand(batch_size, -1)
        return bias if self.context is None else bias + self.context(context)

    def _order(self, batch_size: int, order: Tensor | None) -> Tensor:
        if order is None:
            order = torch.arange(self.spec.num_steps or 0, device=self.outputs.device)
        return order.expand(batch_size, -1)
