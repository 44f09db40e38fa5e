"""NADE's forward and backward pass on a GPU (Triton): hidden units never leave the registers."""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from arden.core.network import CausalNetwork
from arden.kernels._triton import ACTIVATIONS, activated, padded, rows_together, slope, warps
from arden.networks.nade import NADE

__all__ = ["params"]

_MOST_UNITS = 8192
"""What a row may hold in the registers of one group of threads."""
_ROWS, _COLUMNS = 64, 16
"""Rows and hidden units of one piece of the backward pass."""


def params(network: CausalNetwork, features: Tensor, hidden_bias: Tensor) -> Tensor | None:
    """NADE, (B, T, F), (B, H) -> (B, T, P) without the output biases; None for what it cannot do.

    No (B, T, H) array is made: the backward pass computes the units again. With T the total and P_j
    the prefix up to step j of the gradient of a row's sums, that of its weights at step j is
    x_j (T − P_j): the kernel sums x_j P_j as it goes, and x_j T is one product at the end. A row's
    result does not depend on the other rows. Differentiable once, in weights and biases.
    """
    if type(network) is not NADE or torch.jit.is_tracing():
        return None
    tensors = (features, hidden_bias, network.inputs, network.outputs)
    steps, dtype = network.outputs.shape[0], network.inputs.dtype
    if (
        any(type(tensor) not in (Tensor, torch.nn.Parameter) for tensor in tensors)
        or len({tensor.device for tensor in tensors}) != 1
        or dtype not in (torch.float32, torch.float64)
        or network.outputs.dtype != dtype
        or features.shape[1:] != (steps, network.inputs.shape[1])
        or not features.shape[0]
        or features.requires_grad
        or network.outputs.shape[2] > _MOST_UNITS
        or torch._C._are_functorch_transforms_active()
    ):
        return None
    kind = ACTIVATIONS[network.options.activation]
    return _Params.apply(
        features.to(dtype), hidden_bias.to(dtype), network.inputs, network.outputs, kind
    )


class _Params(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, hidden_bias: Tensor, inputs: Tensor, outputs: Tensor, kind: int
    ) -> Tensor:
        steps, num_params, hidden = outputs.shape
        tensors = [part.contiguous() for part in (features, hidden_bias, inputs, outputs)]
        ctx.save_for_backward(*tensors)
        ctx.kind = kind
        result = outputs.new_empty(len(features), steps, num_params)
        width = padded(hidden)
        rows = rows_together(width)
        with torch.cuda.device_of(result):
            _forward[(triton.cdiv(len(features), rows),)](
                *tensors,
                result,
                len(features),
                steps,
                hidden,
                KIND=kind,
                NUM_PARAMS=num_params,
                NUM_FEATURES=features.shape[2],
                ROWS=rows,
                UNITS=width,
                num_warps=warps(rows, width),
            )
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        features, hidden_bias, inputs, outputs = ctx.saved_tensors
        batch_size, steps, num_features = features.shape
        num_params, hidden = outputs.shape[1:]
        pieces = triton.cdiv(batch_size, _ROWS)
        # Every piece of rows sums for itself, and the pieces are added in their order: the same
        # gradient every time, which additions by whoever comes first would not give.
        to_outputs = outputs.new_empty(pieces, *outputs.shape)
        before = inputs.new_empty(pieces, *inputs.shape)
        to_bias = torch.empty_like(hidden_bias)
        with torch.cuda.device_of(features):
            _backward[(pieces, triton.cdiv(hidden, _COLUMNS))](
                features,
                hidden_bias,
                inputs,
                outputs,
                grads[0].contiguous(),
                to_outputs,
                before,
                to_bias,
                batch_size,
                steps,
                hidden,
                KIND=ctx.kind,
                NUM_PARAMS=num_params,
                NUM_FEATURES=num_features,
                ROWS=_ROWS,
                COLUMNS=_COLUMNS,
                num_warps=4,
            )
        total = features[:, :-1].flatten(1).T @ to_bias
        return None, to_bias, total.view_as(inputs) - before.sum(0), to_outputs.sum(0), None


