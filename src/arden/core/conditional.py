"""A family of distributions over ONE scalar, its parameters given as arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from arden.errors import InputError

__all__ = ["Conditional", "Density", "Discrete"]


class Conditional(ABC):
    """What p(x_i | x_<i) is as a function of the P numbers a network gives for step i.

    A conditional holds no weights and no data: a frozen dataclass that maps parameters and values
    to nats. Parameters are *unconstrained* (logits, log scales), never probabilities, so that no
    call can mistake one for the other.
    """

    num_symbols: int | None = None
    """K when the scalar takes the values 0 … K − 1, else None."""
    value_dtype: torch.dtype = torch.float64
    """The dtype of drawn values."""

    @property
    @abstractmethod
    def num_params(self) -> int:
        """P: how many unconstrained numbers describe one conditional."""

    @property
    @abstractmethod
    def num_features(self) -> int:
        """F: how many numbers a network is shown of one value."""

    @property
    def num_noise(self) -> int:
        """U: how many uniforms one draw takes."""
        return 1

    @abstractmethod
    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, F): what a network is shown of a value."""

    @abstractmethod
    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): ln p(value), in nats (log density where the scalar is continuous)."""

    @abstractmethod
    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, U) uniforms -> (…): the inverse transform, a function of its noise alone."""

    @abstractmethod
    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool: whether a value lies in the support."""

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…): the most likely value; of a density, the highest peak it knows of.

        Raises:
            InputError: a family that does not tell it.
        """
        raise InputError(f"greedy: {type(self).__name__} does not tell its most likely value")

    def at(self, dims: Tensor) -> Conditional:
        """(D,), (B,) or (B, D) event indices -> the family of those scalars.

        The model goes through this for every access, so a family whose columns differ only has to
        say so here. Families that are the same everywhere are their own answer.
        """
        return self


class Discrete(Conditional):
    """A family over the symbols 0 … K − 1."""

    num_symbols: int  # never None here
    value_dtype = torch.int64

    @abstractmethod
    def log_pmf(self, params: Tensor) -> Tensor:
        """(…, P) -> (…, K): ln p(k) of every symbol, normalised, in nats."""

    @abstractmethod
    def params_of(self, log_pmf: Tensor) -> Tensor:
        """(…, K) -> (…, P): parameters whose `log_pmf` is the given one (for closed-form fits)."""

    def log_block_mass(self, params: Tensor, width: int) -> Tensor:
        """(…, P), W -> (…, ⌈K / W⌉): ln P(jW ≤ X < (j + 1)W) of every block of W symbols, in nats.

        A family over a long range computes it, and `log_pmf_from`, without looking at all of it.
        """
        log_pmf = self.log_pmf(params)
        room = (0, -self.num_symbols % width)
        padded = torch.nn.functional.pad(log_pmf, room, value=-torch.inf)
        return padded.unflatten(-1, (-1, width)).logsumexp(dim=-1)

    def log_pmf_from(self, params: Tensor, first: Tensor, width: int) -> Tensor:
        """(…, P), (…) int64, W -> (…, W): ln p(first), … of W symbols, −∞ beyond the last one."""
        places = first[..., None] + torch.arange(width, device=first.device)
        here = self.log_pmf(params).gather(-1, places.clamp(max=self.num_symbols - 1))
        return torch.where(places < self.num_symbols, here, -torch.inf)

    def mean(self, params: Tensor) -> Tensor:
        """(…, P) -> (…): E[k] = Σ_k k p(k); of bits p(1)."""
        mass = self.log_pmf(params).exp()
        return mass @ torch.arange(self.num_symbols, dtype=mass.dtype, device=mass.device)

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…) int64: the symbol of most mass, the first of several."""
        return self.log_pmf(params).argmax(dim=-1)

    def entropy(self, params: Tensor) -> Tensor:
        """(…, P) -> (…) float64: −Σ_k p(k) ln p(k), in nats."""
        log_pmf = self.log_pmf(params.double())
        return -torch.where(log_pmf.isneginf(), 0.0, log_pmf.exp() * log_pmf).sum(dim=-1)

    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool: whether a value is one of the symbols."""
        if value.is_floating_point():
            return (value >= 0) & (value < self.num_symbols) & (value == value.round())
        value = value.long()  # uint8 cannot be compared with 256, which it would read as 0
        return (value >= 0) & (value < self.num_symbols)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, 1) uniforms -> (…) int64: the first symbol whose cumulative mass exceeds u.

        Computed in float64 whatever the parameters' dtype. Rounding can leave the last cumulative
        mass below u; the draw then is the last symbol that has mass, never one without.
        """
        mass = self.log_pmf(params).double().exp()
        below = (mass.cumsum(dim=-1) <= noise).sum(dim=-1)
        symbols = torch.arange(self.num_symbols, device=mass.device)
        last_with_mass = torch.where(mass > 0, symbols, 0).amax(dim=-1)
        return torch.minimum(below, last_with_mass)


class Density(Conditional):
    """A family over the reals that can be integrated over an interval, and drawn from within it."""

    @abstractmethod
    def log_mass(self, params: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…), (…) -> (…): ln P(low ≤ X ≤ high), in nats; the bounds may be infinite."""

    @abstractmethod
    def draw_between(self, params: Tensor, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…, U) uniforms, (…), (…) -> (…): X given low ≤ X ≤ high, by inverse transform.

        Where the interval has no mass left that a float64 can hold, the bound nearer to the mass.
        """
