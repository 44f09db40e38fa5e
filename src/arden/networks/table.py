"""The full joint table: every configuration has a number of its own."""

from __future__ import annotations

import math

from arden.core.network import NetworkSpec
from arden.errors import InputError
from arden.layers.context_table import MAX_TABLE_ROWS
from arden.networks._tabular import TabularNetwork
from arden.networks.options.tables import TableOptions

__all__ = ["Table", "TableOptions"]


class Table(TabularNetwork):
    """Any distribution over n variables with K values: Kⁿ − 1 parameters, as a tree of tables.

    p(x_i | x_<i) has a row for every x_<i; together that is the joint table, already in the form
    the chain rule needs.

    Raises:
        InputError: Kⁿ > 2²⁰, naming the numbers such a table would need.
    """

    def __init__(self, spec: NetworkSpec, options: TableOptions) -> None:
        if spec.num_symbols is None:
            raise InputError("conditional: a full table needs discrete values, got a density")
        if spec.num_steps is None:
            raise InputError("network: a full table needs events of one fixed length")
        n, symbols = spec.num_steps, spec.num_symbols
        if n * math.log2(symbols) > math.log2(MAX_TABLE_ROWS):
            raise InputError(
                f"network: a full table over {n} variables with {symbols} values needs "
                f"{symbols}^{n} − 1 = {_count(symbols, n)} numbers; "
                f"expected at most {MAX_TABLE_ROWS:,} configurations"
            )
        super().__init__(spec, options, memory=n - 1)


def _count(symbols: int, n: int) -> str:
    """K, n -> Kⁿ − 1 in digits, or its size when that would fill the screen."""
    digits = n * math.log10(symbols)
    return f"{symbols**n - 1:,}" if digits < 30 else f"about 10^{digits:.0f}"
