"""Several real columns at once: mixtures of Gaussians that differ in unit and floor alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.conditionals.gaussian_mixture import (
    GaussianMixture,
    draw_of_parts,
    draw_of_parts_between,
    log_density,
    log_mass_of_parts,
    mode_of_parts,
    parts_of,
)
from arden.conditionals.standardised import Standardised
from arden.core.conditional import Conditional, Density

__all__ = ["RealColumns"]


@dataclass(frozen=True, eq=False)
class RealColumns(Density):
    """What `Standardised` mixtures give one by one, for all of them in one computation.

    ``shift``, ``scale`` and ``min_scale`` are float64, as broad as the values or broadcast to them.
    """

    family: GaussianMixture
    shift: Tensor
    scale: Tensor
    min_scale: Tensor

    num_features = 1
    num_noise = 2

    @classmethod
    def of(cls, families: Sequence[Conditional]) -> RealColumns | None:
        """(D,) families -> the same as one, or None where they differ in more than numbers."""
        inner: list[GaussianMixture] = []
        for family in families:
            if not (isinstance(family, Standardised) and type(family.family) is GaussianMixture):
                return None
            inner.append(family.family)
        if len({(part.components, part.weights) for part in inner}) > 1:
            return None
        units = [(part.shift, part.scale) for part in families if isinstance(part, Standardised)]
        shift, scale = torch.tensor(units, dtype=torch.float64).unbind(dim=1)
        least = torch.tensor([part.min_scale for part in inner], dtype=torch.float64)
        return cls(inner[0], shift, scale, least)

    def at(self, dims: Tensor) -> RealColumns:
        """(D,), (B,) or (B, D) -> those columns."""
        numbers = (self.shift, self.scale, self.min_scale)
        return RealColumns(self.family, *(column.to(dims.device)[dims] for column in numbers))

    @property
    def num_params(self) -> int:
        """That of each."""
        return self.family.num_params

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, 1): the standardised values."""
        return self.family.features(self._standardise(value))

    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool: finite numbers."""
        return self.family.contains(value)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): log density per unit of its own column, in nats."""
        scored = log_density(self._parts(params), self._standardise(value))
        return scored - self.scale.log().to(scored.dtype)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, 2) -> (…), each in the unit of its column."""
        return draw_of_parts(self._parts(params), noise) * self.scale + self.shift

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…), each in the unit of its column."""
        return mode_of_parts(self._parts(params)) * self.scale + self.shift

    def log_mass(self, params: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…), (…) -> (…): ln P(low ≤ X ≤ high), in nats."""
        bounds = self._standardise(low), self._standardise(high)
        return log_mass_of_parts(self._parts(params), *bounds).logsumexp(dim=-1)

    def draw_between(self, params: Tensor, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…, 2), (…), (…) -> (…), each in the unit of its column."""
        bounds = self._standardise(low), self._standardise(high)
        drawn = draw_of_parts_between(self._parts(params), noise, *bounds)
        return (drawn * self.scale + self.shift).clamp(low, high)

    def _parts(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        least = self.min_scale.to(params.dtype)[..., None]
        return parts_of(params, self.family.components, self.family.weights, least)

    def _standardise(self, value: Tensor) -> Tensor:
        return (value.double() - self.shift) / self.scale
