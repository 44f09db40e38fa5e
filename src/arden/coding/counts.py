"""What stands beside the values, coded by its own counts so far: labels, and which cells are known.

Krichevsky and Trofimov's estimator ("The performance of universal encoding", 1981): a symbol seen
c times among n has the probability (c + ½) / (n + K/2). All of it in whole numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from arden.coding.entropy import Coder
from arden.coding.frequencies import frequencies_of_weights

__all__ = ["code_counted"]


def code_counted(
    coder: Coder, symbols: Tensor | None, rows: int, columns: int, num_symbols: int
) -> Tensor:
    """A coder, (N, D) in 0 … K − 1 or None, N, D, K -> (N, D) int64; each column has its counts."""
    counted = torch.ones(columns, num_symbols, dtype=torch.int64)  # 2c + 1
    read = torch.empty(rows, columns, dtype=torch.int64)
    for row in range(rows):
        given = None if symbols is None else symbols[row].long()
        read[row] = coder.code(frequencies_of_weights(counted), given)
        counted.scatter_add_(1, read[row][:, None], torch.full((columns, 1), 2))
    return read
