"""A density over values that were bent until they look Gaussian, told in the units of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor
from torch.special import ndtri

from arden.conditionals._transformed import Transformed, check_density
from arden.core.conditional import Conditional
from arden.errors import InputError

__all__ = ["QuantileMapped", "quantile_knots"]


@dataclass(frozen=True)
class QuantileMapped(Transformed):
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
        check_density(self.family)
        for name, places in (("knots", self.knots), ("images", self.images)):
            rising = all(a < b for a, b in pairwise(places))
            if len(places) < 2 or not rising or not all(map(math.isfinite, places)):
                raise InputError(f"{name}: expected two finite numbers or more that rise")
        if len(self.knots) != len(self.images):
            raise InputError(
                f"images: expected {len(self.knots)}, one a knot, got {len(self.images)}"
            )

    @property
    def steepest(self) -> float:
        """The largest slope of g: a deviation of σ there is one of σ / slope in the data."""
        return self._line[2].max().item()

    def _mapped(self, value: Tensor) -> tuple[Tensor, Tensor]:
        value = value.double().contiguous()
        knots, images, slopes = (part.to(value.device) for part in self._line)
        # A value on a knot belongs to the piece before it, here as on the way back.
        piece = torch.searchsorted(knots, value).clamp(1, len(knots) - 1) - 1
        return images[piece] + (value - knots[piece]) * slopes[piece], slopes[piece].log()

    def _mapped_back(self, value: Tensor) -> Tensor:
        value = value.double().contiguous()
        knots, images, slopes = (part.to(value.device) for part in self._line)
        piece = torch.searchsorted(images, value).clamp(1, len(images) - 1) - 1
        return knots[piece] + (value - images[piece]) / slopes[piece]

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
