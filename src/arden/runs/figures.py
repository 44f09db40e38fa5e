"""What a finished fit is judged by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset
from arden.runs.floors import least_deviations
from arden.training.options import TrainingOptions
from arden.training.outcome import FitResult
from arden.training.validation import nats_of_rows
from arden.training.world import world

__all__ = ["Figures", "full_table_size", "measure"]


@dataclass(frozen=True)
class Figures:
    """Density estimation: the weights are fixed, x varies. Always computed in the model's dtype."""

    test_nats: float
    """Mean −ln p over the test rows (of sequences: over their symbols), in nats."""
    standard_error: float
    """Of that mean."""
    bits_per_dim: float
    """The same in bits per scalar."""
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
    """What the nats are per: a row, or a symbol of a sequence."""
    bfloat16_nats: float | None = None
    """test_nats as bfloat16 arithmetic computes it, for a model trained in it."""
    floors: dict[str, float] | None = None
    """The least standard deviation any Gaussian can have, in the unit of its column, by name."""

    @classmethod
    def from_card(cls, told: dict[str, Any]) -> Figures:
        """What is stored with a model -> the figures; JSON has no word for the error of one row."""
        error = told["standard_error"]
        return cls(**{**told, "standard_error": math.nan if error is None else error})


def measure(
    model: AutoregressiveModel | Mixture,
    data: Dataset,
    result: FitResult | None = None,
    options: TrainingOptions | None = None,
) -> Figures:
    """A model and a data set -> its figures on the test rows, divided among the processes."""
    result, here = result or FitResult(), world()
    split, units = data.test, data.num_units("test")
    nats = nats_of_rows(model, split, here.share(len(split)))
    mean = here.sum([nats.sum().item()])[0] / units
    # Rows are independent, symbols of one row are not: the spread is that of rows.
    mean_of_rows = mean * units / len(split)
    squares = here.sum([(nats - mean_of_rows).square().sum().item()])[0]
    spread = math.sqrt(squares / (len(split) - 1)) if len(split) > 1 else math.nan
    scalars = data.schema.num_variables if data.unit == "row" else 1
    half = None
    if options and options.precision == "bfloat16":
        with torch.autocast(model.device.type, torch.bfloat16):
            half = nats_of_rows(model, split, here.share(len(split)))
    return Figures(
        test_nats=mean,
        standard_error=spread / math.sqrt(len(split)) * len(split) / units,
        bits_per_dim=mean / scalars / math.log(2),
        test_rows=len(split),
        valid_nats=result.best_valid if math.isfinite(result.best_valid) else None,
        num_parameters=model.num_parameters,
        full_table=full_table_size(data.schema.levels),
        best_epoch=result.best_epoch,
        epochs=len(result.records),
        seconds=round(result.seconds, 2),
        protocol=data.protocol,
        ended=result.ended,
        unit=data.unit,
        bfloat16_nats=None if half is None else here.sum([half.sum().item()])[0] / units,
        floors=least_deviations(model, data.schema) or None,
    )


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