@triton.jit
def _forward(
    features,
    hidden_bias,
    inputs,
    outputs,
    result,
    batch_size,
    steps,
    hidden,
    KIND: tl.constexpr,
    NUM_PARAMS: tl.constexpr,
    NUM_FEATURES: tl.constexpr,
    ROWS: tl.constexpr,
    UNITS: tl.constexpr,
):
    """(B, T, F), (B, H), (T − 1, F, H), (T, P, H) -> ROWS rows of result (B, T, P)."""
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    live = row < batch_size
    unit = tl.arange(0, UNITS)
    inside = unit < hidden
    both = live[:, None] & inside[None, :]
    sums = tl.load(hidden_bias + row[:, None] * hidden + unit[None, :], mask=both, other=0.0)
    for step in range(steps):
        units = activated(sums, KIND)
        at = row * steps + step
        for k in range(NUM_PARAMS):
            from_k = outputs + (step * NUM_PARAMS + k) * hidden
            weight = tl.load(from_k + unit, mask=inside, other=0.0)
            logit = tl.sum(units * weight[None, :], axis=1)
            tl.store(result + at * NUM_PARAMS + k, logit, mask=live)
        follows = inside & (step + 1 < steps)
        for k in range(NUM_FEATURES):
            number = tl.load(features + at * NUM_FEATURES + k, mask=live, other=0.0)
            from_k = inputs + (step * NUM_FEATURES + k) * hidden
            weight = tl.load(from_k + unit, mask=follows, other=0.0)
            sums += number[:, None] * weight[None, :]


@triton.jit
def _backward(
    features,
    hidden_bias,
    inputs,
    outputs,
    grad,
    to_outputs,
    before,
    to_bias,
    batch_size,
    steps,
    hidden,
    KIND: tl.constexpr,
    NUM_PARAMS: tl.constexpr,
    NUM_FEATURES: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """As `_forward`, with its gradient (B, T, P) -> of ROWS rows and COLUMNS units: the gradient of
    the outputs' weights, Σ x_j P_j in the place of the inputs', and the total of the sums'."""
    piece = tl.program_id(0).to(tl.int64)
    row = piece * ROWS + tl.arange(0, ROWS)
    live = row < batch_size
    unit = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    inside = unit < hidden
    own = row[:, None] * hidden + unit[None, :]
    both = live[:, None] & inside[None, :]
    sums = tl.load(hidden_bias + own, mask=both, other=0.0)
    prefix = tl.zeros_like(sums)
    for step in range(steps):
        units = activated(sums, KIND)
        at = row * steps + step
        into_units = tl.zeros_like(sums)
        for k in range(NUM_PARAMS):
            from_k = (step * NUM_PARAMS + k) * hidden + unit
            into = tl.load(grad + at * NUM_PARAMS + k, mask=live, other=0.0)
            weight = tl.load(outputs + from_k, mask=inside, other=0.0)
            into_units += into[:, None] * weight[None, :]
            gained = tl.sum(into[:, None] * units, axis=0)
            first = to_outputs + piece * steps * NUM_PARAMS * hidden
            tl.store(first + from_k, gained, mask=inside)
        prefix += into_units * slope(units, KIND)
        follows = inside & (step + 1 < steps)
        for k in range(NUM_FEATURES):
            number = tl.load(features + at * NUM_FEATURES + k, mask=live, other=0.0)
            from_k = (step * NUM_FEATURES + k) * hidden + unit
            weight = tl.load(inputs + from_k, mask=follows, other=0.0)
            gained = tl.sum(number[:, None] * prefix, axis=0)
            first = before + piece * (steps - 1) * NUM_FEATURES * hidden
            tl.store(first + from_k, gained, mask=follows)
            sums += number[:, None] * weight[None, :]
    tl.store(to_bias + own, prefix, mask=both)
