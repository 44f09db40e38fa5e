"""Small models through hidden features, shaken, and what ln p(x) truly is where Z = 1."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.conditional import Conditional
from arden.core.draw import uniform_noise
from arden.latent.autoencoder import Autoencoder, AutoencoderOptions
from arden.latent.vae import VAE, VAEOptions
from tests.core.models import generator, shake

REAL = Standardised(GaussianMixture(1, "uniform"), shift=2.0, scale=3.0)
FAMILIES: dict[str, Conditional] = {
    "bits": Bernoulli(),
    "symbols": Categorical(3),
    "levels": Categorical(3, "scalar"),
    "reals": REAL,
    "mixed": Mixed((Bernoulli(), Categorical(3), REAL, Bernoulli())),
}
SHAPES = {"mixed": (4,)}


def shape_of(family: str) -> tuple[int, ...]:
    """The name of a family -> the shape of the events it is tried on."""
    return SHAPES.get(family, (2, 2))


def vae(family: str = "bits", latents: int = 1, context_size: int = 0, **options: Any) -> VAE:
    """The name of a family -> a small VAE in float64, every weight away from zero."""
    chosen = VAEOptions(latents, **{"hidden": (5,), "activation": "tanh", **options})
    model = _shaken(VAE(shape_of(family), FAMILIES[family], context_size, chosen))
    # A guess wider than what it guesses at: integrals over its draws then have no heavy tails.
    last = model.encoder.layers[-1]
    with torch.no_grad():
        last.weight *= 0.3
        last.bias[latents:] = 0.7
    return model


def autoencoder(family: str = "bits", context_size: int = 0, **options: Any) -> Autoencoder:
    """The name of a family -> a small autoencoder in float64, every weight away from zero."""
    chosen = AutoencoderOptions(**{"latents": 3, "hidden": (5,), **options})
    return _shaken(Autoencoder(shape_of(family), FAMILIES[family], context_size, chosen))


def _shaken(model: Any) -> Any:
    model = model.double().eval()
    shake(model)
    return model


def rows(family: str, count: int, seed: int = 0) -> Tensor:
    """The name of a family, N -> (N, *event) values at random, of its support."""
    source = generator(seed)
    shape = (count, *shape_of(family))
    reals = torch.randn(shape, generator=source, dtype=torch.float64) * 3 + 2
    symbols = torch.randint(0, 3, shape, generator=source)
    if family == "reals":
        return reals
    if family == "mixed":
        columns = [symbols[:, 0] % 2, symbols[:, 1], reals[:, 2], symbols[:, 3] % 2]
        return torch.stack([column.double() for column in columns], dim=1)
    return symbols % 2 if family == "bits" else symbols


def noise(count: int, samples: int, latents: int = 1, seed: int = 0) -> Tensor:
    """N, K, Z -> (N, K, Z) uniforms."""
    return uniform_noise(generator(seed), (count, samples, latents))


def midpoints(count: int, samples: int) -> Tensor:
    """N, K -> (N, K, 1): uniforms so evenly spread that a mean over them is an integral."""
    even = (torch.arange(samples, dtype=torch.float64) + 0.5) / samples
    return even[None, :, None].expand(count, -1, -1)


def true_log_prob(
    model: VAE, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
) -> Tensor:
    """A VAE with Z = 1, (N, *event) -> (N,): ln ∫ N(z; 0, 1) p(x | z) dz, by the trapezoid rule.

    A smooth integrand that vanishes at both ends: the error is far below that of float64.
    """
    z = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    values, known = model._given(x, observed)
    with torch.no_grad():
        grid = z[None, :, None].expand(len(x), -1, -1)
        terms = model._given_latents(values, known, grid, context)
    density = terms - 0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    return density.logsumexp(dim=1) + math.log(24 / 4000)
