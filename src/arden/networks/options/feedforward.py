"""The options of networks of fixed length: logistic regressions, NADE and its relatives, MADE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AnyOrderMADEOptions",
    "FVSBNOptions",
    "MADEOptions",
    "NADEOptions",
    "OrderlessNADEOptions",
    "UntiedNADEOptions",
]

Activation = Literal["sigmoid", "tanh", "relu"]


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
class AnyOrderMADEOptions:
    """A MADE whose masks follow the order it is told; one set of weights for every order."""

    hidden: tuple[int, ...] = (500,)
    """Units of each hidden layer; repeat the option for more layers."""
    activation: Activation = "relu"
    """The hidden units' nonlinearity."""
    direct: bool = True
    """Direct connections from the inputs to the outputs."""


@dataclass(frozen=True)
class OrderlessNADEOptions:
    """A perceptron that is told which variables it sees; one set of weights for every order."""

    hidden: tuple[int, ...] = (500, 500)
    """Units of each hidden layer; repeat the option for more layers."""
    activation: Activation = "relu"
    """The hidden units' nonlinearity."""


@dataclass(frozen=True)
class UntiedNADEOptions:
    """A network of one hidden layer for every conditional, no weights shared."""

    hidden: int = 16
    """Hidden units of each of the networks."""
    activation: Activation = "sigmoid"
    """The hidden units' nonlinearity; the lecture's is sigmoid."""
