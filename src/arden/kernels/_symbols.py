"""The inverse transform of `Discrete.draw` for one scalar, in float64."""

from __future__ import annotations

import math
from typing import Any

from arden.kernels._compile import EXACT, inner

__all__ = ["draw_bit", "draw_symbol", "draw_value"]


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
