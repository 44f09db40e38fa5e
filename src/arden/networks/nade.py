"""NADE: one hidden layer shared by all conditionals, its sum carried from step to step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.dispatch import FORWARD_KERNELS
from arden.core.network import CausalNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.activation import activation
from arden.networks.options.feedforward import NADEOptions

__all__ = ["NADE", "NADEOptions"]


class NADE(CausalNetwork):
    """h_i = σ(W_{·,<i} x_<i + c), params_i = V_i h_i + b_i: O(nH) for likelihood and sampling.

    The running sum a_i = c + W_{·,<i} x_<i grows by one column a step and is never recomputed.
    One-hot features give categorical NADE, K-component parameters real-valued NADE. (Larochelle,
    Murray, "The neural autoregressive distribution estimator", 2011.)
    """

    def __init__(self, spec: NetworkSpec, options: NADEOptions) -> None:
        super().__init__(spec, options)
        if spec.num_steps is None:
            raise InputError("network: NADE needs events of one fixed length")
        if options.hidden < 1:
            raise InputError(f"hidden: expected at least 1, got {options.hidden}")
        steps, features, params = spec.num_steps, spec.num_features, spec.num_params
        self.activation = activation(options.activation)
        # The last variable is seen by nobody: it has no column.
        self.inputs = nn.Parameter(torch.empty(steps - 1, features, options.hidden))
        self.hidden_bias = nn.Parameter(torch.zeros(options.hidden))
        self.outputs = nn.Parameter(torch.empty(steps, params, options.hidden))
        self.output_bias = nn.Parameter(torch.zeros(steps, params))
        # A unit sums over up to T − 1 inputs, and an output over H units.
        nn.init.uniform_(self.inputs, -1, 1).data.mul_((steps * features) ** -0.5)
        nn.init.uniform_(self.outputs, -1, 1).data.mul_(options.hidden**-0.5)
        self.hidden_context = self.output_context = None
        if spec.context_size:
            self.hidden_context = nn.Linear(spec.context_size, options.hidden, bias=False)
            self.output_context = nn.Linear(spec.context_size, steps * params, bias=False)

    def biases(self, batch_size: int, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """B, (B, C) -> (B, H) and (B, T, P): what hidden units and outputs start from."""
        hidden = self.hidden_bias.expand(batch_size, -1)
        output = self.output_bias.expand(batch_size, -1, -1)
        if self.hidden_context is not None and self.output_context is not None:
            hidden = hidden + self.hidden_context(context)
            output = output + self.output_context(context).reshape(output.shape)
        return hidden, output

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        hidden_bias, output_bias = self.biases(features.shape[0], context)
        kernel = FORWARD_KERNELS.get((type(self).__name__, features.device.type))
        if kernel is not None:
            logits = kernel(self, features, hidden_bias)
            if logits is not None:
                return logits + output_bias
        added = torch.einsum("btf,tfh->bth", features[:, :-1], self.inputs)
        sums = torch.cat([hidden_bias[:, None], added], dim=1).cumsum(dim=1)
        return torch.einsum("bth,tph->btp", self.activation(sums), self.outputs) + output_bias

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (running sum, output biases, t)."""
        sums, output_bias = self.biases(batch_size, context)
        return self._params(sums, output_bias, 0), (sums, output_bias, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): add one column to the running sum."""
        sums, output_bias, position = state
        sums = sums + feature @ self.inputs[position]
        position += 1
        return self._params(sums, output_bias, position), (sums, output_bias, position)

    def _params(self, sums: Tensor, output_bias: Tensor, position: int) -> Tensor:
        return self.activation(sums) @ self.outputs[position].T + output_bias[:, position]
