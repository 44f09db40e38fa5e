"""What a fit of a model through hidden features is judged by: a bound or an error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator

from arden.core.draw import uniform_noise
from arden.core.latent import LatentModel
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.latent.autoencoder import Autoencoder
from arden.latent.vae import VAE
from arden.runs.figures import Figures, about_the_fit, mean_and_error
from arden.tasks.bound import bound
from arden.training.context import class_context
from arden.training.outcome import FitResult
from arden.training.validation import nats_of_rows
from arden.training.world import world

__all__ = [
    "AnyFigures",
    "BoundFigures",
    "LatentFigures",
    "ReconstructionFigures",
    "measure_latent",
    "read_figures",
]

_SAMPLES = 64
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class LatentFigures:
    """What is told of every fit."""

    test_rows: int
    num_parameters: int
    full_table: str
    """How many numbers a table over all configurations would need."""
    best_epoch: int
    epochs: int
    seconds: float
    protocol: str
    ended: str
    unit: str = "row"
    """What the figures are per."""


@dataclass(frozen=True, kw_only=True)
class BoundFigures(LatentFigures):
    """Of a VAE: what ln p(x) of the test rows is at least, in nats."""

    elbo: float
    """Mean evidence lower bound, one draw of the latent variables per row."""
    elbo_error: float
    """The standard error of that mean."""
    bound: float
    """Mean importance-weighted bound, with ``samples`` draws per row."""
    bound_error: float
    """The standard error of that mean."""
    samples: int
    valid_elbo: float | None
    """Of the validation rows, at the epoch they chose; None without a fit."""


@dataclass(frozen=True, kw_only=True)
class ReconstructionFigures(LatentFigures):
    """Of an autoencoder: how far its copies of the test rows are from them."""

    reconstruction_error: float
    standard_error: float
    measure: str
    """The unit of the error: nats of symbols, squares of standardised reals."""
    valid_reconstruction_error: float | None
    """Of the validation rows, at the epoch they chose; None without a fit."""


AnyFigures = Figures | BoundFigures | ReconstructionFigures


def measure_latent(
    model: LatentModel, data: Dataset, result: FitResult | None = None
) -> BoundFigures | ReconstructionFigures:
    """A model and a data set -> its figures on the test rows, divided among the processes.

    Raises:
        InputError: a model of another kind.
    """
    result = result or FitResult()
    split, share = data.test, world().share(len(data.test))
    minimised, error = mean_and_error(nats_of_rows(model, split, share), len(split))
    valid = result.best_valid if math.isfinite(result.best_valid) else None
    about = about_the_fit(model, data, result)
    if isinstance(model, Autoencoder):
        return ReconstructionFigures(
            reconstruction_error=minimised,
            standard_error=error,
            measure=model.objective_unit,
            valid_reconstruction_error=valid,
            **about,
        )
    if not isinstance(model, VAE):
        raise InputError(f"model: expected an Autoencoder or a VAE, got {type(model).__name__}")
    of_rows = -_bounds(model, data, share)
    bounded, bound_error = mean_and_error(of_rows, len(split))
    return BoundFigures(
        elbo=-minimised,
        elbo_error=error,
        bound=-bounded,
        bound_error=bound_error,
        samples=_SAMPLES,
        valid_elbo=None if valid is None else -valid,
        **about,
    )


def read_figures(told: dict[str, Any]) -> AnyFigures:
    """What is stored with a model -> its figures; JSON has no word for the error of one row."""
    told = {
        name: math.nan
        if value is None and name.endswith("_error") and "valid" not in name
        else value
        for name, value in told.items()
    }
    if "elbo" in told:
        return BoundFigures(**told)
    if "reconstruction_error" in told:
        return ReconstructionFigures(**told)
    return Figures(**told)


def _bounds(model: VAE, data: Dataset, share: slice) -> torch.Tensor:
    """A model, this process's rows -> (n,) nats; the noise of a row is that of its place."""
    split, generator = data.test, Generator().manual_seed(_SEED)
    if share.start == share.stop:
        return torch.empty(0, dtype=torch.float64)
    for _ in range(share.start):
        uniform_noise(generator, (_SAMPLES, model.num_latents))
    context = class_context(split, model.context_size)
    return bound(
        model,
        split.values[share],
        None if context is None else context[share],
        None if split.observed is None else split.observed[share],
        samples=_SAMPLES,
        generator=generator,
    )
