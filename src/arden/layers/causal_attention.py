"""Self-attention in which a step sees itself and the steps before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from arden.core.network import State

__all__ = ["TransformerBlock"]


class TransformerBlock(nn.Module):
    """(B, T, W) -> (B, T, W): pre-norm attention and a two-layer perceptron, both residual.

    `step` does one position against the keys and values cached so far, and equals `forward`.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_output = nn.Linear(width, width)
        self.perceptron_norm = nn.LayerNorm(width)
        self.perceptron_in = nn.Linear(width, 4 * width)
        self.perceptron_out = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W) -> (B, T, W)."""
        query, key, value = self._heads(x)
        attended = scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._finish(x, attended)

    def start(self, batch_size: int, length: int) -> State:
        """B, T -> empty caches of keys and values, (B, heads, T, W / heads) each."""
        weight = self.query_key_value.weight
        shape = (batch_size, self.heads, length, weight.shape[1] // self.heads)
        return weight.new_zeros(shape), weight.new_zeros(shape)

    def step(self, x: Tensor, cache: State, position: int) -> tuple[Tensor, State]:
        """(B, 1, W), cache, t -> (B, 1, W), and the cache with position t filled."""
        query, key, value = self._heads(x)
        keys, values = cache
        keys[:, :, position] = key[:, :, 0]
        values[:, :, position] = value[:, :, 0]
        seen = slice(0, position + 1)
        attended = scaled_dot_product_attention(query, keys[:, :, seen], values[:, :, seen])
        return self._finish(x, attended), (keys, values)

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        together = self.query_key_value(self.attention_norm(x))
        split = together.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = torch.unbind(split)
        return query, key, value

    def _finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.attention_output(attended.transpose(1, 2).flatten(2))
        return x + self.perceptron_out(gelu(self.perceptron_in(self.perceptron_norm(x))))
