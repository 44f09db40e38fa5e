"""What a finished fit is judged by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset
from arden.runs.floors import least_deviations
from arden.training.options import TrainingOptions
from arden.training.outcome import FitResult
from arden.training.validation import nats_of_split
from arden.training.world import world

__all__ = [
    "Figures",
    "about_the_fit",
    "full_table_size",
    "mean_and_error",
    "measure",
    "receptive_field",
]

_MOST_STEPS = 4096  # of a promise that is looked at: it is a matrix


@dataclass(frozen=True)
class Figures:
    """Density estimation: the weights are fixed, x varies. Always computed in the model's dtype."""

    test_nats: float
    """Mean −ln p over the test rows or strings (of sequences: over their symbols), in nats."""
    standard_error: float
    """Of that mean."""
    bits_per_dim: float
    """The same in bits per scalar; those of a string are its symbols, the end among them."""
    test_rows: int
    valid_nats: float | None
    """Of the validation rows, at the epoch they chose; None without a fit."""
    num_parameters: int
    full_table: str
    """How many numbers a table over all configurations would need."""
    best_epoch: int
    epochs: int
    seconds: float
    protocol: str
    ended: str
    unit: str = "row"
    """What the nats are per: a row, a string, or a symbol of a sequence."""
    bfloat16_nats: float | None = None
    """test_nats as bfloat16 arithmetic computes it, for a model trained in it."""
    floors: dict[str, float] | None = None
    """The least standard deviation any Gaussian can have, in the unit of its column, by name."""
    receptive_field: int | None = None
    """How many of the steps before it a step sees at most; None where it sees all of them."""


def measure(
    model: AutoregressiveModel | Mixture,
    data: Dataset,
    result: FitResult | None = None,
    options: TrainingOptions | None = None,
) -> Figures:
    """A model and a data set -> its figures on the test rows, divided among the processes."""
    result, here = result or FitResult(), world()
    split, units = data.test, data.num_units("test")
    # Rows are independent, symbols of one row are not: the spread is that of rows.
    mean_of_rows, error = mean_and_error(nats_of_split(model, data, "test", here), len(split))
    mean = mean_of_rows * len(split) / units
    scalars = data.num_scalars("test") / units
    half = None
    if options and options.precision == "bfloat16":
        with torch.autocast(model.device.type, torch.bfloat16):
            half = nats_of_split(model, data, "test", here)
    return Figures(
        test_nats=mean,
        standard_error=error * len(split) / units,
        bits_per_dim=mean / scalars / math.log(2),
        valid_nats=result.best_valid if math.isfinite(result.best_valid) else None,
        bfloat16_nats=None if half is None else here.sum([half.sum().item()])[0] / units,
        floors=least_deviations(model, data.schema) or None,
        receptive_field=receptive_field(model),
        **about_the_fit(model, data, result),
    )


def mean_and_error(shares: Tensor, rows: int) -> tuple[float, float]:
    """This process's figures of rows, how many rows all have -> the mean, its standard error."""
    here = world()
    mean = here.sum([shares.sum().item()])[0] / rows
    squares = here.sum([(shares - mean).square().sum().item()])[0]
    return mean, math.sqrt(squares / (rows - 1) / rows) if rows > 1 else math.nan


def about_the_fit(model: AnyModel, data: Dataset, result: FitResult) -> dict[str, Any]:
    """A model, its data, how its fit went -> what stands beside figures of any kind, by name."""
    return {
        "test_rows": len(data.test),
        "num_parameters": model.num_parameters,
        "full_table": (
            full_table_size(data.schema.levels) if data.schema.end is None else "infinitely many"
        ),
        "best_epoch": result.best_epoch,
        "epochs": len(result.records),
        "seconds": round(result.seconds, 2),
        "protocol": data.protocol,
        "ended": result.ended,
        "unit": data.unit,
    }


def receptive_field(model: AutoregressiveModel | Mixture) -> int | None:
    """A model -> how many of the steps before it a step promises to use at most; None for all.

    >>> import arden
    >>> receptive_field(arden.fit("markov", arden.load_data("digits"), progress=False))
    1
    """
    parts = model.models if isinstance(model, Mixture) else [model]
    widest = 0
    for part in parts:
        steps = min(part.ordering.num_steps or _MOST_STEPS, _MOST_STEPS)
        widest = max(widest, int(part.network.promised(steps).sum(dim=1).max()))
        if widest >= steps - 1:
            return None
    return widest


def full_table_size(levels: tuple[int | None, ...]) -> str:
    """(D,) levels -> how many free numbers a full joint table needs, in words a reader can take.

    >>> full_table_size((2,) * 64)
    '2^64 − 1 ≈ 1.8e+19'
    >>> full_table_size((2, 2, 3))
    '11'
    >>> full_table_size((None, 2))
    'none exists: some variables are real'
    """
    known = [level for level in levels if level is not None]
    if len(known) < len(levels):
        return "none exists: some variables are real"
    digits = sum(math.log10(level) for level in known)
    if digits < 9:
        return f"{math.prod(known) - 1:,}"
    size = f"10^{digits:,.0f}" if digits > 300 else f"{10**digits:.1e}"
    if len(set(known)) == 1:
        return f"{known[0]}^{len(known)} − 1 ≈ {size}"
    return f"≈ {size}"
