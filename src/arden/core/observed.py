"""What of an event is known, and whether a model can tell ln p of that part alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from arden.core.network import AnyOrderNetwork

if TYPE_CHECKING:
    from arden.core.model import AutoregressiveModel

__all__ = ["direct_rows", "known_first"]

_MOST_STEPS = 2**14
"""Of a promise that is looked at: in float32 it is a matrix of a gigabyte."""


def known_first(known: Tensor, order: Tensor) -> Tensor:
    """(B, D) bool in event order, (T,) or (B, T) -> (B, T) int64: the same order, the known first.

    >>> known_first(torch.tensor([[False, True, False]]), torch.tensor([2, 1, 0]))
    tensor([[1, 2, 0]])
    """
    order = order.expand(known.shape)
    unknown = ~known.gather(1, order)
    return order.gather(1, unknown.long().argsort(dim=1, stable=True))


def direct_rows(model: AutoregressiveModel, known: Tensor) -> Tensor:
    """(B, D) bool in event order -> (B,) bool: no known scalar has an unknown one before it.

    Then the chain rule gives ln p(known) as a sum of terms, and a walk that keeps what is known
    draws the rest from p(rest | known). So it is for every mask where the network is told the
    order, for what comes first in the order of any other network, and for more where a network
    promises to read less than everything before.
    """
    if isinstance(model.network, AnyOrderNetwork):
        return torch.ones(len(known), dtype=torch.bool, device=known.device)
    steps = known[:, model.dims(*known.shape).to(known.device)]
    direct = ~(steps[:, 1:] & ~steps[:, :-1]).any(dim=1)
    if bool(direct.all()) or model.ordering.end is not None:
        return direct  # in a string, whether a later symbol exists at all hangs on those before
    if known.shape[1] > _MOST_STEPS:
        return direct  # a matrix of all pairs of steps would not fit into memory
    read = model.network.promised(known.shape[1]).to(known.device)
    reads_unknown = (~steps).float() @ read.float().T > 0
    return ~(steps & reads_unknown).any(dim=1)
