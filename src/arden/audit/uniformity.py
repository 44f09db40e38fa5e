"""Four tests of chance, each with a p-value that holds far out in the tail."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["chi_square", "correlation", "deviation", "kolmogorov_smirnov"]

_LEAST_EXPECTED = 20.0  # cells with less are pooled: the χ² law must hold at one in a million


def kolmogorov_smirnov(uniforms: Tensor) -> float:
    """(n,) -> p-value of their being uniform on (0, 1) and independent.

    >>> grid = (torch.arange(1000) + 0.5) / 1000
    >>> kolmogorov_smirnov(grid), kolmogorov_smirnov(grid**2) < 1e-9
    (1.0, True)
    """
    count = len(uniforms)
    if count < 2:
        return 1.0
    ordered = uniforms.double().sort().values
    ranks = torch.arange(count, dtype=torch.float64, device=ordered.device)
    distance = float(torch.maximum(ordered - ranks / count, (ranks + 1) / count - ordered).max())
    root = math.sqrt(count)
    scaled = (root + 0.12 + 0.11 / root) * distance  # Stephens, 1970
    terms = [(-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101)]
    return 1.0 if scaled < 0.2 else min(1.0, max(0.0, 2 * sum(terms)))


def chi_square(counts: Tensor, probabilities: Tensor) -> float:
    """(cells,) counts, (cells,) probabilities -> p-value of the counts; 0 if one is impossible.

    >>> fair = torch.tensor([0.5, 0.5])
    >>> chi_square(torch.tensor([500, 500]), fair)
    1.0
    >>> chi_square(torch.tensor([900, 100]), fair) < 1e-9
    True
    """
    counts, probabilities = counts.double(), probabilities.double()
    if bool((counts[probabilities <= 0] > 0).any()):
        return 0.0
    total = float(counts.sum())
    order = probabilities.argsort()
    expected = total * probabilities[order]
    # Pool the least likely cells until each pool expects enough; the rest joins the last pool.
    pool, pools, held = [], 0, 0.0
    for value in expected.tolist():
        pool.append(pools)
        held += value
        if held >= _LEAST_EXPECTED:
            pools, held = pools + 1, 0.0
    if pools < 2:
        return 1.0
    index = torch.tensor(pool).clamp(max=pools - 1)
    pooled = torch.zeros(2, pools, dtype=torch.float64)
    pooled[0].index_add_(0, index, counts[order].cpu())
    pooled[1].index_add_(0, index, expected.cpu())
    statistic = ((pooled[0] - pooled[1]) ** 2 / pooled[1]).sum()
    return float(torch.special.gammaincc(torch.tensor((pools - 1) / 2).double(), statistic / 2))


def correlation(first: Tensor, second: Tensor) -> float:
    """(n,), (n,) uniforms -> p-value of their being uncorrelated.

    >>> grid = (torch.arange(1000) + 0.5) / 1000
    >>> correlation(grid, grid) < 1e-9
    True
    """
    if len(first) < 200:  # the mean of n products is near enough to normal from here on
        return 1.0
    product = ((first.double() - 0.5) * (second.double() - 0.5)).sum()
    return math.erfc(abs(float(product)) * 12 / math.sqrt(len(first)) / math.sqrt(2))


def deviation(total: float, variance: float, bound: float) -> float:
    """A sum of terms, each of mean 0 given those before -> a p-value, never too small.

    ``variance`` is the sum of their variances given those before, ``bound`` the largest |term|.
    (Freedman, "On tail probabilities for martingales", 1975.)

    >>> deviation(3.0, 100.0, 1.0), deviation(100.0, 100.0, 1.0) < 1e-9
    (1.0, True)
    """
    if total == 0:
        return 1.0
    return min(1.0, 2 * math.exp(-(total**2) / (2 * variance + 2 * bound * abs(total) / 3)))
