"""The plainest training there is: likelihood, Adam, one batch after another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from tests.core.models import generator


def train(
    model: nn.Module,
    loss: Callable[[Tensor, Generator], Tensor],
    rows: int,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 0.01,
) -> None:
    """model, (row numbers, generator) -> (B,) nats, N rows -> (): Adam with a decaying rate."""
    source = generator()
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        chosen = torch.randint(0, rows, (batch_size,), generator=source)
        optimiser.zero_grad()
        loss(chosen, source).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    model.eval()


def random_orders(rows: int, length: int, source: Generator) -> Tensor:
    """N, T -> (N, T) int64: one random order per row."""
    return torch.rand(rows, length, generator=source).argsort(dim=1)
