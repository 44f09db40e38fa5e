"""One symbol out of K."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from torch import Tensor
from torch.nn.functional import one_hot

from arden.core.conditional import Discrete
from arden.errors import InputError

__all__ = ["Categorical", "Encoding"]

Encoding = Literal["one_hot", "scalar"]


@dataclass(frozen=True)
class Categorical(Discrete):
    """P = K logits of a softmax, K ≥ 1.

    ``encoding`` is what a network is shown of a symbol: "one_hot" (F = K), or "scalar" (F = 1,
    scaled to [−1, 1], for ordered levels such as intensities).

    >>> import torch
    >>> Categorical(3).log_pmf(torch.zeros(3)).exp()
    tensor([0.3333, 0.3333, 0.3333])
    """

    num_symbols: int
    encoding: Encoding = "one_hot"

    def __post_init__(self) -> None:
        if self.num_symbols < 1:
            raise InputError(f"num_symbols: expected at least 1, got {self.num_symbols}")
        if self.encoding not in get_args(Encoding):
            raise InputError(
                f"encoding: expected one of {', '.join(get_args(Encoding))}, got {self.encoding!r}"
            )

    @property
    def num_params(self) -> int:
        """K."""
        return self.num_symbols

    @property
    def num_features(self) -> int:
        """K when one-hot, else 1."""
        return self.num_symbols if self.encoding == "one_hot" else 1

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, F): see ``encoding``."""
        if self.encoding == "one_hot":
            return one_hot(value.long(), self.num_symbols)
        # One level only: there is nothing to show, and no division by zero.
        return value[..., None].double() * (2.0 / max(self.num_symbols - 1, 1)) - 1.0

    def log_pmf(self, params: Tensor) -> Tensor:
        """(…, K) -> (…, K): log softmax, in nats."""
        return params.log_softmax(dim=-1)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, K), (…) -> (…): ln p(value), in nats."""
        return self.log_pmf(params).gather(-1, value.long()[..., None])[..., 0]

    def params_of(self, log_pmf: Tensor) -> Tensor:
        """(…, K) -> (…, K): log probabilities are logits."""
        return log_pmf
