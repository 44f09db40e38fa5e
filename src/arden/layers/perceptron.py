"""Dense layers one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

__all__ = ["Perceptron"]


class Perceptron(nn.Module):
    """(…, inputs) -> (…, outputs): affine maps, and between any two of them a nonlinearity.

    >>> import torch
    >>> Perceptron(3, (5, 4), 2, torch.relu)(torch.zeros(7, 3)).shape
    torch.Size([7, 2])
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        between: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self._between = between
        sizes = [inputs, *hidden, outputs]
        self.layers = nn.ModuleList(
            nn.Linear(size, following) for size, following in pairwise(sizes)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """(…, inputs) -> (…, outputs)."""
        *before, last = self.layers
        for layer in before:
            inputs = self._between(layer(inputs))
        return last(inputs)
