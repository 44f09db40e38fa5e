"""MADE: masks make an autoencoder autoregressive."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from arden.core.network import HiddenNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.activation import activation
from arden.layers.degrees import even_degrees, reached
from arden.layers.masked_linear import MaskedLinear
from arden.networks._size import check_size
from arden.networks.options.feedforward import MADEOptions

__all__ = ["MADE", "MADEOptions"]


class MADE(HiddenNetwork):
    """All parameters in one pass; a sample costs no more multiplications than that one pass.

    Inputs have degrees 1 … n in step order. A hidden unit of degree d sees inputs and units of
    degree ≤ d, output i sees units of degree < i: no path leads from an input to its own output.
    `step` computes each hidden unit once, when its last input arrives.

    With ``masks`` > 1 the weights are stored whole and shared by that many random masks; this
    network is the member number ``mask``, and `members` are all of them. Train by resampling the
    member, evaluate their Mixture. (Germain, Gregor, Murray, Larochelle, "MADE: Masked autoencoder
    for distribution estimation", 2015.)
    """

    def __init__(self, spec: NetworkSpec, options: MADEOptions) -> None:
        super().__init__(spec, options)
        if spec.num_steps is None:
            raise InputError("network: MADE needs events of one fixed length")
        if any(width < 1 for width in options.hidden):
            raise InputError(f"hidden: expected widths of at least 1, got {options.hidden}")
        if options.masks < 1 or not 0 <= options.mask < options.masks:
            raise InputError(
                f"mask: expected 0 ≤ mask < masks, got mask {options.mask}, masks {options.masks}"
            )
        if not options.hidden and not options.direct:
            raise InputError("direct: expected true, because without hidden layers nothing is left")
        inputs_and_outputs = (spec.num_steps * spec.num_features, spec.num_steps * spec.num_params)
        widths = [inputs_and_outputs[0], *options.hidden, inputs_and_outputs[1]]
        check_size(
            sum(below * above for below, above in pairwise(widths))
            + (math.prod(inputs_and_outputs) if options.direct and options.hidden else 0),
            f"MADE over {spec.num_steps} variables with {spec.num_features} features and "
            f"{spec.num_params} parameters each",
        )
        self.activation = activation(options.activation)
        self.degrees = _degrees(spec.num_steps, options)
        shared = options.masks > 1
        # Units of a layer by degree, and where each degree begins: what `step` computes is a slice
        # that nobody has to look for, least of all on a GPU.
        self._begin: list[list[int]] = []
        for layer, own in enumerate(self.degrees):
            self.register_buffer(f"_by_degree_{layer}", own.argsort(stable=True), persistent=False)
            steps = torch.arange(spec.num_steps + 1)
            self._begin.append(torch.searchsorted(own.sort().values, steps).tolist())
        inputs = torch.arange(1, spec.num_steps + 1).repeat_interleave(spec.num_features)
        outputs = torch.arange(1, spec.num_steps + 1).repeat_interleave(spec.num_params)
        below = [inputs, *self.degrees]
        self.layers = nn.ModuleList(
            MaskedLinear(units[:, None] >= seen[None, :], shared=shared)
            for seen, units in zip(below, self.degrees, strict=False)
        )
        self.output = MaskedLinear(outputs[:, None] > below[-1][None, :], shared=shared)
        self.direct = None
        if options.direct and options.hidden:
            self.direct = MaskedLinear(
                outputs[:, None] > inputs[None, :], bias=False, shared=shared
            )
        if spec.num_symbols is None and self.output.bias is not None:
            nn.init.normal_(self.output.bias, std=0.5)  # components of a mixture must differ
        sizes = [*options.hidden, outputs.numel()]
        self.contexts = nn.ModuleList(
            nn.Linear(spec.context_size, size, bias=False) for size in sizes if spec.context_size
        )

    def members(self) -> list[MADE]:
        """() -> one network per mask, all holding these same weights."""
        members = []
        for index in range(self.options.masks):
            member = MADE(self.spec, replace(self.options, mask=index))
            for path, module in self.named_modules():
                own = member.get_submodule(path)
                for name, parameter in module.named_parameters(recurse=False):
                    setattr(own, name, parameter)
            members.append(member)
        return members

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P), in one pass."""
        batch_size, length, _ = features.shape
        x = features.flatten(1)
        total = self._shifted(self.output(self._last_layer(x, context)), -1, context)
        if self.direct is not None:
            total = total + self.direct(x)
        return total.reshape(batch_size, length, self.spec.num_params)

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, 1, H): the last hidden layer, whose units each see their part.

        Raises:
            InputError: no hidden layer.
        """
        if not self.options.hidden:
            raise InputError("hidden: this MADE has no hidden layer to read features from")
        return self._last_layer(features.flatten(1), context)[:, None]

    def _last_layer(self, x: Tensor, context: Tensor | None) -> Tensor:
        """(B, T·F), (B, C) -> (B, H); without hidden layers the inputs themselves."""
        for index, layer in enumerate(self.layers):
            x = self.activation(self._shifted(layer(x), index, context))
        return x

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (inputs, units, first terms, t)."""
        shifts = self._shifts(context)
        weight = self.output.weight
        inputs = weight.new_zeros(batch_size, self._width_of_inputs)
        units = tuple(weight.new_zeros(batch_size, width) for width in self.options.hidden)
        biases = tuple(
            (layer.bias + shift).expand(batch_size, -1)
            for layer, shift in zip([*self.layers, self.output], shifts, strict=True)
        )
        state = (inputs, units, biases, 0)
        # Nobody below degree 1 exists, so the first step sees its own bias alone.
        return self._params(state), state

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): computes the units whose last input has just arrived."""
        inputs, units, biases, position = state
        width = self.spec.num_features
        inputs[:, position * width : (position + 1) * width] = feature
        position += 1
        below = inputs[:, : position * width]
        layers = cast(list[MaskedLinear], list(self.layers))
        for index, (layer, values, bias) in enumerate(zip(layers, units, biases, strict=False)):
            begin, end = self._begin[index][position : position + 2]
            if begin < end:
                ready = self.get_buffer(f"_by_degree_{index}")[begin:end]
                seen = below.shape[1]
                total = bias[:, ready] + below @ layer.rows(ready)[:, :seen].T
                values[:, ready] = self.activation(total)
            below = values
        state = (inputs, units, biases, position)
        return self._params(state), state

    @property
    def _width_of_inputs(self) -> int:
        return (self.spec.num_steps or 0) * self.spec.num_features

    def _params(self, state: State) -> Tensor:
        inputs, units, biases, position = state
        here = slice(position * self.spec.num_params, (position + 1) * self.spec.num_params)
        seen = position * self.spec.num_features
        below = units[-1] if units else inputs[:, :seen]
        total = biases[-1][:, here] + below @ self.output.rows(here)[:, : below.shape[1]].T
        if self.direct is not None:
            total = total + inputs[:, :seen] @ self.direct.rows(here)[:, :seen].T
        return total

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the degrees let through; all before it with direct connections.

        Without them an output can only see what some chain of units, one per layer, carries to it.
        """
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        if self.options.direct or not self.options.hidden:
            return before
        return before & reached(self.degrees, num_steps)

    def _shifted(self, sums: Tensor, layer: int, context: Tensor | None) -> Tensor:
        return sums if context is None else sums + self.contexts[layer](context)

    def _shifts(self, context: Tensor | None) -> list[Tensor]:
        """What the context adds to every layer."""
        if context is None:
            return [self.output.weight.new_zeros(())] * (len(self.layers) + 1)
        return [module(context) for module in self.contexts]


def _degrees(num_steps: int, options: MADEOptions) -> list[Tensor]:
    """For each hidden layer the degrees of its units, 1 … n − 1; a random layer never falls below
    the least degree of the layer before it, so that no unit is left without inputs."""
    most = max(num_steps - 1, 1)
    if options.degrees == "natural" and options.masks == 1:
        return [even_degrees(width, num_steps) for width in options.hidden]
    # Python promises that random() gives the same sequence in every version; torch does not.
    generator = random.Random(options.seed * 1_000_003 + options.mask)
    degrees: list[Tensor] = []
    least = 1
    for width in options.hidden:
        drawn = [least + int(generator.random() * (most - least + 1)) for _ in range(width)]
        degrees.append(torch.tensor(drawn))
        least = min(drawn)
    return degrees
