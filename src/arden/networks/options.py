"""The options of every network: small dataclasses, kept where no torch is imported.

The command line and the documentation are made from them. A docstring under a field is its help.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AnyOrderTransformerOptions",
    "FVSBNOptions",
    "GRUOptions",
    "IndependentOptions",
    "LSTMOptions",
    "MADEOptions",
    "MarkovOptions",
    "NADEOptions",
    "PixelCNNOptions",
    "RNNOptions",
    "TableOptions",
    "TransformerOptions",
    "WaveNetOptions",
]

Activation = Literal["sigmoid", "tanh", "relu"]


@dataclass(frozen=True)
class IndependentOptions:
    """Nothing to choose: every variable has a distribution of its own."""


@dataclass(frozen=True)
class TableOptions:
    """Nothing to choose: one number for every configuration."""


@dataclass(frozen=True)
class MarkovOptions:
    """A table of the last few symbols."""

    memory: int = 1
    """How many previous symbols a conditional may see (m of AR(m))."""
    homogeneous: bool = False
    """One table for all positions instead of one for each."""


@dataclass(frozen=True)
class FVSBNOptions:
    """Logistic regressions on everything before."""

    memory: int | None = None
    """See only this many previous steps; all of them when not given."""


@dataclass(frozen=True)
class NADEOptions:
    """One hidden layer whose weights are shared by all conditionals."""

    hidden: int = 500
    """Hidden units."""
    activation: Activation = "sigmoid"
    """The hidden units' nonlinearity; the paper's is sigmoid."""


@dataclass(frozen=True)
class MADEOptions:
    """An autoencoder whose masks make it autoregressive."""

    hidden: tuple[int, ...] = (500,)
    """Units of each hidden layer; repeat the option for more layers."""
    activation: Activation = "relu"
    """The hidden units' nonlinearity."""
    direct: bool = True
    """Direct connections from the inputs to the outputs."""
    degrees: Literal["natural", "random"] = "natural"
    """How many inputs each hidden unit may see: spread evenly, or drawn at random."""
    masks: int = 1
    """Share the weights among this many random masks, trained by resampling, averaged exactly."""
    seed: int = 0
    """Seeds random degrees."""
    mask: int = 0
    """Which of the masks this network uses (set for the members of an ensemble)."""


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
class AnyOrderTransformerOptions:
    """Masked self-attention over what was seen, told which variable is asked for next."""

    width: int = 128
    """Numbers per token."""
    heads: int = 4
    """Attention heads; they divide the width."""
    layers: int = 4
    """Blocks."""


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
class PixelCNNOptions:
    """Masked convolutions over the pixels before, one mixture of logistics per scalar."""

    channels: int = 32
    """Feature maps."""
    blocks: int = 3
    """Residual blocks after the first convolution."""
    kernel: int = 5
    """Width of the first convolution; those after it are 3 wide."""


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
