"""A causal Transformer over one order, for events of fixed or of any length."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from arden.core.network import HiddenNetwork, NetworkSpec, State
from arden.layers.causal_attention import TransformerBlock, check_heads
from arden.layers.growing import FIRST_LENGTH, with_room
from arden.networks.options.sequences import TransformerOptions

__all__ = ["Transformer", "TransformerOptions"]


class Transformer(HiddenNetwork):
    """Token t = the value of step t − 1, or a learned first vector shifted by the context.

    Positions are learned where the number of steps is known; where it is not, queries and keys are
    rotated by theirs, so that attention sees how far apart two steps are. (Vaswani et al.,
    "Attention is all you need", 2017; Radford et al., "Language models are unsupervised multitask
    learners", 2019, for norms before each part; Su et al., "RoFormer: enhanced Transformer with
    rotary position embedding", 2021.)
    """

    def __init__(self, spec: NetworkSpec, options: TransformerOptions) -> None:
        super().__init__(spec, options)
        rotary = spec.num_steps is None
        check_heads(options.width, options.heads, options.layers, rotary)
        width = options.width
        self.value = nn.Linear(spec.num_features, width)
        self.position = None if spec.num_steps is None else nn.Embedding(spec.num_steps, width)
        if self.position is not None:  # as large as the values, so that neither drowns the other
            nn.init.normal_(self.position.weight, std=(3 * spec.num_features) ** -0.5)
        self.first = nn.Parameter(torch.randn(width) * 0.02)
        self.context = (
            nn.Linear(spec.context_size, width, bias=False) if spec.context_size else None
        )
        self.blocks = nn.ModuleList(
            TransformerBlock(width, options.heads, rotary) for _ in range(options.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, spec.num_params)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        return self.output(self.hidden_units(features, context))

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, W): what the last block makes of every step."""
        batch_size, length, _ = features.shape
        first = self._first(batch_size, context)
        x = torch.cat([first, self.value(features[:, :-1])], dim=1)[:, :length]
        if self.position is not None:
            x = x + self.position.weight[:length]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (keys and values of each block, t + 1)."""
        length = self.spec.num_steps or FIRST_LENGTH
        caches = tuple(block.start(batch_size, length) for block in self._blocks())
        return self._advance(self._first(batch_size, context), (caches, 0))

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        return self._advance(self.value(feature)[:, None], state)

    def _advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        caches, position = state
        if self.position is not None:
            x = x + self.position.weight[position]
        caches = tuple(tuple(with_room(c, position, dim=2) for c in cache) for cache in caches)
        updated = []
        for block, cache in zip(self._blocks(), caches, strict=True):
            x, cache = block.step(x, cache, position)
            updated.append(cache)
        return self.output(self.norm(x))[:, 0], (tuple(updated), position + 1)

    def _first(self, batch_size: int, context: Tensor | None) -> Tensor:
        first = self.first.expand(batch_size, 1, -1)
        return first if self.context is None else first + self.context(context)[:, None]

    def _blocks(self) -> list[TransformerBlock]:
        return cast(list[TransformerBlock], list(self.blocks))
