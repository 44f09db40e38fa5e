"""One intensity out of K ordered levels: a mixture of discretised logistics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

from arden.core.conditional import Discrete
from arden.errors import InputError

__all__ = ["LogisticMixture", "log_cell_mass"]

_MIN_LOG_SCALE = -7.0  # of the unit in which all K levels span [−1, 1]: about K/2000 of a level
_MAX_LOG_SCALE = 40.0  # wider, a cell has no width left in float32 and the gradient is NaN


@dataclass(frozen=True)
class LogisticMixture(Discrete):
    """P = 3M: weight logits, means, log scales of M logistics, each integrated over the K cells.

    Levels lie at 2k / (K − 1) − 1, a cell reaches half-way to its neighbours, and the two outer
    cells take the tails, so the mass of the K cells is one, always. Draws are made on those same
    cells by the inverse transform: never a value off the grid. (Salimans, Karpathy, Chen, Kingma,
    "PixelCNN++", 2017.)

    >>> import torch
    >>> family = LogisticMixture(num_symbols=256, components=2)
    >>> total = family.log_pmf(torch.linspace(-2, 2, 6, dtype=torch.float64)).exp().sum()
    >>> abs(total.item() - 1) < 1e-12
    True
    """

    num_symbols: int = 256
    components: int = 10
    num_features = 1

    def __post_init__(self) -> None:
        if self.num_symbols < 2:
            raise InputError(f"num_symbols: expected at least 2, got {self.num_symbols}")
        if self.components < 1:
            raise InputError(f"components: expected at least 1, got {self.components}")

    @property
    def num_params(self) -> int:
        """3M."""
        return 3 * self.components

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, 1): the level, scaled to [−1, 1]."""
        return value[..., None].double() * (2.0 / (self.num_symbols - 1)) - 1.0

    def component_log_prob(self, means: Tensor, log_scales: Tensor, value: Tensor) -> Tensor:
        """(…, M), (…, M), (…) -> (…, M): ln mass of the value's cell under each logistic."""
        half_cell = 1.0 / (self.num_symbols - 1)
        centre = (value.to(means.dtype) * (2.0 * half_cell) - 1.0)[..., None] - means
        inverse_scale = (-log_scales.clamp(_MIN_LOG_SCALE, _MAX_LOG_SCALE)).exp()
        first, last = value[..., None] == 0, value[..., None] == self.num_symbols - 1
        return log_cell_mass(centre, half_cell, inverse_scale, first, last)

    def log_pmf(self, params: Tensor) -> Tensor:
        """(…, 3M) -> (…, K): ln mass of every level, in nats."""
        levels = torch.arange(self.num_symbols, device=params.device)
        return self.log_prob(params[..., None, :], levels.expand(*params.shape[:-1], -1))

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, 3M), (…) -> (…): ln mass of the level, in nats."""
        logits, means, log_scales = params.chunk(3, dim=-1)
        terms = self.component_log_prob(means, log_scales, value)
        return (terms + logits.log_softmax(dim=-1)).logsumexp(dim=-1)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, 3M), (…, 1) uniforms -> (…) int64: the first level whose cumulative mass exceeds u.

        Of √K blocks of levels the one it lies in, then which of these: the cumulative mass is
        looked at in 2 √K places, in float64 whatever the parameters' dtype.
        """
        block = 1 + math.isqrt(self.num_symbols - 1)
        last = self.num_symbols - 1
        logits, means, inverse_scales = (part[..., None, :] for part in self._sharpness(params))
        weights = logits.softmax(dim=-1)

        def passed(levels: Tensor) -> Tensor:
            """(…, N) -> (…): how many of them end at or below u."""
            edges = self._upper_edge(levels)[..., None]
            mass = (weights * ((edges - means) * inverse_scales).sigmoid()).sum(dim=-1)
            return ((mass <= noise) & (levels < last)).sum(dim=-1)

        ends = torch.arange(block - 1, last, block, device=params.device)
        first = block * passed(ends)
        return first + passed(first[..., None] + torch.arange(block - 1, device=params.device))

    def entropy(self, params: Tensor) -> Tensor:
        """(…, 3M) -> (…) float64: −Σ_k p(k) ln p(k), in nats.

        What is too small to be a difference of cumulative masses in float64 weighs nothing in this
        sum, and they are one σ for each edge of a cell: a sixth of the work.
        """
        logits, means, inverse_scales = self._sharpness(params)
        edges = self._upper_edge(torch.arange(self.num_symbols - 1, device=params.device))
        below = (edges[:, None] - means[..., None, :]).mul_(inverse_scales[..., None, :])
        cumulative = (below.sigmoid_() @ logits.softmax(dim=-1)[..., None])[..., 0]
        upper, lower = pad(cumulative, (0, 1), value=1.0), pad(cumulative, (1, 0), value=0.0)
        return torch.special.entr((upper - lower).clamp_(0.0, 1.0)).sum(dim=-1)

    def params_of(self, log_pmf: Tensor) -> Tensor:
        """Not defined: a mixture of logistics cannot represent every mass function.

        Raises:
            InputError: always.
        """
        raise InputError(
            "conditional: a mixture of logistics has no parameters for given counts; "
            "expected bernoulli or categorical"
        )

    def _sharpness(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(…, 3M) -> (…, M) weight logits, means and inverse scales, in float64."""
        logits, means, log_scales = params.double().chunk(3, dim=-1)
        return logits, means, (-log_scales.clamp(_MIN_LOG_SCALE, _MAX_LOG_SCALE)).exp()

    def _upper_edge(self, level: Tensor) -> Tensor:
        """(…) levels below the last -> (…) float64: where their cells end."""
        return (2.0 * level.double() + 1.0) / (self.num_symbols - 1) - 1.0


def log_cell_mass(
    centre: Tensor, half_cell: float, inverse_scale: Tensor, first: Tensor, last: Tensor
) -> Tensor:
    """(…, M) distances of a cell's middle from the means -> (…, M): ln mass of the cell, in nats.

    Distances, ``half_cell`` and the inverse of ``inverse_scale`` share a unit. The ``first`` and
    the ``last`` cell take the tails.
    """
    upper = (centre + half_cell) * inverse_scale
    lower = (centre - half_cell) * inverse_scale
    width = 2.0 * half_cell * inverse_scale
    # σ(u) − σ(l) = σ(u) σ(−l) (1 − e^{−(u−l)}): three factors, none of which cancels.
    inner = logsigmoid(upper) + logsigmoid(-lower) + (-torch.expm1(-width)).log()
    return torch.where(first, logsigmoid(upper), torch.where(last, logsigmoid(-lower), inner))
