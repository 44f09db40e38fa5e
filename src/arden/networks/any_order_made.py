"""MADE that is told the order: masks computed from it, one order per row."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from arden.core.network import AnyOrderNetwork, HiddenNetwork, NetworkSpec, State, take
from arden.errors import InputError
from arden.layers.activation import activation
from arden.layers.by_variable import by_variable
from arden.layers.degrees import even_degrees, reached
from arden.layers.masked_linear import MaskedLinear
from arden.networks._size import check_size
from arden.networks.options.feedforward import AnyOrderMADEOptions

__all__ = ["AnyOrderMADE", "AnyOrderMADEOptions"]

_NUMBERS_AT_ONCE = 2**24
"""Masked values of a chunk of rows that each have an order of their own: 64 MB of float32."""


class AnyOrderMADE(AnyOrderNetwork, HiddenNetwork):
    """A hidden unit of degree d sees the d variables that come first, whichever they are.

    Units keep their degrees, 1 … T − 1 spread evenly; a variable's degree is its place in the row's
    order. First layer, outputs and direct connections are masked by comparing the two, anew for
    every order; layers between hidden units have fixed masks. Each connection has a second weight
    that says *that* a variable is seen, so that a zero is not taken for nothing. Rows that share
    one order cost what a dense pass with masked weights costs. Of rows with orders of their own the
    values are masked instead, H of them for every variable: as many products, more memory. `step`
    computes each unit once, when its last variable arrives. (Germain, Gregor, Murray, Larochelle,
    "MADE: Masked autoencoder for distribution estimation", 2015: its order-agnostic training, with
    connections told the masks.)
    """

    direct: nn.Parameter | None

    def __init__(self, spec: NetworkSpec, options: AnyOrderMADEOptions) -> None:
        super().__init__(spec, options)
        if spec.num_steps is None:
            raise InputError("network: any-order MADE needs events of one fixed length")
        if not options.hidden or any(width < 1 for width in options.hidden):
            raise InputError(
                f"hidden: expected one layer or more, each of at least 1 unit, got {options.hidden}"
            )
        steps, params = spec.num_steps, spec.num_params
        # A value, and a one that says that it is seen; a single variable is seen by nobody.
        shown = spec.num_features + 1
        inputs = steps if steps > 1 else 0
        first, last = options.hidden[0], options.hidden[-1]
        of_direct = steps * params * inputs * shown if options.direct else 0
        check_size(
            first * inputs * shown + steps * params * last + of_direct,
            f"any-order MADE over {steps} variables with {spec.num_features} features and {params} "
            "parameters each",
        )
        self.activation = activation(options.activation)
        self.degrees = [even_degrees(width, steps) for width in options.hidden]
        self.inputs = nn.Parameter(torch.empty(first, inputs, shown))
        self.hidden_bias = nn.Parameter(torch.zeros(first))
        self.layers = nn.ModuleList(
            MaskedLinear(above[:, None] >= below[None, :])
            for below, above in zip(self.degrees, self.degrees[1:], strict=False)
        )
        self.outputs = nn.Parameter(torch.empty(steps, params, last if inputs else 0))
        self.output_bias = nn.Parameter(torch.zeros(steps, params))
        # A unit sees half of the variables on the average, an output half of the units.
        nn.init.uniform_(self.inputs, -1, 1).data.mul_((steps * shown / 2) ** -0.5)
        nn.init.uniform_(self.outputs, -1, 1).data.mul_((last / 2) ** -0.5)
        if options.direct:
            self.direct = nn.Parameter(torch.empty(steps, params, inputs, shown))
            nn.init.uniform_(self.direct, -1, 1).data.mul_((steps * shown / 2) ** -0.5)
            own = torch.eye(steps, inputs, dtype=torch.bool)[:, None, :, None]
            self.register_buffer("direct_mask", ~own.expand_as(self.direct), persistent=False)
            with torch.no_grad():
                self.direct.mul_(~own)
        else:
            self.register_parameter("direct", None)
        if spec.num_symbols is None:
            nn.init.normal_(self.output_bias, std=0.5)  # components of a mixture must differ
        sizes = [*options.hidden, steps * params] if spec.context_size else []
        self.contexts = nn.ModuleList(
            nn.Linear(spec.context_size, size, bias=False) for size in sizes
        )

    def forward(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, T, P), all in step order, in one pass.

        Rows with orders of their own are taken in chunks, so that without gradients memory stays
        flat.
        """
        order = self._order(order)
        if order.dim() == 1:
            return self._all_steps(features, context, order)
        shown = 0 if self.direct is None else self.inputs[0].numel()
        values = self._shape[0] * max(*self.options.hidden, shown)
        rows = max(1, _NUMBERS_AT_ONCE // values)
        chunks = [
            self._all_steps(
                features[at : at + rows],
                None if context is None else context[at : at + rows],
                order[at : at + rows],
            )
            for at in range(0, len(features), rows)
        ]
        return torch.cat(chunks) if chunks else features.new_zeros(0, *self._shape)

    def hidden_units(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, 1, H): units that each see their part.

        Those that see most have seen all but the last value of the order.
        """
        _, there, shown = self._places(features, self._order(order))
        return self._last_layer(shown, there, context)[:, None]

    def start(
        self, batch_size: int, context: Tensor | None = None, order: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """B, (B, C), (T,) or (B, T) -> (B, P) of step 0, and the state.

        That is: (what is shown in the variables' places, units, biases, order, t).
        """
        like = self.output_bias
        order = self._order(order).expand(batch_size, -1)
        shown = like.new_zeros(batch_size, *self.inputs.shape[1:])
        units = tuple(like.new_zeros(batch_size, width) for width in self.options.hidden)
        biases = tuple(bias.expand(batch_size, -1) for bias in self._biases(context))
        state = (shown, units, biases, order, 0)
        return self._params(state), state

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): computes the units whose last variable has just arrived."""
        shown, units, biases, order, position = state
        rows = torch.arange(len(shown), device=shown.device)
        shown[rows, order[:, position]] = _with_one(feature)
        position += 1
        layers = cast(list[MaskedLinear], list(self.layers))
        below = shown.flatten(1)
        for depth, (degrees, values, bias) in enumerate(
            zip(self.degrees, units, biases[:-1], strict=True)
        ):
            ready = (degrees == position).nonzero()[:, 0].to(values.device)
            if ready.numel():
                weight = layers[depth - 1].rows(ready) if depth else self.inputs[ready].flatten(1)
                values[:, ready] = self.activation(bias[:, ready] + below @ weight.T)
            below = values
        state = (shown, units, biases, order, position)
        return self._params(state), state

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the degrees let through; all before it with direct connections."""
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        return before if self.options.direct else before & reached(self.degrees, num_steps)

    def _all_steps(self, features: Tensor, context: Tensor | None, order: Tensor) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, T, P).

        Weights belong to variables, so that products with them are done in the variables' order.
        """
        place, there, shown = self._places(features, order)
        hidden, biases = self._last_layer(shown, there, context), self._biases(context)
        total = biases[-1].reshape(-1, *self._shape)
        if self.outputs.numel():
            sees = self.degrees[-1].to(place.device) <= place[..., :, None]
            total = total + _of_each(hidden, self.outputs, sees)
            if self.direct is not None:
                sees = there[..., None, :] < place[..., :, None]
                sees = sees.repeat_interleave(shown.shape[-1], dim=-1)
                total = total + _of_each(shown.flatten(1), self.direct.flatten(2), sees)
        return take(total.expand(len(features), -1, -1), order)

    def _places(self, features: Tensor, order: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """-> the place of every variable counted from 0, of those seen by any, what these show."""
        seen = self.inputs.shape[1]
        place = order.argsort(dim=-1)
        return place, place[..., :seen], _with_one(take(features, place))[:, :seen]

    def _last_layer(self, shown: Tensor, there: Tensor, context: Tensor | None) -> Tensor:
        """(B, I, F + 1), the places of their variables, (B, C) -> (B, H)."""
        biases = self._biases(context)
        sees = self.degrees[0].to(there.device)[:, None] > there[..., None, :]
        hidden = self.activation(_of_seen(shown, self.inputs, sees) + biases[0])
        for layer, bias in zip(self.layers, biases[1:-1], strict=True):
            hidden = self.activation(
                linear(hidden, cast(MaskedLinear, layer).masked_weight()) + bias
            )
        return hidden

    def _params(self, state: State) -> Tensor:
        """The outputs of the variable that every row asks for: what is not yet seen is zero."""
        shown, units, biases, order, position = state
        asked = order[:, position]
        rows = torch.arange(len(asked), device=asked.device)
        total = biases[-1].reshape(-1, *self._shape)[rows, asked]
        if self.outputs.numel():
            total = total + by_variable(units[-1], self.outputs, asked)
            if self.direct is not None:
                total = total + by_variable(shown.flatten(1), self.direct.flatten(2), asked)
        return total

    @property
    def _shape(self) -> tuple[int, int]:
        steps, params = self.output_bias.shape
        return steps, params

    def _biases(self, context: Tensor | None) -> list[Tensor]:
        """(B, C) -> of every hidden layer and of the outputs, one each or one for every row."""
        deeper = (cast(MaskedLinear, layer).bias for layer in self.layers)
        biases: list[Tensor] = [self.hidden_bias, *deeper, self.output_bias.flatten()]
        if context is None:
            return biases
        return [bias + shift(context) for bias, shift in zip(biases, self.contexts, strict=True)]

    def _order(self, order: Tensor | None) -> Tensor:
        if order is not None:
            return order
        return torch.arange(self.spec.num_steps or 0, device=self.output_bias.device)


def _with_one(features: Tensor) -> Tensor:
    """(…, F) -> (…, F + 1): a one beside every value says that it is seen."""
    return torch.cat([features, torch.ones_like(features[..., :1])], dim=-1)


def _of_seen(x: Tensor, weight: Tensor, sees: Tensor) -> Tensor:
    """(B, I, F), (O, I, F), (O, I) or (B, O, I) bool -> (B, O): W x where it sees."""
    if sees.dim() == 2:
        return linear(x.flatten(1), (weight * sees[..., None]).flatten(1))
    by_variable = torch.einsum("bif,oif->bio", x, weight)
    return torch.where(sees.mT, by_variable, 0).sum(dim=1)


def _of_each(x: Tensor, weight: Tensor, sees: Tensor) -> Tensor:
    """(B, I), (T, P, I), (T, I) or (B, T, I) bool -> (B, T, P): of every variable W x where it
    sees."""
    if sees.dim() == 2:
        masked = weight * sees[:, None]
        return linear(x, masked.flatten(0, 1)).unflatten(1, weight.shape[:2])
    return torch.einsum("bti,tpi->btp", x[:, None] * sees, weight)
