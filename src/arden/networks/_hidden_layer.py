"""What tied and untied NADE have in common: one hidden layer, read by every step's own outputs."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from arden.core.network import HiddenNetwork, NetworkSpec
from arden.errors import InputError
from arden.layers.activation import activation
from arden.networks._size import check_size

__all__ = ["HiddenLayerNetwork"]


class HiddenLayerNetwork(HiddenNetwork):
    """params_i = V_i h_i + b_i, h_i = σ(a_i): a subclass says what the sums a_i are made of.

    Its features are the units of the last step, which has seen most.

    ``inputs`` is the shape of the weights that make them, ``biases`` that of what they start from:
    (H,) for one shared by all steps, (T, H) for one each. A context shifts both layers.
    """

    pooling = "last"

    def __init__(
        self, spec: NetworkSpec, options: Any, inputs: tuple[int, ...], biases: tuple[int, ...]
    ) -> None:
        super().__init__(spec, options)
        assert spec.num_steps is not None
        steps, params, hidden = spec.num_steps, spec.num_params, options.hidden
        check_size(
            (math.prod(inputs) + steps * params) * hidden,
            f"a hidden layer of {hidden} units over {steps} variables with {spec.num_features} "
            f"features and {params} parameters each",
        )
        self.activation = activation(options.activation)
        self.inputs = nn.Parameter(torch.empty(*inputs, hidden))
        self.hidden_bias = nn.Parameter(torch.zeros(biases))
        self.outputs = nn.Parameter(torch.empty(steps, params, hidden))
        self.output_bias = nn.Parameter(torch.zeros(steps, params))
        nn.init.uniform_(self.inputs, -1, 1)  # a subclass knows over how many a unit sums
        nn.init.uniform_(self.outputs, -1, 1).data.mul_(hidden**-0.5)
        self.hidden_context = self.output_context = None
        if spec.context_size:
            size = self.hidden_bias.numel()
            self.hidden_context = nn.Linear(spec.context_size, size, bias=False)
            self.output_context = nn.Linear(spec.context_size, steps * params, bias=False)

    @staticmethod
    def check(spec: NetworkSpec, hidden: int, name: str) -> tuple[int, int]:
        """The task, H, whose it is -> (T, F), which a hidden layer of fixed length needs.

        Raises:
            InputError: events of any length, or no hidden unit.
        """
        if spec.num_steps is None:
            raise InputError(f"network: {name} needs events of one fixed length")
        if hidden < 1:
            raise InputError(f"hidden: expected at least 1, got {hidden}")
        return spec.num_steps, spec.num_features

    @abstractmethod
    def sums(self, features: Tensor, hidden_bias: Tensor) -> Tensor:
        """(B, T, F), (B, H) or (B, T, H) -> (B, T, H): the sums of every step."""

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, H)."""
        return self.activation(self.sums(features, self.biases(features.shape[0], context)[0]))

    def biases(self, batch_size: int, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """B, (B, C) -> (B, H) or (B, T, H), (B, T, P): what hidden units and outputs start from."""
        hidden = self.hidden_bias.expand(batch_size, *self.hidden_bias.shape)
        output = self.output_bias.expand(batch_size, -1, -1)
        if self.hidden_context is not None and self.output_context is not None:
            hidden = hidden + self.hidden_context(context).reshape(hidden.shape)
            output = output + self.output_context(context).reshape(output.shape)
        return hidden, output

    def params(self, sums: Tensor, output_bias: Tensor) -> Tensor:
        """(B, T, H), (B, T, P) -> (B, T, P): every step's outputs of its own hidden units."""
        return torch.einsum("bth,tph->btp", self.activation(sums), self.outputs) + output_bias

    def params_at(self, sums: Tensor, output_bias: Tensor, position: int) -> Tensor:
        """(B, H), (B, T, P), t -> (B, P): the outputs of step t alone."""
        return self.activation(sums) @ self.outputs[position].T + output_bias[:, position]
