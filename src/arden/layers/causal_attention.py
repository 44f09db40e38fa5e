"""Self-attention in which a step sees itself and the steps before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from arden.core.network import State
from arden.errors import InputError

__all__ = ["TransformerBlock", "check_heads"]

_SLOWEST_TURN = 10_000.0
"""Rotary positions: steps in which the slowest pair of numbers turns by about one radian."""


class TransformerBlock(nn.Module):
    """(B, T, W) -> (B, T, W): pre-norm attention and a two-layer perceptron, both residual.

    `step` does one position against the keys and values cached so far, and equals `forward`.
    A ``rotary`` block turns queries and keys by angles that grow with their position: what they
    have to do with each other then depends on their distance.
    """

    def __init__(self, width: int, heads: int, rotary: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.rotary = rotary
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_output = nn.Linear(width, width)
        self.perceptron_norm = nn.LayerNorm(width)
        self.perceptron_in = nn.Linear(width, 4 * width)
        self.perceptron_out = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W) -> (B, T, W)."""
        query, key, value = self._heads(x, 0)
        return self._finish(x, _attended(query, key, value))

    def start(self, batch_size: int, length: int) -> State:
        """B, T -> empty caches of keys and values, (B, heads, T, W / heads) each."""
        weight = self.query_key_value.weight
        shape = (batch_size, self.heads, length, weight.shape[1] // self.heads)
        return weight.new_zeros(shape), weight.new_zeros(shape)

    def step(self, x: Tensor, cache: State, position: int) -> tuple[Tensor, State]:
        """(B, 1, W), cache, t -> (B, 1, W), and the cache with position t filled."""
        query, key, value = self._heads(x, position)
        keys, values = cache
        keys[:, :, position] = key[:, :, 0]
        values[:, :, position] = value[:, :, 0]
        seen = slice(0, position + 1)
        attended = scaled_dot_product_attention(query, keys[:, :, seen], values[:, :, seen])
        return self._finish(x, attended), (keys, values)

    def _heads(self, x: Tensor, begin: int) -> tuple[Tensor, Tensor, Tensor]:
        together = self.query_key_value(self.attention_norm(x))
        split = together.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = torch.unbind(split)
        if self.rotary:
            angles = _angles(begin, x.shape[1], query.shape[-1] // 2, x)
            query, key = _turned(query, angles), _turned(key, angles)
        return query, key, value

    def _finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.attention_output(attended.transpose(1, 2).flatten(2))
        return x + self.perceptron_out(gelu(self.perceptron_in(self.perceptron_norm(x))))


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """(B, heads, T, D) thrice -> (B, heads, T, D): each step's mean of what it and the past hold.

    On a CPU never in bfloat16: there its backward pass takes five times as long as in float32.
    """
    if query.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            query, key, value = query.float(), key.float(), value.float()
            return scaled_dot_product_attention(query, key, value, is_causal=True)
    return scaled_dot_product_attention(query, key, value, is_causal=True)


def check_heads(width: int, heads: int, layers: int, rotary: bool = False) -> None:
    """Options of a Transformer -> ().

    Raises:
        InputError: no heads or layers, or a width that the heads do not divide (into pairs of
            numbers, where these are turned).
    """
    per_head = 2 if rotary else 1
    if heads < 1 or layers < 1 or width < 1 or width % (heads * per_head):
        pairs = " and leave each an even share" if rotary else ""
        raise InputError(
            f"heads: expected a divisor of the width{pairs}, got {heads} heads for width {width}"
            if layers >= 1
            else f"layers: expected at least 1, got {layers}"
        )


def _angles(begin: int, length: int, pairs: int, like: Tensor) -> Tensor:
    """First position, T, D / 2 -> (T, D / 2): how far each pair of numbers is turned, in radians.

    In float64, as the angles of far positions are large and only their remainders matter.
    """
    steps = torch.arange(begin, begin + length, device=like.device, dtype=torch.float64)
    rate = torch.arange(pairs, device=like.device, dtype=torch.float64) / max(pairs, 1)
    return steps[:, None] * _SLOWEST_TURN ** (-rate)


def _turned(x: Tensor, angles: Tensor) -> Tensor:
    """(B, heads, T, D), (T, D / 2) -> (B, heads, T, D): number i and i + D / 2 turned together."""
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cos - right * sin, left * sin + right * cos], dim=-1)
