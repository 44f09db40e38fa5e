"""The options of networks for sequences: recurrent, attending, dilated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AnyOrderTransformerOptions",
    "AttentionRNNOptions",
    "GRUOptions",
    "LSTMOptions",
    "RNNOptions",
    "TransformerOptions",
    "WaveNetOptions",
]


@dataclass(frozen=True)
class RNNOptions:
    """A plain tanh recurrent network with a learned first state."""

    hidden: int = 256
    """Hidden units of each layer."""
    layers: int = 1
    """Stacked layers."""


@dataclass(frozen=True)
class LSTMOptions:
    """Long short-term memory with a learned first state."""

    hidden: int = 256
    """Hidden units of each layer, and as many memory cells."""
    layers: int = 1
    """Stacked layers."""


@dataclass(frozen=True)
class GRUOptions:
    """A gated recurrent network with a learned first state."""

    hidden: int = 256
    """Hidden units of each layer."""
    layers: int = 1
    """Stacked layers."""


@dataclass(frozen=True)
class AttentionRNNOptions:
    """A recurrent network with attention over its own past states."""

    hidden: int = 256
    """Hidden units of each layer."""
    layers: int = 1
    """Stacked layers; the states of the top one are remembered."""
    cell: Literal["tanh", "gru", "lstm"] = "lstm"
    """What carries the hidden units from step to step."""


@dataclass(frozen=True)
class TransformerOptions:
    """Masked self-attention over what was seen, in one order."""

    width: int = 64
    """Numbers per token."""
    heads: int = 4
    """Attention heads; they divide the width."""
    layers: int = 3
    """Blocks."""


@dataclass(frozen=True)
class AnyOrderTransformerOptions:
    """Masked self-attention over what was seen, told which variable is asked for next."""

    width: int = 128
    """Numbers per token."""
    heads: int = 4
    """Attention heads; they divide the width."""
    layers: int = 4
    """Blocks."""


@dataclass(frozen=True)
class WaveNetOptions:
    """Gated convolutions that reach 1, 2, 4 … steps back, for long sequences."""

    channels: int = 32
    """Feature maps of every block."""
    skip: int = 64
    """Feature maps gathered from all blocks for the output."""
    layers: int = 8
    """Blocks of a stack; each reaches twice as far back as the one before it."""
    stacks: int = 2
    """How many times the dilations 1, 2, 4 … are gone through."""
