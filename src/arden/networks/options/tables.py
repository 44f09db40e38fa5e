"""The options of what is counted, and of logistic regression on everything before."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "IndependentOptions",
    "MarkovOptions",
    "TableOptions",
]


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
