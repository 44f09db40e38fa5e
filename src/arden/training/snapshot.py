"""The weights of a model, taken and put back: what training changes, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["MovingAverage", "restore", "snapshot"]


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """A model -> a copy of everything that training changes, by name.

    Weights that several components share appear once. Masks never change: thirty-two masks of one
    network would outweigh it.
    """
    return {name: tensor.detach().clone() for name, tensor in _changing(model)}


@torch.no_grad()
def restore(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """A model, its snapshot -> (): the same weights as then, bit for bit."""
    for name, tensor in _changing(model):
        tensor.copy_(weights[name])


class MovingAverage:
    """An exponential moving average of the weights, which often generalises better than the last.

    After t steps the decay is at most (1 + t) / (10 + t), so that the first weights are forgotten
    soon. An average of masked weights is masked, and weights tied stay tied: the averaged model is
    a model of the same kind, exactly normalised. (Polyak, Juditsky, "Acceleration of stochastic
    approximation by averaging", 1992.)
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model, self.decay = model, decay
        self.weights = snapshot(model)
        self._live = dict(_changing(model))  # looked up once: an ensemble has many modules

    @torch.no_grad()
    def update(self, step: int) -> None:
        """The number of steps taken -> (): take the model's weights of now into the average."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in self._live.items():
            if tensor.is_floating_point():
                self.weights[name].lerp_(tensor.detach(), 1 - decay)
            else:
                self.weights[name].copy_(tensor)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """() -> within the block the model holds the average, after it its own weights again."""
        own = snapshot(self.model)
        restore(self.model, self.weights)
        try:
            yield
        finally:
            restore(self.model, own)


def _changing(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Parameters and the numbers kept beside them; both come without repetition."""
    yield from model.named_parameters()
    kept = model.state_dict(keep_vars=True)
    for name, buffer in model.named_buffers():
        if name in kept and not name.endswith("_mask"):
            yield name, buffer
