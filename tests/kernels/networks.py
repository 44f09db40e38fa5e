"""Small models for the tests of kernels, with no weight left at zero."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork, NetworkSpec, apply_masks
from arden.core.ordering import Ordering


def shaken(network: CausalNetwork, seed: int = 0, size: float = 0.5) -> CausalNetwork:
    """A network -> the same with noise on every weight: zeros would hide a defect."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.add_(size * noise.to(parameter.dtype))
    apply_masks(network)
    return network


def discrete_model(
    network: type[CausalNetwork],
    options: object,
    family: Discrete,
    ordering: Ordering,
    context_size: int = 0,
    dtype: torch.dtype = torch.float64,
    size: float = 0.5,
) -> AutoregressiveModel:
    """A model of those parts, shaken by noise of that size."""
    spec = NetworkSpec(
        ordering.num_steps,
        family.num_features,
        family.num_params,
        family.num_symbols,
        context_size,
        ordering.step_grid(),
    )
    return AutoregressiveModel(
        ordering, shaken(network(spec, options).to(dtype), size=size), family
    )


def random_context(model: AutoregressiveModel, batch_size: int) -> Tensor | None:
    """A model, B -> (B, C), or None for a model that takes no context."""
    generator = torch.Generator().manual_seed(5)
    if not model.context_size:
        return None
    return torch.randn(batch_size, model.context_size, generator=generator)
