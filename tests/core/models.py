"""Small models whose every weight was shaken, and everything that can happen to them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
from torch import Generator, Tensor, nn

from arden.core.conditional import Conditional
from arden.core.draw import uniform_noise
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import CausalNetwork, apply_masks
from arden.core.ordering import Ordering


def generator(seed: int = 0) -> Generator:
    """seed -> a generator of its own."""
    return torch.Generator().manual_seed(seed)


def shake(module: nn.Module, scale: float = 0.5, seed: int = 0) -> None:
    """module -> (): noise on every weight, masks re-applied; a zero weight would hide a defect."""
    source = generator(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=source, dtype=torch.float64)
            parameter.add_(scale * noise.to(parameter.dtype))
    apply_masks(module)


def build(
    network: type[CausalNetwork],
    options: Any,
    conditional: Conditional,
    ordering: Ordering,
    context_size: int = 0,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> AutoregressiveModel:
    """The parts of a model -> that model, shaken, in float64 unless asked otherwise."""
    spec = spec_for(ordering, conditional, context_size)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoregressiveModel(ordering, network(spec, options), conditional)
    model = model.to(dtype)
    shake(model, seed=seed)
    return model.eval()


def every_event(shape: tuple[int, ...], symbols: int) -> Tensor:
    """event shape, K -> (K^D, *event) int64: every event there is."""
    events = list(itertools.product(range(symbols), repeat=math.prod(shape)))
    return torch.tensor(events).reshape(len(events), *shape).long()


def some_events(
    conditional: Conditional, shape: tuple[int, ...], batch_size: int, seed: int = 0
) -> Tensor:
    """family, event shape, B -> (B, *event): symbols at random, or normal reals."""
    source = generator(seed)
    if conditional.num_symbols is None:
        return torch.randn(batch_size, *shape, generator=source, dtype=torch.float64)
    return torch.randint(0, conditional.num_symbols, (batch_size, *shape), generator=source)


def noise_for(model: AutoregressiveModel, batch_size: int, seed: int = 0) -> Tensor:
    """model, B -> (B, *event, U): what `draw` takes."""
    shape = (batch_size, *model.event_shape, model.conditional.num_noise)
    return uniform_noise(generator(seed), shape)


def chi_square(counts: Tensor, probabilities: Tensor) -> float:
    """(N,) draws of each outcome, (N,) -> Pearson's statistic in standard deviations from its mean.

    Outcomes expected less than five times are pooled, so that the normal limit holds.
    """
    expected = probabilities.double() * counts.sum()
    rare = expected < 5
    if bool(rare.any()):
        counts = torch.cat([counts[~rare], counts[rare].sum()[None]])
        expected = torch.cat([expected[~rare], expected[rare].sum()[None]])
    freedom = len(counts) - 1
    statistic = ((counts - expected) ** 2 / expected).sum().item()
    return (statistic - freedom) / math.sqrt(2 * freedom)
