"""Models that are hard to store: weights shared under several masks, classes of a user's own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import NetworkSpec, ReplayedNetwork
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster
from tests.core.models import shake

SHAPE = (2, 3)


def made_of_masks(count: int = 3) -> Mixture:
    """M -> a MADE of one set of weights under M masks, shaken, in float64."""
    spec = spec_for(Raster(SHAPE), Bernoulli())
    network = MADE(spec, MADEOptions(hidden=(7, 5), masks=count)).double()
    shake(network)
    parts = [AutoregressiveModel(Raster(SHAPE), m, Bernoulli()) for m in network.members()]
    return Mixture(parts, [1.0, 2.0, 4.0][:count])


@dataclass(frozen=True)
class FadingOptions:
    """Options of a user's own network."""

    keep: float = 0.9


class Fading(ReplayedNetwork):
    """A user's own network, of one fixed length: a linear map of a memory that fades."""

    def __init__(self, spec: NetworkSpec, options: FadingOptions) -> None:
        super().__init__(spec, options)
        self.output = nn.Linear(spec.num_features, spec.num_params)

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        past = torch.arange(features.shape[1])
        age = past[:, None] - past[None, :] - 1
        weight = torch.where(age >= 0, self.options.keep ** age.clamp(min=0).to(features), 0.0)
        return self.output(weight @ features)
