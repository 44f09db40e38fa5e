"""A density over standardised values, told in the units of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from arden.conditionals._transformed import Transformed, check_density
from arden.core.conditional import Conditional
from arden.errors import InputError

__all__ = ["Standardised"]


@dataclass(frozen=True)
class Standardised(Transformed):
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
        check_density(self.family)
        if not (0 < self.scale < math.inf and math.isfinite(self.shift)):
            raise InputError(
                f"shift, scale: expected finite numbers and scale > 0, "
                f"got {self.shift} and {self.scale}"
            )

    def _mapped(self, value: Tensor) -> tuple[Tensor, float]:
        # In float64 before anything is rounded: large values with a small spread keep their digits.
        return (value.double() - self.shift) / self.scale, -math.log(self.scale)

    def _mapped_back(self, value: Tensor) -> Tensor:
        return value * self.scale + self.shift
