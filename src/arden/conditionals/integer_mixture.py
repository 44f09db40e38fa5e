"""One whole number of a long range: spikes where values heap, discretised logistics elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.special import ndtri

from arden.conditionals.logistic_mixture import log_cell_mass
from arden.core.conditional import Discrete
from arden.errors import InputError

__all__ = ["IntegerMixture"]

_LEAST_SCALE = 0.05  # of a cell: a logistic this narrow has all but e⁻¹⁰ of its mass in one cell
_MOST_LISTED = 4096
_MOST_NUMBERS = 2**22  # held at a time when all levels are asked for


@dataclass(frozen=True)
class IntegerMixture(Discrete):
    """P = S + 3M: weight logits of S spikes and M logistics, then M means and M scales.

    p(k) = Σ_s w_s [k = a_s] + Σ_m w_m (F_m(k + ½) − F_m(k − ½)) for k = 0 … K − 1, where the two
    outer cells take the tails of the logistics F_m: the masses of all K are one, always. A spike
    is a value that occurs far more often than those beside it (no capital gain, forty hours a
    week); being a mass it can never earn more than ln 1 = 0 nats, however many rows share it.

    ``shares`` of the rows that hold each spike are where the weights begin: a logit of 0 means the
    share itself. Means and scales are in units of ``unit`` levels from ``shift``, which follow the
    training rows. K may be large: `log_prob` and `draw` never look at all of them, `log_pmf` does.
    A network is shown F = 1 + S numbers: asinh of the standardised value, and which spike it is.
    (Discretised logistics: Salimans, Karpathy, Chen, Kingma, "PixelCNN++", 2017.)

    >>> import torch
    >>> family = IntegerMixture(num_symbols=1000, shift=40.0, unit=9.0, components=2, spikes=(0,))
    >>> total = family.log_pmf(torch.linspace(-2, 2, 7, dtype=torch.float64)).exp().sum()
    >>> abs(total.item() - 1) < 1e-12
    True
    """

    shift: float
    unit: float
    num_symbols: int = 256
    components: int = 10
    spikes: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.num_symbols < 2:
            raise InputError(f"num_symbols: expected at least 2, got {self.num_symbols}")
        if self.components < 1:
            raise InputError(f"components: expected at least 1, got {self.components}")
        if not (0 < self.unit < math.inf and math.isfinite(self.shift)):
            raise InputError(
                f"shift, unit: expected finite numbers and unit > 0, got {self.shift}, {self.unit}"
            )
        distinct = len(set(self.spikes)) == len(self.spikes)
        if not distinct or not all(0 <= spike < self.num_symbols for spike in self.spikes):
            raise InputError(
                f"spikes: expected different numbers in 0..{self.num_symbols - 1}, "
                f"got {self.spikes}"
            )

        shared = all(share > 0 for share in self.shares) and sum(self.shares) < 1
        if not shared or len(self.shares) not in (0, len(self.spikes)):
            raise InputError(
                f"shares: expected one of each of {len(self.spikes)} spikes, above 0 and together "
                f"below 1, got {self.shares}"
            )

    @property
    def num_params(self) -> int:
        """S + 3M."""
        return len(self.spikes) + 3 * self.components

    @property
    def num_features(self) -> int:
        """1 + S."""
        return 1 + len(self.spikes)

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, 1 + S): asinh of the standardised value, and which spike it is, if any."""
        # asinh is the value itself near the middle, and its logarithm where a few are enormous.
        size = ((value.double() - self.shift) / self.unit).asinh()[..., None]
        return torch.cat([size, self._hits(value).double()], dim=-1) if self.spikes else size

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): ln mass of the level, in nats."""
        log_weights, means, scales = self._parts(params)
        half_cell = 0.5 / self.unit
        centre = ((value.double() - self.shift) / self.unit)[..., None] - means
        first, last = value[..., None] == 0, value[..., None] == self.num_symbols - 1
        spiked = len(self.spikes)
        terms = log_weights[..., spiked:] + log_cell_mass(
            centre, half_cell, 1 / scales, first, last
        )
        if spiked:
            own = torch.where(self._hits(value), log_weights[..., :spiked], -torch.inf)
            terms = torch.cat([own, terms], dim=-1)
        return terms.logsumexp(dim=-1).to(params.dtype)

    def log_pmf(self, params: Tensor) -> Tensor:
        """(…, P) -> (…, K): ln mass of every level, in nats."""
        levels = torch.arange(self.num_symbols, device=params.device)
        rows = max(params[..., 0].numel(), 1) * self.num_params
        pieces = [
            self.log_prob(params[..., None, :], some.expand(*params.shape[:-1], -1))
            for some in levels.split(max(1, _MOST_NUMBERS // rows))
        ]
        return torch.cat(pieces, dim=-1)

    def log_block_mass(self, params: Tensor, width: int) -> Tensor:
        """(…, P), W -> (…, ⌈K / W⌉): ln mass of every block of W levels, from where they end."""
        count = -(-self.num_symbols // width)
        ends = torch.arange(1, count + 1, device=params.device) * width - 1
        ends = ends.clamp(max=self.num_symbols - 1).expand(*params.shape[:-1], -1)
        below = self.cdf(params[..., None, :], ends)
        return below.diff(dim=-1, prepend=torch.zeros_like(below[..., :1])).clamp(min=0).log()

    def log_pmf_from(self, params: Tensor, first: Tensor, width: int) -> Tensor:
        """(…, P), (…) int64, W -> (…, W): ln mass of W levels, −∞ beyond the last one."""
        levels = first[..., None] + torch.arange(width, device=first.device)
        inside = levels < self.num_symbols
        found = self.log_prob(params[..., None, :], levels.clamp(max=self.num_symbols - 1))
        return torch.where(inside, found, -torch.inf)

    def cdf(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…) float64: P(X ≤ value), of whole numbers below K; 0 below the first."""
        log_weights, means, scales = self._parts(params)
        weights, spiked = log_weights.exp(), len(self.spikes)
        upper = ((value.double() + 0.5 - self.shift) / self.unit)[..., None] - means
        below = (weights[..., spiked:] * torch.sigmoid(upper / scales)).sum(dim=-1)
        if spiked:
            passed = value[..., None] >= self._spike_levels.to(value.device)
            below = below + (weights[..., :spiked] * passed).sum(dim=-1)
        below = torch.where(value >= self.num_symbols - 1, 1.0, below)
        return torch.where(value < 0, 0.0, below)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, 1) uniforms -> (…) int64: the first level whose cumulative mass exceeds u.

        Found by halving the range, since the range may be too long to be looked at as a whole.
        """
        uniform = noise[..., 0]
        low = torch.zeros(params.shape[:-1], dtype=torch.int64, device=params.device)
        high = torch.full_like(low, self.num_symbols - 1)
        for _ in range(self.num_symbols.bit_length()):
            middle = (low + high) // 2
            exceeds = self.cdf(params, middle) > uniform
            high, low = torch.where(exceeds, middle, high), torch.where(exceeds, low, middle + 1)
            low = torch.minimum(low, high)
        return low

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…) int64: the level of most mass, of a long range the highest peak it knows.

        Beyond some thousand levels only spikes and the middles of the logistics are looked at.
        """
        if self.num_symbols <= _MOST_LISTED:
            return super().mode(params)
        middles = (self._parts(params)[1] * self.unit + self.shift).round().long()
        peaks = middles.clamp(0, self.num_symbols - 1)
        spikes = self._spike_levels.to(params.device).expand(*params.shape[:-1], -1)
        peaks = torch.cat([spikes, peaks], dim=-1)
        mass = self.log_prob(params[..., None, :], peaks)
        return peaks.gather(-1, mass.argmax(dim=-1, keepdim=True))[..., 0]

    def params_of(self, log_pmf: Tensor) -> Tensor:
        """Not defined: such a mixture cannot represent every mass function.

        Raises:
            InputError: always.
        """
        raise InputError(
            "conditional: whole numbers of a long range have no parameters for given counts; "
            "expected bernoulli or categorical"
        )

    @cached_property
    def _spike_levels(self) -> Tensor:
        return torch.tensor(self.spikes, dtype=torch.int64)

    @cached_property
    def _log_shares(self) -> Tensor:
        """(S + M,): where the log weights begin; what the spikes leave is shared evenly."""
        left = (1 - sum(self.shares)) / self.components
        return torch.tensor([*self.shares, *[left] * self.components], dtype=torch.float64).log()

    @cached_property
    def _centres(self) -> Tensor:
        """Where the logistics begin, so that no two of them are the same to the gradient."""
        steps = (torch.arange(self.components, dtype=torch.float64) + 0.5) / self.components
        return ndtri(steps)

    def _hits(self, value: Tensor) -> Tensor:
        """(…) -> (…, S) bool."""
        return value[..., None] == self._spike_levels.to(value.device)

    def _parts(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(…, P) -> log weights (…, S + M), means and scales (…, M) in units, in float64.

        Float64, because a cell can be a millionth of the unit.
        """
        params, count = params.double(), self.components
        logits, means, raw = params.split([len(self.spikes) + count, count, count], dim=-1)
        scales = softplus(raw) + _LEAST_SCALE / self.unit
        if self.shares:
            logits = logits + self._log_shares.to(params.device)
        return logits.log_softmax(dim=-1), means + self._centres.to(params.device), scales
