"""Markov chains: a variable depends on the last few before it."""

from __future__ import annotations

from arden.core.network import NetworkSpec
from arden.errors import InputError
from arden.networks._tabular import TabularNetwork
from arden.networks.options.tables import MarkovOptions

__all__ = ["Markov", "MarkovOptions"]


class Markov(TabularNetwork):
    """p(x) = ∏ p(x_i | x_{i−m} … x_{i−1}), by table: AR(m), 2n − 1 parameters for binary AR(1).

    Every position has tables of its own, or with ``homogeneous`` all positions share one, as
    strings of any length need. Fitted by counting, with additive smoothing.
    """

    def __init__(self, spec: NetworkSpec, options: MarkovOptions) -> None:
        if options.memory < 0:
            raise InputError(f"memory: expected a number ≥ 0, got {options.memory}")
        super().__init__(spec, options, options.memory, options.homogeneous)
