"""One real number: a mixture of K Gaussians."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.special import log_ndtr, ndtr, ndtri

from arden.core.conditional import Density
from arden.errors import InputError

__all__ = [
    "GaussianMixture",
    "draw_of_parts",
    "draw_of_parts_between",
    "log_density",
    "log_mass_of_parts",
    "mode_of_parts",
    "parts_of",
]

_FURTHEST = 1e15  # times a weight and again times a weight it stays far below what float32 holds


@dataclass(frozen=True)
class GaussianMixture(Density):
    """P = 3K (weight logits, means, scales) or 2K with uniform weights 1/K.

    The scale is ``min_scale`` + softplus(s): a density can then never run off to infinity on a
    repeated value, and the floor is part of the model, stated with every figure.

    Real-valued NADE uses it (Uria, Murray, Larochelle, "RNADE: The real-valued neural
    autoregressive density-estimator", 2013).

    >>> import torch
    >>> standard = GaussianMixture(1, "uniform", min_scale=0.0)
    >>> s = torch.log(torch.expm1(torch.tensor(1.0)))       # softplus(s) = 1
    >>> standard.log_prob(torch.stack([torch.tensor(0.0), s]), torch.tensor(0.0))
    tensor(-0.9189)
    """

    components: int = 10
    weights: Literal["learned", "uniform"] = "learned"
    min_scale: float = 1e-3

    num_features = 1
    num_noise = 2

    def __post_init__(self) -> None:
        if self.components < 1:
            raise InputError(f"components: expected at least 1, got {self.components}")
        if not 0 <= self.min_scale < math.inf:
            raise InputError(f"min_scale: expected a number ≥ 0, got {self.min_scale}")
        if self.weights not in ("learned", "uniform"):
            raise InputError(f"weights: expected learned or uniform, got {self.weights!r}")

    @property
    def num_params(self) -> int:
        """3K, or 2K with uniform weights."""
        return (3 if self.weights == "learned" else 2) * self.components

    def parts(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(…, P) -> log weights, means and scales, (…, K) each."""
        return parts_of(params, self.components, self.weights, self.min_scale)

    def features(self, value: Tensor) -> Tensor:
        """(…) -> (…, 1): the number itself (data are standardised before they come here).

        Beyond 10¹⁵ a network is shown 10¹⁵: an infinite number times a weight of zero is none.
        """
        return value[..., None].clamp(-_FURTHEST, _FURTHEST)

    def contains(self, value: Tensor) -> Tensor:
        """(…) -> (…) bool: finite numbers."""
        return value.isfinite() if value.is_floating_point() else torch.ones_like(value).bool()

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): the log density, in nats; it may be positive."""
        return log_density(self.parts(params), value)

    def cdf(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, P), (…) -> (…): P(X ≤ value)."""
        log_weights, means, scales = self.parts(params)
        return (log_weights.exp() * ndtr((value[..., None] - means) / scales)).sum(dim=-1)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, P), (…, 2) uniforms -> (…): the first chooses a component, the second draws it."""
        return draw_of_parts(self.parts(params), noise)

    def mode(self, params: Tensor) -> Tensor:
        """(…, P) -> (…): the component mean at which the mixture is densest."""
        return mode_of_parts(self.parts(params))

    def log_mass(self, params: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…), (…) -> (…): ln P(low ≤ X ≤ high), in nats."""
        return log_mass_of_parts(self.parts(params), low, high).logsumexp(dim=-1)

    def draw_between(self, params: Tensor, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """(…, P), (…, 2) uniforms, (…), (…) -> (…): of the mixture cut to the interval."""
        return draw_of_parts_between(self.parts(params), noise, low, high)


Parts = tuple[Tensor, Tensor, Tensor]
"""Log weights, means and scales of the components, (…, K) each."""


def parts_of(params: Tensor, components: int, weights: str, least: float | Tensor) -> Parts:
    """(…, 3K or 2K), K, learned or uniform, the least scale or one each -> the parts."""
    means, raw_scales = params[..., : 2 * components].chunk(2, dim=-1)
    if components == 1:
        log_weights = torch.zeros_like(means)
    elif weights == "learned":
        log_weights = params[..., 2 * components :].log_softmax(dim=-1)
    else:
        log_weights = torch.full_like(means, -math.log(components))
    scales = least + softplus(raw_scales)
    if isinstance(least, float) and not least:  # nothing keeps the scale from rounding to zero
        scales = scales.clamp(min=torch.finfo(scales.dtype).tiny)
    return log_weights, means, scales


def log_density(parts: Parts, value: Tensor) -> Tensor:
    """(…, K) each, (…) -> (…): the log density of the mixture, in nats."""
    log_weights, means, scales = parts
    standardised = (value[..., None].to(means.dtype) - means) / scales
    terms = -0.5 * standardised**2 - scales.log() - 0.5 * math.log(2 * math.pi)
    # A sum of one term, of weight one, is that term: at a third of the time.
    return terms[..., 0] if terms.shape[-1] == 1 else (log_weights + terms).logsumexp(dim=-1)


def draw_of_parts(parts: Parts, noise: Tensor) -> Tensor:
    """(…, K) each, (…, 2) uniforms -> (…): the first chooses a component, the second draws it."""
    log_weights, means, scales = parts
    below = (log_weights.double().exp().cumsum(dim=-1) <= noise[..., :1]).sum(dim=-1)
    chosen = below.clamp(max=means.shape[-1] - 1)[..., None]
    mean, scale = means.gather(-1, chosen)[..., 0], scales.gather(-1, chosen)[..., 0]
    return mean + scale * ndtri(noise[..., 1])


def mode_of_parts(parts: Parts) -> Tensor:
    """(…, K) each -> (…): the mean at which the mixture is densest."""
    means = parts[1]
    heights = log_density(tuple(part[..., None, :] for part in parts), means)  # type: ignore[arg-type]
    return means.gather(-1, heights.argmax(dim=-1, keepdim=True))[..., 0]


def log_mass_of_parts(parts: Parts, low: Tensor, high: Tensor) -> Tensor:
    """(…, K) each, (…), (…) -> (…, K): ln of weight times mass between them, by component."""
    left, right, _ = _in_left_tail(parts, low, high)
    upper, lower = log_ndtr(right), log_ndtr(left)
    # ln(Φ(r) − Φ(l)) of two numbers in the left tail, where neither is rounded to one.
    has_mass = (left < right) & ~upper.isneginf()
    share = torch.where(has_mass, torch.log1p(-(lower - upper).exp()), -math.inf)
    return parts[0].double() + upper + share


def draw_of_parts_between(parts: Parts, noise: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """(…, K) each, (…, 2) uniforms, (…), (…) -> (…): a draw within the interval."""
    _, means, scales = (part.double() for part in parts)
    mass = log_mass_of_parts(parts, low, high)
    share = (mass - mass.amax(dim=-1, keepdim=True)).exp().nan_to_num(1.0)  # no mass: all alike
    below = (share.cumsum(dim=-1) <= noise[..., :1] * share.sum(dim=-1, keepdim=True)).sum(dim=-1)
    chosen = below.clamp(max=means.shape[-1] - 1)[..., None]
    left, right, flipped = (
        part.gather(-1, chosen)[..., 0] for part in _in_left_tail(parts, low, high)
    )
    # Seen from the other side, so that the same noise moves a draw in the same direction.
    uniform = torch.where(flipped, 1 - noise[..., 1], noise[..., 1])
    least, most = ndtr(left), ndtr(right)
    standard = torch.where(most > 0, ndtri(least + uniform * (most - least)), right)
    standard = torch.where(flipped, -standard, standard)
    drawn = means.gather(-1, chosen)[..., 0] + scales.gather(-1, chosen)[..., 0] * standard
    return drawn.clamp(low.double(), high.double())


def _in_left_tail(parts: Parts, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Standardised bounds of every component, (…, K) each, mirrored where both lie to the right."""
    _, means, scales = (part.double() for part in parts)
    left = (low.double()[..., None] - means) / scales
    right = (high.double()[..., None] - means) / scales
    flipped = left > 0
    return torch.where(flipped, -right, left), torch.where(flipped, -left, right), flipped
