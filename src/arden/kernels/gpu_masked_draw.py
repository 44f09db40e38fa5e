"""A whole walk through a MADE or FVSBN over bits in one kernel of a GPU (Triton).

What a unit or an output is made of is summed as it arrives: one row of registers holds the sums of
all units, then of all outputs. When a bit is drawn its weights are added to everything that sees
it; when a unit has all its inputs it is computed, once, and its weights are added in turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.model import AutoregressiveModel
from arden.kernels._device_inputs import device_inputs
from arden.kernels._triton import (
    ACTIVATIONS,
    activated,
    asked_or_given,
    bits,
    padded,
    rows_together,
    warps,
)
from arden.networks.fvsbn import FVSBN
from arden.networks.made import MADE

__all__ = ["draw"]

_MOST_SUMS = 16384
"""What a row may hold in the registers of one group of threads."""
_ALL = slice(None)


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a MADE or
    FVSBN over bits, or too wide for registers.

    Computed in the weights' precision, the masses in float64: in float64 the draws are those of the
    generic walk, in float32 they differ where a uniform falls between two roundings.
    """
    network = model.network
    if type(network) not in (FVSBN, MADE) or type(model.conditional) is not Bernoulli:
        return None
    inputs = device_inputs(model, noise, known, given, context)
    if inputs is None:
        return None
    assert isinstance(network, FVSBN | MADE)
    batch_size, steps = inputs.noise.shape
    layers = [network.linear] if isinstance(network, FVSBN) else [*network.layers, network.output]
    degrees: list[Tensor] = []
    direct, kind, shifts = None, ACTIVATIONS["relu"], []
    if isinstance(network, MADE):
        degrees, kind = network.degrees, ACTIVATIONS[network.options.activation]
        shifts = [module(inputs.context) for module in network.contexts]
        direct = None if network.direct is None else network.direct.rows(_ALL)
    elif network.context is not None:
        shifts = [network.context(inputs.context)]
    weights = [layer.rows(_ALL) for layer in layers]
    bias = torch.cat([layer.bias for layer in layers]).expand(batch_size, -1)
    if shifts:
        bias = bias + torch.cat(shifts, dim=1)
    sums = bias.shape[1]
    width = padded(sums)
    if width > _MOST_SUMS:
        return None
    plan = _plan([len(layer) for layer in degrees], degrees, steps, model.device)
    flat = [weight.T.flatten() for weight in (*weights, *([] if direct is None else [direct]))]
    rows = rows_together(width)
    with torch.cuda.device_of(inputs.noise):
        _walk[(triton.cdiv(batch_size, rows),)](
            torch.cat(flat),
            bias.contiguous(),
            plan.begin,
            plan.units,
            inputs.order,
            inputs.noise,
            inputs.known,
            inputs.given,
            inputs.drawn,
            batch_size,
            steps,
            sums,
            len(weights[0]),
            0 if direct is None else sum(len(part) for part in flat[:-1]),
            KIND=kind,
            HAS_DIRECT=direct is not None,
            HAS_KNOWN=inputs.has_known,
            ROWS=rows,
            SUMS=width,
            num_warps=warps(rows, width),
        )
    return inputs.drawn.reshape(batch_size, *model.event_shape)


@dataclass(frozen=True)
class _Plan:
    """``begin`` (T + 1,): those of step t are units[begin[t]] up to, without it, begin[t + 1].

    ``units`` (N, 4): which sum a unit is made of, where its weights begin among all of them, and
    the first and the last but one of the sums they are added to.
    """

    begin: Tensor
    units: Tensor


def _plan(widths: list[int], degrees: list[Tensor], steps: int, device: torch.device) -> _Plan:
    """H₁ … H_L, the units' degrees, T -> which unit is computed at which step, layer by layer."""
    firsts = [sum(widths[:layer]) for layer in range(len(widths) + 1)]  # of sums, layer by layer
    above = [*widths[1:], steps]
    where = steps * widths[0] if widths else 0  # the inputs' weights stand before theirs
    ready: list[list[tuple[int, int, int, int]]] = [[] for _ in range(steps + 1)]
    for layer, own in enumerate(degrees):
        for unit, degree in enumerate(own.tolist()):
            target = firsts[layer + 1]
            ready[min(degree, steps)].append(
                (firsts[layer] + unit, where + unit * above[layer], target, target + above[layer])
            )
        where += widths[layer] * above[layer]
    counts = torch.tensor([0, *map(len, ready[:steps])]).cumsum(0)
    units = [unit for of_step in ready[:steps] for unit in of_step]
    rows = torch.tensor(units or [(0, 0, 0, 0)], dtype=torch.int64)
    return _Plan(counts.to(device), rows.to(device))


@triton.jit
def _walk(
    weights,
    bias,
    begin,
    units,
    order,
    noise,
    known,
    given,
    drawn,
    batch_size,
    steps,
    sums_of_row,
    first_width,
    direct_at,
    KIND: tl.constexpr,
    HAS_DIRECT: tl.constexpr,
    HAS_KNOWN: tl.constexpr,
    ROWS: tl.constexpr,
    SUMS: tl.constexpr,
):
    """Weights of the inputs, of every layer, of inputs to outputs, each (from, to); (B, N) what the
    sums begin with; `_Plan` … -> ROWS rows of drawn (B, T)."""
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    live = row < batch_size
    index = tl.arange(0, SUMS)
    inside = index < sums_of_row
    first_output = sums_of_row - steps
    sums = tl.load(
        bias + row[:, None] * sums_of_row + index[None, :],
        mask=live[:, None] & inside[None, :],
        other=0.0,
    )
    for step in range(steps):
        for ready in range(tl.load(begin + step), tl.load(begin + step + 1)):
            own, where = tl.load(units + 4 * ready), tl.load(units + 4 * ready + 1)
            low, high = tl.load(units + 4 * ready + 2), tl.load(units + 4 * ready + 3)
            unit = tl.sum(tl.where((index == own)[None, :], sums, 0.0), axis=1)
            seen = (index >= low) & (index < high)
            weight = tl.load(weights + where + index - low, mask=seen, other=0.0)
            sums += activated(unit, KIND)[:, None] * weight[None, :]
        logit = tl.sum(tl.where((index == first_output + step)[None, :], sums, 0.0), axis=1)
        at = row * steps + tl.load(order + step)
        bit = bits(logit.to(tl.float64), tl.load(noise + at, mask=live, other=0.5))
        bit = asked_or_given(bit, at, live, known, given, HAS_KNOWN)
        tl.store(drawn + at, bit, mask=live)
        weight = tl.load(weights + step * first_width + index, mask=index < first_width, other=0.0)
        if HAS_DIRECT:
            seen = inside & (index >= first_output)
            straight = weights + direct_at + step * steps + index - first_output
            weight += tl.load(straight, mask=seen, other=0.0)
        sums += bit.to(sums.dtype)[:, None] * weight[None, :]
