"""Training NADE over bits: ln p and all its gradients in one pass through every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import logsigmoid

from arden.core.network import CausalNetwork
from arden.kernels._activation import ACTIVATIONS
from arden.kernels._loops import changes
from arden.kernels._nade_gradients import gradients
from arden.kernels._scratch import padded, scratch
from arden.kernels._threads import run
from arden.kernels.nade import is_plain
from arden.networks.nade import NADE

__all__ = ["log_prob"]

_ROWS = 32
"""Rows that go side by side."""
_TILE = 4
"""Outputs whose weights and their gradients they use together."""
_PARTS = 2
"""Each part of the rows sums gradients of its own, so that as many threads are of use, whatever
their number is: the sums do not depend on it."""


def log_prob(network: CausalNetwork, bits: Tensor, context: Tensor | None) -> Tensor | None:
    """NADE, (B, T) bits in step order, (B, C) -> (B,) ln p, in nats; None for what it cannot do.

    Differentiable once. The gradients of the weights are computed on the way, for rows of equal
    weight, as the mean over a batch has them; for other weights the pass is done again. Hidden
    units change only where a bit is one, and nothing of the size (B, T, H) is made.
    """
    if not isinstance(network, NADE) or not torch.is_grad_enabled():
        return None
    if torch.is_autocast_enabled("cpu"):  # then the context's maps are of another precision
        return None
    hidden_bias, output_bias = network.biases(bits.shape[0], context)
    tensors = (hidden_bias, network.inputs, network.outputs, output_bias)
    features = bits[..., None].to(network.inputs.dtype)
    if not is_plain(network, features, tensors) or not any(t.requires_grad for t in tensors):
        return None
    kind = ACTIVATIONS[network.options.activation]
    return _LogProb.apply(features[..., 0], *tensors, kind)


class _LogProb(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        bits: Tensor,
        hidden_bias: Tensor,
        inputs: Tensor,
        outputs: Tensor,
        output_bias: Tensor,
        kind: int,
    ) -> Tensor:
        tensors = bits, hidden_bias, inputs, outputs, output_bias
        ctx.save_for_backward(*tensors)
        ctx.kind = kind
        logits, ctx.grads = _pass(tensors, kind, _weights_in_a_mean(bits))
        return logsigmoid(torch.where(bits > 0, logits, -logits)).sum(dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (each,) = grads
        known, ctx.grads = ctx.grads, None  # given away: what takes them may write into them
        if known is None or not torch.equal(each, _weights_in_a_mean(each)):
            _, known = _pass(ctx.saved_tensors, ctx.kind, each)
        to_hidden_bias, to_inputs, to_outputs, to_output_bias = known
        return None, to_hidden_bias, to_inputs, to_outputs, to_output_bias, None


def _weights_in_a_mean(rows: Tensor) -> Tensor:
    """(B, …) -> (B,): minus the weight of every row in the mean of a loss, the most likely one."""
    return rows.new_full((len(rows),), 1.0).div_(-len(rows))


def _pass(tensors: Sequence[Tensor], kind: int, each: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Bits and the four that make up the network, (B,) weights of the rows -> logits (B, T), and
    the gradients of the four."""
    bits, hidden_bias, inputs, outputs, output_bias = tensors
    batch_size, steps = bits.shape
    width = padded(outputs.shape[2])
    seen = changes(bits.contiguous().numpy())[:2]
    weights = tuple(
        tensor.detach().reshape(-1, tensor.shape[-1]).contiguous().numpy()
        for tensor in (inputs, hidden_bias, outputs, output_bias.flatten(1))
    )
    parts = np.array_split(np.arange(0, batch_size, _ROWS), _PARTS)
    dtype = weights[0].dtype
    logits, to_output_bias = (np.empty((batch_size, steps), dtype) for _ in range(2))
    to_hidden_bias = np.empty(weights[1].shape, dtype)
    sums = [np.zeros((2, steps, outputs.shape[2]), dtype) for part in parts if len(part)]

    def fill(part: int) -> None:
        for low in parts[part]:
            rows = (int(low), min(int(low) + _ROWS, batch_size))
            count = rows[1] - rows[0]
            work = scratch((*[count] * 4, _TILE, _TILE), width, dtype)
            results = (sums[part][0], to_hidden_bias, sums[part][1], to_output_bias)
            gradients(seen, weights, kind, each.numpy(), rows, work, logits, results)

    run(fill, range(len(sums)), 3 * batch_size * outputs.numel())
    for other in sums[1:]:
        sums[0] += other
    to_inputs, to_outputs = (torch.from_numpy(total) for total in sums[0])
    return torch.from_numpy(logits), (
        torch.from_numpy(to_hidden_bias),
        to_inputs[:-1].reshape(inputs.shape),
        to_outputs.reshape(outputs.shape),
        torch.from_numpy(to_output_bias).reshape(output_bias.shape),
    )
