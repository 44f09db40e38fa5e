"""Bound: a number that ln p(x) is at least, where ln p(x) itself cannot be computed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from arden.core.draw import uniform_noise
from arden.core.latent import AnyModel
from arden.errors import InputError
from arden.latent.vae import VAE
from arden.tasks.score import check_rows, in_chunks
from arden.tasks.verbs import check_verb

__all__ = ["bound"]

_NOISE_NUMBERS = 2**21  # of all samples of some rows: 16 MB of float64
_DECODED_NUMBERS = 2**22  # units and parameters: 16 MB of float32
_MOST_ROWS = 256


def bound(
    model: AnyModel,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    samples: int = 64,
    seed: int = 0,
    generator: Generator | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N,) float64: a lower bound on ln p(x | context) of rows, in nats.

    The importance-weighted bound with K = ``samples`` draws of the latent variables: it is below
    ln p(x) in expectation, and comes closer as K rises. (Burda, Grosse, Salakhutdinov, "Importance
    weighted autoencoders", 2016.) With ``observed`` it bounds ln p of what was observed. Every row
    has noise of its own, whatever ``batch_size``: the result is a function of the seed, or goes on
    where ``generator`` stands. Memory depends neither on N nor on K.

    Raises:
        InputError: a model whose ln p(x) is computed, or that has none; K < 1; wrong rows.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("vae", data, latents=3, epochs=1, progress=False)
    >>> one, many = (arden.bound(model, data.test.values, samples=k).mean() for k in (1, 50))
    >>> bool(one < many)
    True
    """
    check_verb("bound", model)
    assert isinstance(model, VAE)
    vae = model
    check_rows(x, context=context, observed=observed)
    if samples < 1:
        raise InputError(f"samples: expected at least 1, got {samples}")
    source = Generator().manual_seed(seed) if generator is None else generator
    per_row = samples * vae.num_latents
    rows_at_once = max(1, min(batch_size or _MOST_ROWS, _NOISE_NUMBERS // per_row))
    per_sample = vae.num_variables * vae.conditional.num_params + sum(vae.options.hidden)

    def bounds(rows: slice) -> Tensor:
        some = x[rows]
        given = None if context is None else context[rows]
        known = None if observed is None else observed[rows]
        size = max(1, _DECODED_NUMBERS // (len(some) * per_sample))
        total = torch.full((len(some),), -torch.inf, dtype=torch.float64, device=vae.device)
        for noise in _noise(source, len(some), samples, vae.num_latents, size):
            weights = vae.log_weights(some, noise, given, known).double()
            total = torch.logaddexp(total, weights.logsumexp(dim=1))
        return total - math.log(samples)

    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size: expected at least 1, got {batch_size}")
    return in_chunks(vae, x, bounds, rows_at_once)


def _noise(
    generator: Generator, rows: int, samples: int, latents: int, size: int
) -> Iterator[Tensor]:
    """B, K, Z -> (B, ≤ size, Z) uniforms: K in pieces, the same whatever their size.

    Numbers come row by row: of several rows they are drawn whole, of a single one as they are used.
    """
    if rows > 1:
        yield from uniform_noise(generator, (rows, samples, latents)).split(size, dim=1)
        return
    for at in range(0, samples, size):
        yield uniform_noise(generator, (1, min(size, samples - at), latents))
