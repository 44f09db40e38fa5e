"""A density over transformed values, told in the units of the data."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from arden.core.conditional import Conditional, Density
from arden.errors import InputError

__all__ = ["Transformed", "check_density"]


class Transformed(Density):
    """p(x) = p_family(g(x)) g′(x) for an increasing g: the Jacobian is kept, so that it stays a
    density per unit of the data."""

    family: Conditional

    @abstractmethod
    def _mapped(self, value: Tensor) -> tuple[Tensor, Tensor | float]:
        """(…) -> (…) g(x), in float64, and ln g′(x), of that shape or one for all."""

    @abstractmethod
    def _mapped_back(self, value: Tensor) -> Tensor:
        """(…) g(x) -> (…) x, in units of the data."""

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
        """(…) -> (…, F): those of the transformed value."""
        return self.family.features(self._mapped(value)[0])

    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool."""
        return self.family.contains(value)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): log density per unit of the data, in nats."""
        mapped, log_slope = self._mapped(value)
        scored = self.family.log_prob(params, mapped)
        return scored + (log_slope.to(scored.dtype) if isinstance(log_slope, Tensor) else log_slope)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, U) -> (…), in units of the data."""
        return self._mapped_back(self.family.draw(params, noise))

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…), in units of the data: where the family's comes from."""
        return self._mapped_back(self.family.mode(params))

    def log_mass(self, params: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…), (…) in units of the data -> (…): ln P(low ≤ X ≤ high), in nats."""
        return self._density.log_mass(params, self._mapped(low)[0], self._mapped(high)[0])

    def draw_between(self, params: Tensor, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…, U), (…), (…) in units of the data -> (…): X given low ≤ X ≤ high."""
        between = self._mapped(low)[0], self._mapped(high)[0]
        drawn = self._mapped_back(self._density.draw_between(params, noise, *between))
        return drawn.clamp(low, high)  # rounding must not carry it over a bound

    @property
    def _density(self) -> Density:
        if not isinstance(self.family, Density):
            raise InputError(f"family: {type(self.family).__name__} has no mass of an interval")
        return self.family


def check_density(family: Conditional) -> None:
    """A family -> (); one of symbols has no density."""
    if family.num_symbols is not None:
        raise InputError(f"family: expected a density, got {family}")
