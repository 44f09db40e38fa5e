"""Fully independent variables: the baseline every other model must beat."""

from __future__ import annotations

from arden.core.network import NetworkSpec
from arden.networks._tabular import TabularNetwork
from arden.networks.options.tables import IndependentOptions

__all__ = ["Independent", "IndependentOptions"]


class Independent(TabularNetwork):
    """p(x) = ∏ p(x_i): n parameters for n bits, fitted by counting.

    Works with densities too (then fitted by gradient).
    """

    def __init__(self, spec: NetworkSpec, options: IndependentOptions) -> None:
        super().__init__(spec, options, memory=0)
