"""AdamW and the learning rate of every step."""

from __future__ import annotations

import math

import torch
from torch import nn

from arden.training.options import TrainingOptions

__all__ = ["learning_rate", "make_optimiser"]


def make_optimiser(model: nn.Module, options: TrainingOptions) -> torch.optim.AdamW:
    """A model -> AdamW over its parameters, decaying matrices only."""
    parameters = [p for p in model.parameters() if p.requires_grad and p.numel()]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=options.learning_rate, fused=True
    )


def learning_rate(options: TrainingOptions, step: int, steps: int) -> float:
    """A step counted from 0, the steps of the whole fit -> the learning rate of that step.

    A function of the step alone: a fit that goes on after an interruption needs nothing else.

    >>> from arden.training.options import TrainingOptions
    >>> [learning_rate(TrainingOptions(schedule="cosine"), step, 4) for step in (0, 2)]
    [0.001, 0.0005]
    """
    rising = min((step + 1) / options.warmup, 1.0) if options.warmup else 1.0
    if options.schedule == "cosine":
        rising *= 0.5 * (1 + math.cos(math.pi * min(step / max(steps, 1), 1.0)))
    return options.learning_rate * rising
