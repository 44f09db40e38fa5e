"""NADE: one hidden layer shared by all conditionals, its sum carried from step to step."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from arden.core.dispatch import FORWARD_KERNELS
from arden.core.network import NetworkSpec, State
from arden.networks._hidden_layer import HiddenLayerNetwork
from arden.networks.options.feedforward import NADEOptions

__all__ = ["NADE", "NADEOptions"]

_STEPS = 32
"""Steps whose hidden units are in memory together: near √T, where units and sums kept balance."""


class NADE(HiddenLayerNetwork):
    """h_i = σ(W_{·,<i} x_<i + c), params_i = V_i h_i + b_i: O(nH) for likelihood and sampling.

    The running sum a_i = c + W_{·,<i} x_<i grows by one column a step and is never recomputed.
    One-hot features give categorical NADE, K-component parameters real-valued NADE. (Larochelle,
    Murray, "The neural autoregressive distribution estimator", 2011.)
    """

    def __init__(self, spec: NetworkSpec, options: NADEOptions) -> None:
        steps, features = self.check(spec, options.hidden, "NADE")
        # The last variable is seen by nobody: it has no column.
        super().__init__(spec, options, (steps - 1, features), (options.hidden,))
        # A unit sums over up to T − 1 inputs.
        self.inputs.data.mul_((steps * features) ** -0.5)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        hidden_bias, output_bias = self.biases(features.shape[0], context)
        kernel = FORWARD_KERNELS.get((type(self).__name__, features.device.type))
        if kernel is not None:
            logits = kernel(self, features, hidden_bias)
            if logits is not None:
                return logits + output_bias
        return self._params(features, hidden_bias) + output_bias

    def sums(self, features: Tensor, hidden_bias: Tensor) -> Tensor:
        """(B, T, F), (B, H) -> (B, T, H): the running sum before every step."""
        sums, told = hidden_bias, []
        shown = features[:, :-1].split(_STEPS, dim=1)
        for piece in zip(shown, self.inputs.split(_STEPS), strict=True):
            running = _running(sums, *piece)
            told.append(running[:, :-1])
            sums = running[:, -1]
        return torch.cat([*told, sums[:, None]], dim=1)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (running sum, output biases, t)."""
        sums, output_bias = self.biases(batch_size, context)
        sums = sums.clone()  # the state's own, to be added to in place
        return self.params_at(sums, output_bias, 0), (sums, output_bias, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P): add one column to the running sum."""
        sums, output_bias, position = state
        sums.addmm_(feature, self.inputs[position])
        position += 1
        return self.params_at(sums, output_bias, position), (sums, output_bias, position)

    def _params(self, features: Tensor, hidden_bias: Tensor) -> Tensor:
        """(B, T, F), (B, H) -> (B, T, P) without the output biases, a piece of steps at a time.

        No (B, T, H) array is made: of every piece the running sum before it is kept, and the units
        are computed again where the backward pass needs them.
        """
        # Splits, not slices: the gradient of each slice would be as large as the whole.
        inputs = [*self.inputs.split(_STEPS), self.inputs[:0]]
        outputs, shown = self.outputs.split(_STEPS), features.split(_STEPS, dim=1)
        sums, params = hidden_bias, []
        again = torch.is_grad_enabled() and len(outputs) > 1
        for piece in zip(shown, inputs, outputs, strict=False):
            if again:
                told, sums = checkpoint(
                    self._piece, sums, *piece, use_reentrant=False, preserve_rng_state=False
                )
            else:
                told, sums = self._piece(sums, *piece)
            params.append(told)
        return torch.cat(params, dim=1)

    def _piece(
        self, before: Tensor, features: Tensor, inputs: Tensor, outputs: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B, H), (B, t, F), (t or t − 1, F, H), (t, P, H) -> (B, t, P), (B, H) after the piece."""
        sums = _running(before, features[:, : len(inputs)], inputs)
        units = self.activation(sums[:, : len(outputs)])
        return torch.einsum("bth,tph->btp", units, outputs), sums[:, -1]


def _running(before: Tensor, features: Tensor, inputs: Tensor) -> Tensor:
    """(B, H), (B, t, F), (t, F, H) -> (B, t + 1, H): the running sum before every step, and after.

    Summed by a product with a triangle of ones: over so few steps it is faster than `cumsum` along
    an axis that is not the last, whose gradient also copies everything twice.
    """
    added = torch.einsum("btf,tfh->bth", features, inputs)
    triangle = added.new_ones(len(inputs) + 1, len(inputs)).tril(diagonal=-1)
    return before[:, None] + triangle @ added
