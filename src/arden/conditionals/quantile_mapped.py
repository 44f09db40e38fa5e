"""A density over values that were bent until they look Gaussian, told in the units of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor
from torch.special import ndtri

from arden.core.conditional import Conditional, Density
from arden.errors import InputError

__all__ = ["QuantileMapped", "quantile_knots"]


@dataclass(frozen=True)
class QuantileMapped(Density):
    """p(x) = p_family(g(x)) g′(x), with g increasing and straight between knots and their images.

    Beyond the outer knots g goes on as straight as it came. The Jacobian g′ is kept, so that it
    stays a density per unit of the data, whatever the knots.

    >>> import torch
    >>> from arden.conditionals.gaussian_mixture import GaussianMixture
    >>> bent = QuantileMapped(GaussianMixture(1), knots=(0.0, 1.0, 9.0), images=(-1.0, 0.0, 1.0))
    >>> bent.features(torch.tensor([0.5, 5.0])).flatten().tolist()
    [-0.5, 0.5]
    >>> x = torch.linspace(-90, 180, 270_001, dtype=torch.float64)
    >>> density = bent.log_prob(torch.zeros(len(x), 3, dtype=torch.float64), x).exp()
    >>> round(torch.trapezoid(density, x).item(), 2)
    1.0
    """

    family: Conditional
    knots: tuple[float, ...]
    images: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.family.num_symbols is not None:
            raise InputError(f"family: expected a density, got {self.family}")
        for name, places in (("knots", self.knots), ("images", self.images)):
            rising = all(a < b for a, b in pairwise(places))
            if len(places) < 2 or not rising or not all(map(math.isfinite, places)):
                raise InputError(f"{name}: expected two finite numbers or more that rise")
        if len(self.knots) != len(self.images):
            raise InputError(
                f"images: expected {len(self.knots)}, one a knot, got {len(self.images)}"
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

    @property
    def steepest(self) -> float:
        """The largest slope of g: a deviation of σ there is one of σ / slope in the data."""
        return self._line[2].max().item()

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, F): those of the bent value."""
        return self.family.features(self._bent(value)[0])

    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool."""
        return self.family.contains(value)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): log density per unit of the data, in nats."""
        bent, slope = self._bent(value)
        scored = self.family.log_prob(params, bent)
        return scored + slope.log().to(scored.dtype)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, U) -> (…), in units of the data."""
        return self._straightened(self.family.draw(params, noise))

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…), in units of the data: where the peak of the bent values comes from."""
        return self._straightened(self.family.mode(params))

    def log_mass(self, params: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…), (…) in units of the data -> (…): ln P(low ≤ X ≤ high), in nats."""
        return self._density.log_mass(params, self._bent(low)[0], self._bent(high)[0])

    def draw_between(self, params: Tensor, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…, U), (…), (…) in units of the data -> (…): X given low ≤ X ≤ high."""
        between = (self._bent(low)[0], self._bent(high)[0])
        drawn = self._straightened(self._density.draw_between(params, noise, *between))
        return drawn.clamp(low, high)  # rounding must not carry it over a bound

    @property
    def _density(self) -> Density:
        if not isinstance(self.family, Density):
            raise InputError(f"interval: {type(self.family).__name__} does not tell its mass")
        return self.family

    def _straightened(self, bent: Tensor) -> Tensor:
        """(…) bent -> (…) in units of the data."""
        bent = bent.double().contiguous()
        knots, images, slopes = (part.to(bent.device) for part in self._line)
        piece = torch.searchsorted(images, bent).clamp(1, len(images) - 1) - 1
        return knots[piece] + (bent - images[piece]) / slopes[piece]

    def _bent(self, value: Tensor) -> tuple[Tensor, Tensor]:
        """(…) -> (…) bent, (…) the slope there, both float64."""
        value = value.double().contiguous()
        knots, images, slopes = (part.to(value.device) for part in self._line)
        # A value on a knot belongs to the piece before it, here as on the way back.
        piece = torch.searchsorted(knots, value).clamp(1, len(knots) - 1) - 1
        return images[piece] + (value - knots[piece]) * slopes[piece], slopes[piece]

    @cached_property
    def _line(self) -> tuple[Tensor, Tensor, Tensor]:
        """Knots, images, and the slope of every piece."""
        knots = torch.tensor(self.knots, dtype=torch.float64)
        images = torch.tensor(self.images, dtype=torch.float64)
        return knots, images, images.diff() / knots.diff()


def quantile_knots(
    values: Tensor, least_gap: float, most: int = 32
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(N,) -> (L,) knots and (L,) images, L ≤ most + 1, that make the values nearly Gaussian.

    Knots are values at even steps of rank, the least and the greatest among them, at least
    ``least_gap`` apart: g is then nowhere steeper than its images allow, whatever is repeated. The
    image of a knot is the Gaussian quantile of its rank. A constant column is only shifted.

    >>> knots, images = quantile_knots(torch.tensor([0.0, 1.0, 1.0, 8.0]), least_gap=0.5, most=3)
    >>> knots, [round(image, 3) for image in images]
    ((0.0, 1.0, 8.0), [-1.15, 0.0, 1.15])
    """
    ordered = values.double().flatten().sort().values
    if not len(ordered) or bool(ordered[0] == ordered[-1]):
        middle = ordered[0].item() if len(ordered) else 0.0
        return (middle, middle + 1.0), (0.0, 1.0)
    ranks = torch.linspace(0, len(ordered) - 1, most + 1).round().long()
    kept: list[float] = []
    for knot in ordered[ranks].tolist():
        if not kept or knot - kept[-1] >= least_gap:
            kept.append(knot)
    if kept[-1] < ordered[-1].item():  # the greatest takes the place of one too near to it
        kept = [*(kept[:-1] if len(kept) > 1 else kept), ordered[-1].item()]
    knots = torch.tensor(kept, dtype=torch.float64)
    below = torch.searchsorted(ordered, knots)
    middle_rank = (below + torch.searchsorted(ordered, knots, right=True)) / 2
    images = ndtri(middle_rank.double() / len(ordered))
    return tuple(kept), tuple(images.tolist())
