"""A density over standardised values, told in the units of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from arden.core.conditional import Conditional, Density
from arden.errors import InputError

__all__ = ["Standardised"]


@dataclass(frozen=True)
class Standardised(Density):
    """p(x) = p_family((x − shift) / scale) / scale: the Jacobian is kept, so it stays a density.

    >>> import torch
    >>> from arden.conditionals.gaussian_mixture import GaussianMixture
    >>> family = GaussianMixture(components=1)
    >>> params, x = torch.zeros(3), torch.tensor(7.0)
    >>> wide = Standardised(family, shift=5.0, scale=2.0)
    >>> (wide.log_prob(params, x) - family.log_prob(params, (x - 5) / 2)).exp()     # 1 / scale
    tensor(0.5000)
    """

    family: Conditional
    shift: float
    scale: float

    def __post_init__(self) -> None:
        if self.family.num_symbols is not None:
            raise InputError(f"family: expected a density, got {self.family}")
        if not (0 < self.scale < math.inf and math.isfinite(self.shift)):
            raise InputError(
                f"shift, scale: expected finite numbers and scale > 0, "
                f"got {self.shift} and {self.scale}"
            )

    @property
    def num_params(self) -> int:
        """That of the family."""
        return self.family.num_params

    @property
    def num_features(self) -> int:
        """That of the family."""
        return self.family.num_features

    @property
    def num_noise(self) -> int:
        """That of the family."""
        return self.family.num_noise

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, F): those of the standardised value."""
        return self.family.features(self._standardise(value))

    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool."""
        return self.family.contains(value)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): log density per unit of the data, in nats."""
        return self.family.log_prob(params, self._standardise(value)) - math.log(self.scale)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, U) -> (…), in units of the data."""
        return self.family.draw(params, noise) * self.scale + self.shift

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…): the family's, in units of the data."""
        return self.family.mode(params) * self.scale + self.shift

    def log_mass(self, params: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…), (…) -> (…): ln P(low ≤ X ≤ high), in nats: no unit is left in it."""
        return self._density.log_mass(params, self._standardise(low), self._standardise(high))

    def draw_between(self, params: Tensor, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…, U), (…), (…) -> (…), in units of the data."""
        bounds = self._standardise(low), self._standardise(high)
        drawn = self._density.draw_between(params, noise, *bounds) * self.scale + self.shift
        return drawn.clamp(low, high)  # rounding must not carry it over a bound

    @property
    def _density(self) -> Density:
        if not isinstance(self.family, Density):
            raise InputError(f"family: {type(self.family).__name__} has no mass of an interval")
        return self.family

    def _standardise(self, value: Tensor) -> Tensor:
        # In float64 before anything is rounded: large values with a small spread keep their digits.
        return (value.double() - self.shift) / self.scale
