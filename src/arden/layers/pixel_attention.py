"""Attention of a pixel to all pixels before it, and not to itself."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from arden.core.network import State

__all__ = ["PixelAttention"]


class PixelAttention(nn.Module):
    """maps (B, N, W), shown (B, N, S), asked (N, Q) -> (B, N, A): N pixels in raster order.

    The query of a pixel comes from its maps and from ``asked``, where it stands; keys and values
    from the maps, the pixel itself as ``shown``, and where it stands. They are moved on by one
    pixel behind a learned first key and value, so that pixel n attends to those before n alone.

    One pixel at a time: `start` makes empty caches, `put` writes the key and value of a pixel that
    is known, and `at` asks what is cached; together they equal `forward`.
    """

    def __init__(self, width: int, shown: int, asked: int, attention: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width + asked, attention)
        self.key_value = nn.Linear(width + shown + asked, 2 * attention)
        self.first = nn.Parameter(torch.randn(2 * attention) * 0.02)

    def forward(self, maps: Tensor, shown: Tensor, asked: Tensor) -> Tensor:
        """(B, N, W), (B, N, S), (N, Q) -> (B, N, A)."""
        everywhere = asked.to(maps.dtype).expand(len(maps), -1, -1)
        query = self._split(self.query(torch.cat([maps, everywhere], dim=2)), 1)[0]
        told = self.key_value(torch.cat([maps, shown, everywhere], dim=2)[:, :-1])
        first = self.first.to(told.dtype).expand(len(maps), 1, -1)
        key, value = self._split(torch.cat([first, told], dim=1), 2)
        attended = scaled_dot_product_attention(query, key, value, is_causal=True)
        return attended.transpose(1, 2).flatten(2)

    def start(self, batch_size: int, pixels: int) -> State:
        """B, N -> caches of keys and values, (B, heads, N, A / heads) each: the first in place."""
        key, value = self._split(self.first.expand(batch_size, 1, -1), 2)
        caches = tuple(key.new_zeros(batch_size, self.heads, pixels, key.shape[3]) for _ in "kv")
        for cache, first in zip(caches, (key, value), strict=True):
            cache[:, :, 0] = first[:, :, 0]
        return caches

    def put(self, caches: State, maps: Tensor, shown: Tensor, asked: Tensor, pixel: int) -> None:
        """caches, (B, W), (B, S), (Q,), n -> (): pixel n is known; written in place."""
        everywhere = asked.to(maps.dtype).expand(len(maps), -1)
        told = self.key_value(torch.cat([maps, shown, everywhere], dim=1))
        for cache, new in zip(caches, self._split(told[:, None], 2), strict=True):
            cache[:, :, pixel + 1] = new[:, :, 0]

    def at(self, caches: State, maps: Tensor, asked: Tensor, pixel: int) -> Tensor:
        """caches, (B, W), (Q,), n -> (B, A): what pixel n finds in those before it."""
        everywhere = asked.to(maps.dtype).expand(len(maps), -1)
        query = self._split(self.query(torch.cat([maps, everywhere], dim=1))[:, None], 1)[0]
        keys, values = (cache[:, :, : pixel + 1] for cache in caches)
        return scaled_dot_product_attention(query, keys, values)[:, :, 0].flatten(1)

    def _split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        """(B, N, parts·A) -> parts times (B, heads, N, A / heads)."""
        return torch.unbind(x.unflatten(-1, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4))
