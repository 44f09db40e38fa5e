"""What autoregressive densities are held against: a Gaussian, a mixture of factor analysers.

Both under the floors of the other models: given floors f_d on standard deviations, no conditional
deviation of column d, given any other columns, is below f_d. For a Gaussian the eigenvalues of its
covariance in units of the floors, D⁻¹ C D⁻¹ with D = diag(f), are raised to at least 1; for factor
analysers every noise variance ψ_d is at least f_d². Both bounds hold for each component alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FactorAnalysers", "Gaussian", "choose_factor_analysers"]

Array = NDArray[np.float64]

MOST_ITERATIONS = 300
PATIENCE = 10


@dataclass
class Gaussian:
    """One Gaussian with a full covariance, by maximum likelihood, its eigenvalues floored."""

    mean: Array
    covariance: Array

    @classmethod
    def fit(cls, rows: Array, floors: Array) -> Gaussian:
        """(N, D), (D,) -> the Gaussian of these rows under these floors."""
        centred = rows - rows.mean(axis=0)
        in_floors = centred.T @ centred / len(rows) / np.outer(floors, floors)
        values, vectors = np.linalg.eigh(in_floors)
        raised = (vectors * np.maximum(values, 1.0)) @ vectors.T
        return cls(rows.mean(axis=0), raised * np.outer(floors, floors))

    def log_prob(self, rows: Array) -> Array:
        """(N, D) -> (N,) in nats."""
        return _log_normal(rows - self.mean, self.covariance)

    @property
    def num_parameters(self) -> int:
        """A mean and a symmetric matrix."""
        size = len(self.mean)
        return size + size * (size + 1) // 2


@dataclass
class FactorAnalysers:
    """p(x) = Σ_k π_k N(x; μ_k, Λ_k Λ_kᵀ + Ψ_k), Ψ_k diagonal: each component has its own noise.

    Fitted by expectation-maximisation (Ghahramani, Hinton, "The EM algorithm for mixtures of factor
    analyzers", 1996), stopped early on validation rows.
    """

    weights: Array
    means: Array
    loadings: Array
    noise: Array

    @classmethod
    def fit(
        cls, rows: Array, valid: Array, floors: Array, size: tuple[int, int], seed: int
    ) -> FactorAnalysers:
        """(N, D), (M, D), (D,), (components, factors) -> the mixture best on validation rows."""
        (parts, factors), source = size, np.random.default_rng(seed)
        centres = rows[source.choice(len(rows), parts, replace=False)]
        distance = ((rows[:, None] - centres) ** 2).sum(axis=2)
        shares = np.eye(parts)[distance.argmin(axis=1)]
        count, width = parts, rows.shape[1]
        loadings = 0.1 * source.standard_normal((count, width, factors))
        now = cls(np.ones(count) / count, centres, loadings, np.ones((count, width)))
        now = now._maximised(rows, shares, floors)
        best, best_valid, since = now, now.log_prob(valid).mean(), 0
        for _ in range(MOST_ITERATIONS):
            terms = now._terms(rows)
            now = now._maximised(rows, np.exp(terms - _log_sum(terms)[:, None]), floors)
            score = now.log_prob(valid).mean()
            since = 0 if score > best_valid + 1e-3 else since + 1
            if score > best_valid:
                best, best_valid = now, score
            if since >= PATIENCE:
                break
        return best

    def log_prob(self, rows: Array) -> Array:
        """(N, D) -> (N,) in nats."""
        return _log_sum(self._terms(rows))

    @property
    def num_parameters(self) -> int:
        """Weights, means, noise, and loadings up to a rotation of the factors."""
        count, width, factors = self.loadings.shape
        free = width * factors - factors * (factors - 1) // 2
        return count - 1 + count * (2 * width + free)

    def _terms(self, rows: Array) -> Array:
        terms = [
            math.log(weight) + _log_normal(rows - mean, loading @ loading.T + np.diag(noise))
            for weight, mean, loading, noise in zip(
                self.weights, self.means, self.loadings, self.noise, strict=True
            )
        ]
        return np.stack(terms, axis=1)

    def _maximised(self, rows: Array, shares: Array, floors: Array) -> FactorAnalysers:
        new: list[Any] = []
        for part in range(len(self.weights)):
            share = shares[:, part] + 1e-12  # a component nobody belongs to is kept alive
            total, loading = share.sum(), self.loadings[part]
            mean = share @ rows / total
            centred = rows - mean
            spread = (centred * share[:, None]).T @ centred / total
            inverse = np.linalg.inv(loading @ loading.T + np.diag(self.noise[part]))
            read = loading.T @ inverse
            factors = np.eye(loading.shape[1]) - read @ loading + read @ spread @ read.T
            loading = np.linalg.solve(factors.T, (spread @ read.T).T).T
            noise = np.diag(spread - loading @ read @ spread)
            new.append((total, mean, loading, np.maximum(noise, floors**2)))
        totals, means, loadings, noises = (np.array(part) for part in zip(*new, strict=True))
        return FactorAnalysers(totals / totals.sum(), means, loadings, noises)


def choose_factor_analysers(
    rows: Array, valid: Array, floors: Array, sizes: list[tuple[int, int]], seed: int = 0
) -> tuple[FactorAnalysers, tuple[int, int]]:
    """(N, D), (M, D), (D,), (components, factors) each -> the mixture best on validation rows."""
    fitted = [FactorAnalysers.fit(rows, valid, floors, size, seed) for size in sizes]
    best = int(np.argmax([model.log_prob(valid).mean() for model in fitted]))
    return fitted[best], sizes[best]


def _log_normal(centred: Array, covariance: Array) -> Array:
    root = np.linalg.cholesky(covariance)
    whitened = np.linalg.inv(root) @ centred.T
    constant = 0.5 * len(covariance) * math.log(2 * math.pi) + np.log(np.diag(root)).sum()
    return -0.5 * (whitened**2).sum(axis=0) - constant


def _log_sum(terms: Array) -> Array:
    most = terms.max(axis=1, keepdims=True)
    return (most + np.log(np.exp(terms - most).sum(axis=1, keepdims=True)))[:, 0]
