"""Fully visible sigmoid belief net: one logistic regression per variable."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.network import CausalNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.masked_linear import MaskedLinear
from arden.networks._size import check_size
from arden.networks.options.feedforward import FVSBNOptions

__all__ = ["FVSBN", "FVSBNOptions"]

_BLOCK = 32
"""Steps to which what was seen before is added by one product: many rows read the matrix once."""


class FVSBN(CausalNetwork):
    """params_i = b_i + Σ_{j<i} α_ij x_j: the first conditional is a table, the rest are logistic.

    All α are one strictly triangular matrix, so the likelihood is one product; n(n + 1)/2
    parameters for bits. Softmax regression for K symbols, linear regression for densities. With
    ``memory`` the matrix is a band. (Neal, "Connectionist learning of belief networks", 1992;
    Frey, Hinton, Dayan, "Does the wake-sleep algorithm produce good density estimators?", 1996.)
    """

    def __init__(self, spec: NetworkSpec, options: FVSBNOptions) -> None:
        super().__init__(spec, options)
        if spec.num_steps is None:
            raise InputError("network: FVSBN needs events of one fixed length")
        if options.memory is not None and options.memory < 0:
            raise InputError(f"memory: expected a number ≥ 0, got {options.memory}")
        steps, features, params = spec.num_steps, spec.num_features, spec.num_params
        weights = steps**2 * features * params
        check_size(
            weights,
            f"FVSBN over {steps} variables with {features} features and {params} parameters each",
        )
        mask = self.promised(steps).repeat_interleave(params, 0).repeat_interleave(features, 1)
        self.linear = MaskedLinear(mask)
        with torch.no_grad():
            self.linear.weight.mul_(0.1)
        if spec.num_symbols is None:
            nn.init.normal_(self.linear.bias, std=0.5)  # components of a mixture must differ
        self.context = (
            nn.Linear(spec.context_size, steps * params, bias=False) if spec.context_size else None
        )

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P), by one triangular product."""
        batch_size, length, _ = features.shape
        total = self.linear(features.flatten(1))
        if self.context is not None:
            total = total + self.context(context)
        return total.reshape(batch_size, length, self.spec.num_params)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state.

        That is: (what was seen, all first terms, those of the block begun, t).
        """
        bias = self.linear.bias.expand(batch_size, -1)
        if self.context is not None:
            bias = bias + self.context(context)
        seen = bias.new_zeros(batch_size, self.linear.weight.shape[1])
        block = bias[:, : _BLOCK * self.spec.num_params]
        return bias[:, : self.spec.num_params], (seen, bias, block, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): one row of the matrix times what was seen since its block began.

        What was seen before is added to all steps of a block at once, by one product.
        """
        seen, bias, block, position = state
        features, params = self.spec.num_features, self.spec.num_params
        seen[:, position * features : (position + 1) * features] = feature
        position += 1
        begin = position - position % _BLOCK
        if position == begin:
            here = slice(begin * params, (begin + _BLOCK) * params)
            past = slice(0, begin * features)
            block = bias[:, here] + seen[:, past] @ self.linear.rows(here)[:, past].T
        here = slice(position * params, (position + 1) * params)
        past = slice(begin * features, position * features)
        own = slice((position - begin) * params, (position - begin + 1) * params)
        total = block[:, own] + seen[:, past] @ self.linear.rows(here)[:, past].T
        return total, (seen, bias, block, position)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: all before, or the last ``memory``."""
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        return before if self.options.memory is None else before.triu(-self.options.memory)
