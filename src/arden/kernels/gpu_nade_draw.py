"""A whole walk through a NADE over bits or symbols in one kernel of a GPU (Triton)."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.kernels._device_inputs import device_inputs
from arden.kernels._triton import (
    ACTIVATIONS,
    activated,
    asked_or_given,
    bits,
    padded,
    rows_together,
    symbols,
    warps,
)
from arden.networks.nade import NADE

__all__ = ["draw"]

_MOST_UNITS, _MOST_SYMBOLS = 8192, 1024
"""What a row may hold in the registers of one group of threads."""


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a NADE
    over bits or symbols, or too wide for registers.

    The hidden sums of a row never leave its registers; weights are streamed, once for every few
    rows. Computed in the weights' precision, the masses in float64: in float64 the draws are those
    of the generic walk, in float32 they differ where a uniform falls between two roundings.
    """
    network, family = model.network, model.conditional
    if type(network) is not NADE or type(family) not in (Bernoulli, Categorical):
        return None
    steps, num_params, hidden = network.outputs.shape
    assert isinstance(family, Bernoulli | Categorical)
    if hidden > _MOST_UNITS or family.num_symbols > _MOST_SYMBOLS:
        return None
    inputs = device_inputs(model, noise, known, given, context)
    if inputs is None:
        return None
    batch_size, dtype = len(inputs.noise), network.outputs.dtype
    hidden_bias, output_bias = network.biases(batch_size, inputs.context)
    shown = family.features(torch.arange(family.num_symbols, device=model.device)).to(dtype)
    width = padded(hidden)
    rows = rows_together(width)
    with torch.cuda.device_of(inputs.noise):
        _walk[(triton.cdiv(batch_size, rows),)](
            network.inputs.contiguous(),
            hidden_bias.contiguous(),
            network.outputs.contiguous(),
            output_bias.contiguous(),
            shown.contiguous(),
            inputs.order,
            inputs.noise,
            inputs.known,
            inputs.given,
            inputs.drawn,
            batch_size,
            steps,
            hidden,
            KIND=ACTIVATIONS[network.options.activation],
            NUM_SYMBOLS=family.num_symbols,
            NUM_PARAMS=num_params,
            NUM_FEATURES=network.inputs.shape[1],
            HAS_KNOWN=inputs.has_known,
            ROWS=rows,
            UNITS=width,
            SYMBOLS=padded(family.num_symbols),
            num_warps=warps(rows, width),
        )
    return inputs.drawn.reshape(batch_size, *model.event_shape)


@triton.jit
def _walk(
    inputs,
    hidden_bias,
    outputs,
    output_bias,
    shown,
    order,
    noise,
    known,
    given,
    drawn,
    batch_size,
    steps,
    hidden,
    KIND: tl.constexpr,
    NUM_SYMBOLS: tl.constexpr,
    NUM_PARAMS: tl.constexpr,
    NUM_FEATURES: tl.constexpr,
    HAS_KNOWN: tl.constexpr,
    ROWS: tl.constexpr,
    UNITS: tl.constexpr,
    SYMBOLS: tl.constexpr,
):
    """(T − 1, F, H), (B, H), (T, P, H), (B, T, P), (K, F) … -> ROWS rows of drawn (B, T)."""
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    live = row < batch_size
    unit = tl.arange(0, UNITS)
    inside = unit < hidden
    column = tl.arange(0, SYMBOLS)
    both = live[:, None] & inside[None, :]
    sums = tl.load(hidden_bias + row[:, None] * hidden + unit[None, :], mask=both, other=0.0)
    for step in range(steps):
        units = activated(sums, KIND)
        at = row * steps + tl.load(order + step)
        u = tl.load(noise + at, mask=live, other=0.5)
        bias = output_bias + (row * steps + step) * NUM_PARAMS
        if NUM_PARAMS < NUM_SYMBOLS:
            weight = tl.load(outputs + step * hidden + unit, mask=inside, other=0.0)
            logit = tl.sum(units * weight[None, :], axis=1).to(tl.float64)
            symbol = bits(logit + tl.load(bias, mask=live, other=0.0).to(tl.float64), u)
        else:
            logits = tl.full((ROWS, SYMBOLS), float("-inf"), tl.float64)
            for k in range(NUM_PARAMS):
                from_k = outputs + (step * NUM_PARAMS + k) * hidden
                weight = tl.load(from_k + unit, mask=inside, other=0.0)
                logit = tl.sum(units * weight[None, :], axis=1).to(tl.float64)
                logit += tl.load(bias + k, mask=live, other=0.0).to(tl.float64)
                logits = tl.where((column == k)[None, :], logit[:, None], logits)
            symbol = symbols(logits, u, NUM_SYMBOLS, SYMBOLS)
        symbol = asked_or_given(symbol, at, live, known, given, HAS_KNOWN)
        tl.store(drawn + at, symbol, mask=live)
        follows = inside & (step + 1 < steps)
        for k in range(NUM_FEATURES):
            number = tl.load(shown + symbol * NUM_FEATURES + k)
            weight = tl.load(
                inputs + (step * NUM_FEATURES + k) * hidden + unit, mask=follows, other=0.0
            )
            sums += number[:, None] * weight[None, :]
