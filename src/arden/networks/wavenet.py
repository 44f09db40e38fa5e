"""WaveNet: dilated causal convolutions, for long sequences such as sounds."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from arden.core.network import HiddenNetwork, NetworkSpec, State
from arden.errors import InputError
from arden.layers.gated_dilation import GatedDilation
from arden.networks.options.sequences import WaveNetOptions

__all__ = ["WaveNet", "WaveNetOptions"]

_MOST_LAYERS = 20
"""Doublings of the dilation: the last ring of a cached step then holds 2¹⁹ inputs."""


class WaveNet(HiddenNetwork):
    """Gated convolutions with dilations 1, 2, 4 … 2^{layers−1}, ``stacks`` times over.

    The sequence is shifted by one step behind a learned first vector; the context reaches every
    gate. A step sees exactly the last 1 + stacks · (2^layers − 1) values, its `receptive_field`,
    and no further. It learns where it stands from the first vector, so beyond the receptive field
    every step is treated alike. (van den Oord et al., "WaveNet: a generative model for raw audio",
    2016; the cached step: Le Paine et al., "Fast Wavenet generation algorithm", 2016.)

    >>> from arden.core.network import NetworkSpec
    >>> spec = NetworkSpec(num_steps=None, num_features=256, num_params=256)
    >>> WaveNet(spec, WaveNetOptions(channels=8, skip=8, layers=10, stacks=3)).receptive_field
    3070
    """

    def __init__(self, spec: NetworkSpec, options: WaveNetOptions) -> None:
        super().__init__(spec, options)
        if options.channels < 1 or options.skip < 1:
            raise InputError(
                f"channels, skip: expected at least 1, got {options.channels} and {options.skip}"
            )
        if not 1 <= options.layers <= _MOST_LAYERS:
            raise InputError(f"layers: expected 1 to {_MOST_LAYERS}, got {options.layers}")
        if options.stacks < 1:
            raise InputError(f"stacks: expected at least 1, got {options.stacks}")
        width = options.channels
        dilations = [2**layer for _ in range(options.stacks) for layer in range(options.layers)]
        self.first = nn.Parameter(torch.randn(width) * 0.02)
        self.input = nn.Linear(spec.num_features, width)
        self.blocks = nn.ModuleList(
            GatedDilation(
                width,
                options.skip,
                dilation,
                spec.context_size,
                looks_back=spec.num_steps is None or dilation < spec.num_steps,
                goes_on=block + 1 < len(dilations),
            )
            for block, dilation in enumerate(dilations)
        )
        self.hidden = nn.Linear(options.skip, options.skip)
        self.output = nn.Linear(options.skip, spec.num_params)

    @property
    def receptive_field(self) -> int:
        """() -> how many of the steps before it a step sees."""
        return 1 + self.options.stacks * (2**self.options.layers - 1)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, P)."""
        return self.output(self.hidden_units(features, context))

    def hidden_units(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, F), (B, C) -> (B, T, skip)."""
        batch_size, length, _ = features.shape
        first = self.first.expand(batch_size, 1, -1)
        x = torch.cat([first, self.input(features[:, :-1])], dim=1)[:, :length]
        skipped = []
        for block in self._blocks():
            x, skip = block(x, context)
            skipped.append(skip)
        return self._last_layer(skipped)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        """B, (B, C) -> (B, P) of step 0, and the state: (rings, gates' shifts, t + 1)."""
        rings = tuple(block.start(batch_size) for block in self._blocks())
        shifts = tuple(block.shift(context) for block in self._blocks())
        return self._advance(self.first.expand(batch_size, -1), (rings, shifts, 0))

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        """state, (B, F) -> (B, P), and the next state: one position of every block."""
        return self._advance(self.input(feature), state)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: the band of the receptive field."""
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        return before & before.triu(-self.receptive_field)

    def _advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        rings, shifts, position = state
        skipped = []
        for block, ring, shift in zip(self._blocks(), rings, shifts, strict=True):
            x, skip = block.step(x, ring, shift, position)
            skipped.append(skip)
        return self.output(self._last_layer(skipped)), (rings, shifts, position + 1)

    def _last_layer(self, skipped: list[Tensor]) -> Tensor:
        total = torch.relu(torch.stack(skipped).sum(dim=0))
        return torch.relu(self.hidden(total))

    def _blocks(self) -> list[GatedDilation]:
        return cast(list[GatedDilation], list(self.blocks))
