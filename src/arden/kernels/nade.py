"""NADE's forward and backward pass, skipping every step that changes no hidden unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from arden.core.network import CausalNetwork
from arden.kernels._activation import ACTIVATIONS
from arden.kernels._loops import changes
from arden.kernels._nade_loops import backward, forward
from arden.kernels._scratch import LANES, padded, scratch
from arden.kernels._threads import pieces, run
from arden.networks.nade import NADE

__all__ = ["is_plain", "params"]

_ROWS = 32
"""Rows at most that go side by side: enough to use weights well while they are in the cache."""
_TILE = 8
"""Outputs whose weights they use together."""
_COLUMNS = 512
"""Hidden units at most of one task of the backward pass."""
_KEPT = 2**18
"""Hidden units at least that a task of the backward pass keeps at a time: about one cache."""


def params(network: CausalNetwork, features: Tensor, hidden_bias: Tensor) -> Tensor | None:
    """NADE, (B, T, F), (B, H) -> (B, T, P) without the output biases; None for what it cannot do.

    Hidden units change only where a feature is not zero, so they are computed only there: exact,
    and six times less work on images with few pixels set. No (B, T, H) array is made: the backward
    pass computes the units again. A row's result does not depend on the other rows, and no result
    on the number of threads. Differentiable once, in weights and biases; declines when the features
    want a gradient, since at a feature of zero it would need the work that was skipped.
    """
    if not isinstance(network, NADE):
        return None
    tensors = (hidden_bias, network.inputs, network.outputs)
    if not is_plain(network, features, tensors):
        return None
    dtype, kind = network.inputs.dtype, ACTIVATIONS[network.options.activation]
    return _Params.apply(
        features.to(dtype), hidden_bias.to(dtype), network.inputs, network.outputs, kind
    )


def is_plain(network: NADE, features: Tensor, tensors: Sequence[Tensor]) -> bool:
    """NADE, (B, T, F), what it computes with -> whether compiled code can take all of it."""
    dtype, outputs = network.inputs.dtype, network.outputs
    return (
        type(network) is NADE
        and all(type(tensor) in (Tensor, torch.nn.Parameter) for tensor in (features, *tensors))
        and all(tensor.device.type == "cpu" for tensor in (features, *tensors))
        and dtype in (torch.float32, torch.float64)
        and outputs.dtype == dtype
        and features.shape[0] > 0
        and features.shape[1:] == (outputs.shape[0], network.inputs.shape[1])
        and not features.requires_grad
        and not torch.jit.is_tracing()
        and not torch._C._are_functorch_transforms_active()
    )


class _Params(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, hidden_bias: Tensor, inputs: Tensor, outputs: Tensor, kind: int
    ) -> Tensor:
        seen = changes(_matrix(features[:, :-1]))
        ctx.save_for_backward(hidden_bias, inputs, outputs)
        ctx.seen, ctx.kind = seen, kind
        steps, num_params, hidden = outputs.shape
        result = outputs.new_empty(features.shape[0], steps, num_params)
        weights = (_rows(inputs), _matrix(hidden_bias), _rows(outputs))
        sizes, filled = (features.shape[2], num_params), _matrix(result)

        def fill(rows: tuple[int, int]) -> None:
            lengths = (rows[1] - rows[0], rows[1] - rows[0], _TILE)
            work = scratch(lengths, padded(hidden), filled.dtype)
            forward(seen, sizes, weights, kind, rows, work, filled)

        run(fill, pieces(features.shape[0], _ROWS), result.numel() * hidden)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        hidden_bias, inputs, outputs = ctx.saved_tensors
        steps, num_params, hidden = outputs.shape
        weights = (_rows(inputs), _matrix(hidden_bias), _rows(outputs))
        grad, sizes = _matrix(grads[0]), (inputs.shape[1], num_params)
        # In the layout of `_rows`, whatever the strides of the weights.
        to_inputs, to_bias = np.zeros_like(weights[0]), np.empty_like(weights[1])
        to_outputs = np.empty_like(weights[2])

        def fill(columns: tuple[int, int]) -> None:
            width, rows = padded(columns[1] - columns[0]), min(len(grad), _ROWS)
            lengths = (1, max(steps, _KEPT // width), rows, rows, len(to_outputs), len(to_outputs))
            work = scratch(lengths, width, grad.dtype)
            results = (to_inputs, to_bias, to_outputs)
            backward(ctx.seen, sizes, weights, ctx.kind, columns, work, grad, results)

        run(fill, pieces(hidden, _COLUMNS, LANES), 2 * grad.size * hidden)
        return (
            None,
            torch.from_numpy(to_bias),
            torch.from_numpy(to_inputs).reshape(inputs.shape),
            torch.from_numpy(to_outputs).reshape(outputs.shape),
            None,
        )


def _matrix(tensor: Tensor) -> np.ndarray:
    """(N, …) -> (N, M), sharing memory where it can."""
    return tensor.detach().flatten(1).contiguous().numpy()


def _rows(tensor: Tensor) -> np.ndarray:
    """(A, B, H) -> (A·B, H), sharing memory where it can."""
    return tensor.detach().flatten(0, 1).contiguous().numpy()
