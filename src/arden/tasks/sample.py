"""Sample: ancestral draws x̄_1 ~ p(x_1), x̄_2 ~ p(x_2 | x̄_1), …"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor

from arden.core.draw import RowGenerators, Source, draw, draw_mixture, uniform_noise
from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.kernels import register
from arden.latent.vae import VAE
from arden.tasks.verbs import check_verb, exact

__all__ = ["draw_rows", "sample"]

_CHUNK_UNIFORMS = 2**24  # 128 MB of noise at a time
_MOST_ROWS = 1024


@torch.no_grad()
def sample(
    model: AnyModel,
    num_samples: int,
    *,
    seed: int | None = None,
    generator: Source | None = None,
    context: Tensor | None = None,
    max_steps: int | None = None,
) -> Tensor:
    """n, (n, C) -> (n, *event): independent draws from p(x | context).

    Scalar after scalar from an exact model; from a VAE the latent variables, then the event.
    With ``seed`` the draws are a function of it; without, two calls differ. With ``generator`` the
    draws go on where it stands (`RowGenerators`: of several requests, each its own). The first rows
    do not depend on how many are asked for. Events without a fixed length come as
    (n, ≤ max_steps), padded with the end symbol.

    Raises:
        InputError: a model that defines no distribution, n < 1, a seed together with a generator, a
            missing context or max_steps.

    >>> import arden
    >>> model = arden.fit("independent", arden.load_data("digits"), progress=False)
    >>> arden.sample(model, 5, seed=0).shape
    torch.Size([5, 8, 8])
    """
    check_verb("sample", model)
    if isinstance(model, VAE):
        some_rows = partial(_draw_latent, model)
        how = (seed, generator, context)
        return torch.cat(draw_rows(model, num_samples, model.num_noise, some_rows, *how))
    walked = exact("sample", model)
    first = walked.models[0] if isinstance(walked, Mixture) else walked
    event = first.event_shape if first.ordering.num_steps is not None else (max_steps or 0,)
    if 0 in event:
        raise InputError("max_steps: expected a number, because strings have no fixed length")
    per_row = first.conditional.num_noise * max(torch.Size(event).numel(), 1)
    some_rows = partial(_draw, walked, event)
    chunks = draw_rows(walked, num_samples, per_row, some_rows, seed, generator, context)
    return _concatenate(chunks, first.ordering.end)


def draw_rows(
    model: AnyModel,
    num_samples: int,
    uniforms_per_row: int,
    some_rows: Callable[[int, Source, Tensor | None], Tensor],
    seed: int | None,
    generator: Source | None,
    context: Tensor | None,
) -> list[Tensor]:
    """n, how n' of the rows are drawn -> the chunks of them, so that memory stays bounded.

    Raises:
        InputError: n < 1, a seed together with a generator, contexts for more or fewer rows.
    """
    register()
    if num_samples < 1:
        raise InputError(f"num_samples: expected at least 1, got {num_samples}")
    if seed is not None and generator is not None:
        raise InputError("seed, generator: expected one of them, got both")
    if context is not None and context.shape[0] != num_samples:
        raise InputError(
            f"context: expected {num_samples} rows, one per sample, got {context.shape[0]}"
        )
    if generator is None:
        generator = Generator()
        generator.seed() if seed is None else generator.manual_seed(seed)
    size = max(1, min(_MOST_ROWS, _CHUNK_UNIFORMS // uniforms_per_row))
    training = model.training
    model.eval()
    try:
        chunks = []
        for at in range(0, num_samples, size):
            rows = min(size, num_samples - at)
            some = None if context is None else context[at : at + rows]
            here: Source = generator
            if isinstance(generator, RowGenerators):
                here = generator.of(slice(at, at + rows))
            chunks.append(some_rows(rows, here, some))
    finally:
        if training:
            model.train()
    return chunks


def _draw_latent(model: VAE, rows: int, generator: Source, context: Tensor | None) -> Tensor:
    return model.draw(uniform_noise(generator, (rows, model.num_noise)), context).cpu()


def _draw(
    model: AutoregressiveModel | Mixture,
    event: tuple[int, ...],
    rows: int,
    generator: Source,
    context: Tensor | None,
) -> Tensor:
    if isinstance(model, Mixture):
        uniforms = max(m.conditional.num_noise for m in model.models)
        # One more uniform per row chooses the component; taken with the row, so that the first
        # rows of a large request equal a smaller one.
        size = torch.Size(event).numel() * uniforms
        together = uniform_noise(generator, (rows, 1 + size))
        noise = together[:, 1:].reshape(rows, *event, uniforms)
        return draw_mixture(model, together[:, 0], noise, context).cpu()
    noise = uniform_noise(generator, (rows, *event, model.conditional.num_noise))
    return draw(model, noise, context=context).cpu()


def _concatenate(chunks: list[Tensor], end: int | None) -> Tensor:
    if end is None:
        return torch.cat(chunks)
    longest = max(chunk.shape[1] for chunk in chunks)
    return torch.cat(
        [
            torch.nn.functional.pad(chunk, (0, longest - chunk.shape[1]), value=end)
            for chunk in chunks
        ]
    )
