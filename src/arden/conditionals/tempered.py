"""A discrete family made sharper or flatter."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from arden.core.conditional import Discrete
from arden.errors import InputError

__all__ = ["Tempered"]


@dataclass(frozen=True)
class Tempered(Discrete):
    """p_τ(k) ∝ p(k)^(1/τ): another distribution, normalised again step by step.

    τ < 1 sharpens, τ > 1 flattens, τ = 1 changes nothing. A model with a tempered family is an
    exact model of its own: its samples follow *its* density, not the untempered one.

    >>> import torch
    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> Tempered(Bernoulli(), 0.5).log_pmf(torch.tensor([1.0])).exp()[1]    # σ(1 / 0.5)
    tensor(0.8808)
    """

    family: Discrete
    temperature: float

    def __post_init__(self) -> None:
        if not isinstance(self.family, Discrete):
            raise InputError(f"family: expected a discrete family, got {self.family}")
        if not 0 < self.temperature < float("inf"):
            raise InputError(f"temperature: expected a positive number, got {self.temperature}")

    @property
    def num_symbols(self) -> int:  # type: ignore[override]  # derived, not stored
        """That of the family."""
        return self.family.num_symbols

    @property
    def num_params(self) -> int:
        """That of the family."""
        return self.family.num_params

    @property
    def num_features(self) -> int:
        """That of the family."""
        return self.family.num_features

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, F): those of the family."""
        return self.family.features(value)

    def log_pmf(self, params: Tensor) -> Tensor:
        """(…, P) -> (…, K): ln p_τ(k), normalised, in nats."""
        return (self.family.log_pmf(params) / self.temperature).log_softmax(dim=-1)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): ln p_τ(value), in nats."""
        return self.log_pmf(params).gather(-1, value.long()[..., None])[..., 0]

    def params_of(self, log_pmf: Tensor) -> Tensor:
        """(…, K) -> (…, P): the family's parameters of p ∝ p_τ^τ."""
        return self.family.params_of((log_pmf * self.temperature).log_softmax(dim=-1))
