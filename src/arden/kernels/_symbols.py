"""The inverse transforms of symbols and of mixtures of Gaussians for one scalar, in float64."""

from __future__ import annotations

import math
from typing import Any

from arden.kernels._compile import EXACT, inner

__all__ = ["draw_bit", "draw_of_parts", "draw_symbol", "draw_value"]


@inner(EXACT)
def draw_bit(logit: Any, noise: Any) -> Any:
    """logit, uniform -> 0 or 1, as `Bernoulli.draw`: 1 once the mass of 0 does not exceed u.

    A 1 without mass is never drawn: the mass of 0 then rounds to 1, which is more than u.
    """
    return 1 if 1.0 / (1.0 + math.exp(logit)) <= noise else 0


@inner(EXACT)
def draw_symbol(masses: Any, noise: Any) -> Any:
    """(K,) float64 logits, uniform -> symbol, as `Categorical.draw`; overwrites the logits."""
    most = masses[0]
    for k in range(masses.shape[0]):
        most = max(most, masses[k])
    total = 0.0
    for k in range(masses.shape[0]):
        masses[k] = math.exp(masses[k] - most)
        total += masses[k]
    below, last_with_mass, cumulative = 0, 0, 0.0
    for k in range(masses.shape[0]):
        mass = masses[k] / total
        cumulative += mass
        if cumulative <= noise:
            below += 1
        if mass > 0.0:
            last_with_mass = k
    return min(below, last_with_mass)


@inner(EXACT)
def draw_value(masses: Any, num_symbols: Any, noise: Any) -> Any:
    """(P,) float64 logits, K, uniform -> a symbol where each has a logit of its own, else a bit."""
    if masses.shape[0] == num_symbols:
        return draw_symbol(masses, noise)
    return draw_bit(masses[0], noise)


@inner(EXACT)
def draw_of_parts(masses: Any, components: Any, least: Any, noise: Any, normal: Any) -> Any:
    """(2K or 3K,) float64 of `GaussianMixture`, K, the least scale, uniform, a standard normal
    value -> a draw, as `draw_of_parts` there."""
    chosen = 0
    if masses.shape[0] == 3 * components:
        most = masses[2 * components]
        for k in range(components):
            most = max(most, masses[2 * components + k])
        total = 0.0
        for k in range(components):
            total += math.exp(masses[2 * components + k] - most)
        cumulative = 0.0
        for k in range(components):
            cumulative += math.exp(masses[2 * components + k] - most - math.log(total))
            chosen += cumulative <= noise
    else:
        cumulative, mass = 0.0, math.exp(-math.log(components))
        for _ in range(components):
            cumulative += mass
            chosen += cumulative <= noise
    chosen = min(chosen, components - 1) if components > 1 else 0
    raw = masses[components + chosen]
    scale = least + (raw if raw > 20.0 else math.log1p(math.exp(raw)))
    return masses[chosen] + scale * normal
