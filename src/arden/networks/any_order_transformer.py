"""A Transformer that is told which variable is asked for next: one set of weights, every order."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from arden.core.network import AnyOrderNetwork, HiddenNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.causal_attention import TransformerBlock, check_heads
from arden.layers.positions import grid_waves
from arden.networks.options.sequences import AnyOrderTransformerOptions

__all__ = ["AnyOrderTransformer", "AnyOrderTransformerOptions"]


class AnyOrderTransformer(AnyOrderNetwork, HiddenNetwork):
    """Token t = (value seen at step t − 1 and whose it is, the variable asked for at step t).

    Causal attention over such tokens gives p(x_order[t] | x_order[<t]) for any order, one order
    per row of a batch. Trained over random orders it is a family of joints, one per order, that
    agree only approximately. (Vaswani et al., "Attention is all you need", 2017; Uria, Murray,
    Larochelle, "A deep and tractable density estimator", 2014, for the objective.)
    """

    def __init__(self, spec: NetworkSpec, options: AnyOrderTransformerOptions) -> None:
        super().__init__(spec, options)
        if spec.num_steps is None:
            raise InputError("network: an any-order Transformer needs events of one fixed length")
        check_heads(options.width, options.heads, options.layers)
        width = options.width
        self.value = nn.Linear(spec.num_features, width)
        self.seen = nn.Embedding(spec.num_steps, width)
        self.asked = nn.Embedding(spec.num_steps, width)
        self._place(spec)
        self.first = nn.Parameter(torch.randn(width) * 0.02)
        self.context: nn.Linear | None = (
            nn.Linear(spec.context_size, width, bias=False) if spec.context_size else None
        )
        self.blocks = nn.ModuleList(
            TransformerBlock(width, options.heads) for _ in range(options.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, spec.num_params)
        self.output_bias = nn.Embedding(spec.num_steps, spec.num_params)
        nn.init.zeros_(self.output_bias.weight)

    def _place(self, spec: NetworkSpec) -> None:
        # What is seen and what is asked begin in halves of their own, each as where it lies on the
        # grid and as large as a value: from random vectors no attention to neighbours was learned.
        half = self.seen.weight.shape[1] // 2
        waves = grid_waves(spec.grid or (spec.num_steps or 1,), half)
        waves = waves * (3 * spec.num_features) ** -0.5
        with torch.no_grad():
            for table, first in ((self.seen, 0), (self.asked, half)):
                table.weight.zero_()
                table.weight[:, first : first + half] = waves

    def forward(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, T, P), all in step order."""
        units = self.hidden_units(features, context, order)
        return self.output(units) + self.output_bias(self._order(features.shape[0], order))

    def hidden_units(
        self, features: Tensor, context: Tensor | None = None, order: Tensor | None = None
    ) -> Tensor:
        """(B, T, F), (B, C), (T,) or (B, T) -> (B, T, W): the last block."""
        order = self._order(features.shape[0], order)
        before = self.value(features[:, :-1]) + self.seen(order[:, :-1])
        x = torch.cat([self._first(features.shape[0], context), before], dim=1) + self.asked(order)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def start(
        self, batch_size: int, context: Tensor | None = None, order: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """B, (B, C), (T,) or (B, T) -> (B, P) of step 0, and the state: (caches, order, t)."""
        order = self._order(batch_size, order)
        blocks = cast(list[TransformerBlock], list(self.blocks))
        caches = tuple(block.start(batch_size, order.shape[1]) for block in blocks)
        return self._advance(self._first(batch_size, context), caches, order, 0)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state."""
        caches, order, position = state
        token = self.value(feature) + self.seen(order[:, position])
        return self._advance(token[:, None], caches, order, position + 1)

    def _advance(
        self, token: Tensor, caches: State, order: Tensor, position: int
    ) -> tuple[Tensor, State]:
        here = order[:, position : position + 1]
        x = token + self.asked(here)
        updated = []
        blocks = cast(list[TransformerBlock], list(self.blocks))
        for block, cache in zip(blocks, caches, strict=True):
            x, cache = block.step(x, cache, position)
            updated.append(cache)
        return self._params(x, here)[:, 0], (tuple(updated), order, position)

    def _params(self, x: Tensor, order: Tensor) -> Tensor:
        return self.output(self.norm(x)) + self.output_bias(order)

    def _first(self, batch_size: int, context: Tensor | None) -> Tensor:
        first = self.first.expand(batch_size, 1, -1)
        return first if self.context is None else first + self.context(context)[:, None]

    def _order(self, batch_size: int, order: Tensor | None) -> Tensor:
        if order is None:
            order = torch.arange(self.spec.num_steps or 0, device=self.first.device)
        return order.expand(batch_size, -1)
