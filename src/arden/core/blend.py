"""A family that is a weighted mean of families: what one step of a mixture looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from arden.core.conditional import Conditional, Discrete

__all__ = ["blend"]


def blend(families: Sequence[Conditional]) -> Conditional:
    """M families of one scalar -> their mixture; its params are (M log weights, P_1 …, P_M …)."""
    if all(isinstance(family, Discrete) for family in families):
        return _DiscreteBlend(tuple(families))
    return _Blend(tuple(families))


def _parts(families: tuple[Conditional, ...], params: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """(…, M + ΣP) -> (…, M) normalised log weights, and each family's own parameters."""
    sizes = [len(families), *(family.num_params for family in families)]
    log_weights, *own = params.split(sizes, dim=-1)
    return log_weights.log_softmax(dim=-1), tuple(own)


@dataclass(frozen=True)
class _Families:
    """What a blend is shown and takes: the values of any family, the parameters of all."""

    families: tuple[Conditional, ...]

    @property
    def num_params(self) -> int:
        return len(self.families) + sum(family.num_params for family in self.families)

    @property
    def num_features(self) -> int:
        return self.families[0].num_features

    def features(self, value: Tensor) -> Tensor:
        return self.families[0].features(value)


@dataclass(frozen=True)
class _Blend(_Families, Conditional):
    @property
    def num_noise(self) -> int:
        return 1 + max(family.num_noise for family in self.families)

    def contains(self, value: Tensor) -> Tensor:
        return self.families[0].contains(value)

    def mode(self, params: Tensor) -> Tensor:
        _, own = _parts(self.families, params)
        peaks = [f.mode(p) for f, p in zip(self.families, own, strict=True)]
        heights = torch.stack([self.log_prob(params, peak) for peak in peaks], dim=-1)
        values = torch.stack(peaks, dim=-1)
        return values.gather(-1, heights.argmax(dim=-1, keepdim=True))[..., 0]

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        log_weights, own = _parts(self.families, params)
        terms = [f.log_prob(p, value) for f, p in zip(self.families, own, strict=True)]
        return (torch.stack(terms, dim=-1) + log_weights).logsumexp(dim=-1)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        log_weights, own = _parts(self.families, params)
        draws = [
            f.draw(p, noise[..., 1 : 1 + f.num_noise])
            for f, p in zip(self.families, own, strict=True)
        ]
        below = log_weights.double().exp().cumsum(dim=-1) <= noise[..., :1]
        chosen = below.sum(dim=-1, keepdim=True).clamp(max=len(self.families) - 1)
        return torch.stack(draws, dim=-1).gather(-1, chosen)[..., 0]


@dataclass(frozen=True)
class _DiscreteBlend(_Families, Discrete):
    @property
    def num_symbols(self) -> int:  # type: ignore[override]  # derived, not stored
        return cast(Discrete, self.families[0]).num_symbols

    def log_pmf(self, params: Tensor) -> Tensor:
        return self._averaged(params, lambda family, own: family.log_pmf(own))

    def log_block_mass(self, params: Tensor, width: int) -> Tensor:
        return self._averaged(params, lambda family, own: family.log_block_mass(own, width))

    def log_pmf_from(self, params: Tensor, first: Tensor, width: int) -> Tensor:
        return self._averaged(params, lambda family, own: family.log_pmf_from(own, first, width))

    def _averaged(self, params: Tensor, compute: Callable[[Discrete, Tensor], Tensor]) -> Tensor:
        """(…, M + ΣP), ln masses of each family -> ln of their weighted mean."""
        log_weights, own = _parts(self.families, params)
        terms = [compute(cast(Discrete, f), p) for f, p in zip(self.families, own, strict=True)]
        return (torch.stack(terms, dim=-1) + log_weights[..., None, :]).logsumexp(dim=-1)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        return self.log_pmf(params).gather(-1, value.long()[..., None])[..., 0]

    def params_of(self, log_pmf: Tensor) -> Tensor:
        own = [cast(Discrete, f).params_of(log_pmf) for f in self.families]
        weights = log_pmf.new_zeros(*log_pmf.shape[:-1], len(self.families))
        return torch.cat([weights, *own], dim=-1)
