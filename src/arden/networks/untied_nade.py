"""Untied NADE: one small network for every conditional, none of whose weights are shared."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor

from arden.core.network import NetworkSpec, State
from arden.networks._hidden_layer import HiddenLayerNetwork
from arden.networks._size import check_size
from arden.networks.options.feedforward import UntiedNADEOptions

__all__ = ["UntiedNADE", "UntiedNADEOptions"]


class UntiedNADE(HiddenLayerNetwork):
    """h_i = σ(A_i x_<i + c_i), params_i = V_i h_i + b_i, with A_i and c_i of its own for every i.

    What NADE's tying saves: about n²H/2 weights here against nH there, and O(n²H) work for a
    likelihood against O(nH). The A_i stand under each other in one matrix without any gap, so that
    every stored weight is a free one. (Bengio, Bengio, "Modeling high-dimensional discrete data
    with multi-layer neural networks", 2000, is a close relative.)

    >>> from arden.networks.nade import NADE, NADEOptions
    >>> spec = NetworkSpec(num_steps=64, num_features=1, num_params=1)
    >>> NADE(spec, NADEOptions(hidden=16)).num_parameters()
    2112
    >>> UntiedNADE(spec, UntiedNADEOptions(hidden=16)).num_parameters()
    34368
    """

    def __init__(self, spec: NetworkSpec, options: UntiedNADEOptions) -> None:
        steps, features = self.check(spec, options.hidden, "untied NADE")
        self.rows = [features * step for step in range(1, steps)]  # of A_1, A_2 …; A_0 has none
        check_size(
            sum(self.rows) * options.hidden,
            f"untied NADE over {steps} variables with {features} features each and "
            f"{options.hidden} hidden units",
        )
        super().__init__(spec, options, (sum(self.rows),), (steps, options.hidden))
        self.first_rows = [0, *accumulate(self.rows)]
        fan_in = torch.tensor(self.rows, dtype=torch.float32)
        self.inputs.data.mul_(fan_in.rsqrt().repeat_interleave(fan_in.long())[:, None])

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P): one product a step, each with its own matrix."""
        hidden_bias, output_bias = self.biases(features.shape[0], context)
        return self.params(self.sums(features, hidden_bias), output_bias)

    def sums(self, features: Tensor, hidden_bias: Tensor) -> Tensor:
        """(B, T, F), (B, T, H) -> (B, T, H)."""
        if not self.rows:
            return hidden_bias
        flat = features.flatten(1)
        # Not slices: the gradient of each would be a matrix as large as the whole.
        pieces = self.inputs.split(self.rows)
        sums = [flat[:, : len(piece)] @ piece for piece in pieces]
        added = torch.stack([torch.zeros_like(sums[0]), *sums], dim=1)
        return hidden_bias + added

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (what was seen, both biases, t)."""
        hidden_bias, output_bias = self.biases(batch_size, context)
        seen = self.inputs.new_zeros(batch_size, sum(self.rows[-1:]))
        params = self.params_at(hidden_bias[:, 0], output_bias, 0)
        return params, (seen, hidden_bias, output_bias, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): one matrix times what was seen, O(tFH) for step t."""
        seen, hidden_bias, output_bias, position = state
        width = self.spec.num_features
        seen[:, position * width : (position + 1) * width] = feature
        own = self.inputs[self.first_rows[position] : self.first_rows[position + 1]]
        position += 1
        sums = hidden_bias[:, position] + seen[:, : position * width] @ own
        params = self.params_at(sums, output_bias, position)
        return params, (seen, hidden_bias, output_bias, position)
