"""Each row through the matrix of the variable at which it stands."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

__all__ = ["by_variable"]


def by_variable(x: Tensor, weight: Tensor, variables: Tensor) -> Tensor:
    """(B, I), (D, O, I), (B,) int64 -> (B, O): each row by the matrix of its own variable.

    Mostly all rows stand at the same one; a copy of its matrix for every row is then not made. An
    order that all rows share lies in memory once: nobody has to look, and no GPU is waited for.
    """
    shared = len(variables) > 0 and variables.stride(0) == 0
    if shared or (len(variables) and bool((variables == variables[0]).all())):
        return linear(x, weight.index_select(0, variables[:1])[0])
    return torch.einsum("bi,boi->bo", x, weight[variables])
