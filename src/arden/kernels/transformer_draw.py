"""A whole walk through a causal Transformer over bits or symbols, keys and values kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.kernels._draw_inputs import draw_inputs, features_of_symbols
from arden.kernels._scratch import shaped
from arden.kernels._threads import pieces, run
from arden.kernels._transformer_walk import SPAN, walk
from arden.layers.causal_attention import TransformerBlock
from arden.networks.transformer import Transformer

__all__ = ["draw"]

_ROWS = 16
"""Rows at most that share every weight loaded."""
_CACHED = 2**23
"""Bytes of keys and values at most of rows that go together: beyond the processor's cache what
they share is lost many times over, as every step reads all that was kept."""

_MAPS: tuple[Callable[[TransformerBlock], nn.Linear], ...] = (
    lambda block: block.query_key_value,
    lambda block: block.attention_output,
    lambda block: block.perceptron_in,
    lambda block: block.perceptron_out,
)


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
) -> Tensor | None:
    """(B, *event, 1) uniforms -> (B, *event) int64: the generic walk's draws; None if not a
    Transformer over events of fixed length, of bits or symbols.

    Computed in the weights' precision, the masses in float64. In float64 the draws are those of the
    generic walk; in float32 the two round differently, and one uniform in millions falls between.
    A row's draws do not depend on the other rows.
    """
    network, family = model.network, model.conditional
    if type(network) is not Transformer or type(family) not in (Bernoulli, Categorical):
        return None
    inputs = draw_inputs(model, noise, known, given, context)
    if inputs is None or network.position is None:
        return None
    batch_size, steps = inputs.noise.shape
    blocks = [cast(TransformerBlock, block) for block in network.blocks]
    first = network.first.expand(batch_size, -1)
    if network.context is not None:
        first = first + network.context(inputs.context)
    ends = (
        _array(network.value(features_of_symbols(family, inputs.dtype))),
        _array(first),
        _array(network.position.weight),
        _array(torch.stack([network.norm.weight, network.norm.bias])),
        _array(network.output.weight.T),
        _array(network.output.bias[None]),
    )
    norms = [_norms(block) for block in blocks]
    layers = (
        _array(torch.stack(norms)),
        *(part for map_of in _MAPS for part in _maps(blocks, map_of)),
    )
    width, num_params = ends[4].shape
    dtype = ends[0].dtype
    epsilon = dtype.type(network.norm.eps)
    noises = (inputs.noise, inputs.known, inputs.given)
    heads, spans = blocks[0].heads, -(-steps // SPAN)

    def fill(rows: tuple[int, int]) -> None:
        count = rows[1] - rows[0]
        cache = (len(blocks), count, spans, width, SPAN)
        shapes = [(count, size) for size in (width, width, 3 * width, 4 * width, num_params)]
        *sums, scores, keys, values = shaped([*shapes, (heads * spans, SPAN), cache, cache], dtype)
        work = (*sums, scores, scores.reshape(heads, spans * SPAN))
        arguments = (ends, layers, epsilon, inputs.order, noises, rows, work)
        walk(*arguments, (keys, values), np.empty(num_params), inputs.drawn)

    bytes_of_row = 2 * len(blocks) * width * spans * SPAN * dtype.itemsize
    together = min(max(_CACHED // bytes_of_row, 1), _ROWS)
    run(fill, pieces(batch_size, together), batch_size * steps * sum(map(np.size, layers)))
    return torch.from_numpy(inputs.drawn).reshape(batch_size, *model.event_shape)


def _norms(block: TransformerBlock) -> Tensor:
    """A block -> (4, W): scale and shift before attention, and before the perceptron."""
    parts = (block.attention_norm, block.perceptron_norm)
    return torch.stack([part for norm in parts for part in (norm.weight, norm.bias)])


def _maps(
    blocks: Sequence[TransformerBlock], map_of: Callable[[TransformerBlock], nn.Linear]
) -> tuple[np.ndarray, np.ndarray]:
    """L blocks, which map -> its weights (L, I, O) and biases (L, 1, O)."""
    maps = [map_of(block) for block in blocks]
    weight = torch.stack([part.weight.T for part in maps])
    return _array(weight), _array(torch.stack([part.bias[None] for part in maps]))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()
