"""One bit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from arden.core.conditional import Discrete

__all__ = ["Bernoulli"]


@dataclass(frozen=True)
class Bernoulli(Discrete):
    """P = 1: the logit a of p(1) = σ(a). Features: the bit itself.

    >>> import torch
    >>> Bernoulli().log_prob(torch.zeros(1), torch.tensor(1)).exp()
    tensor(0.5000)
    """

    num_symbols = 2
    num_params = 1
    num_features = 1

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, 1): the bit."""
        return value[..., None]

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, 1), (…) -> (…): ln σ(±a), in nats; exact for logits of any size."""
        logit = params[..., 0]
        # Not −softplus(∓a): torch drops what is left of its exponential beyond 20 (2e-9).
        return logsigmoid(torch.where(value.bool(), logit, -logit))

    def log_pmf(self, params: Tensor) -> Tensor:
        """(…, 1) -> (…, 2): ln p(0), ln p(1), in nats."""
        return torch.cat([logsigmoid(-params), logsigmoid(params)], dim=-1)

    def params_of(self, log_pmf: Tensor) -> Tensor:
        """(…, 2) -> (…, 1): the logit ln p(1) − ln p(0)."""
        return log_pmf[..., 1:] - log_pmf[..., :1]
