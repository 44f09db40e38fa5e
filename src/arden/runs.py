"""A run: one fit written to a folder, with its figures, its curve and its pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from arden.assembly import FitOptions, assemble
from arden.core.conditional import Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset
from arden.errors import FileError
from arden.orderings.raster import Raster
from arden.plots.ordering_map import ordering_map
from arden.plots.sample_grid import sample_grid
from arden.plots.samples_beside_probabilities import samples_beside_probabilities
from arden.plots.training_curve import training_curve
from arden.storage.folders import claim_folder, write_atomically
from arden.storage.model_files import CONFIG, save
from arden.storage.plain import to_plain, without_nan
from arden.tasks.predict import predict
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.training.context import class_context
from arden.training.fit import FitResult, Progress, fit_model

__all__ = ["Figures", "fit_run", "full_table_size", "measure"]

METRICS = "metrics.jsonl"
_PICTURES = (
    "training_curve.png",
    "ordering.png",
    "samples_beside_probabilities.png",
    "samples.png",
)
_PICTURED = 64


@dataclass(frozen=True)
class Figures:
    """What a finished fit is judged by. Density estimation: the weights are fixed, x varies."""

    test_nats: float
    """Mean −ln p(x) over the test rows, in nats."""
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


def fit_run(
    name: str,
    data: Dataset,
    options: FitOptions,
    folder: Path,
    *,
    overwrite: bool = False,
    device: torch.device | None = None,
    report: Callable[[Progress], None] | None = None,
) -> tuple[AutoregressiveModel | Mixture, Figures, list[Path]]:
    """A system's name, data, options, a folder -> model, figures and pictures, all written there.

    The folder holds a usable model from the first moment on: fresh weights at first, then the best
    so far, replaced whole after every improvement.

    Raises:
        FileError: the folder is taken or cannot be written.
        InputError: data or options that do not fit the system.
        DivergedError: the loss became NaN; the folder keeps the last good weights.
    """
    model = assemble(name, data, options)
    claim_folder(folder, marker=CONFIG, overwrite=overwrite)
    if device is not None:
        model.to(device)
    card: dict[str, Any] = {
        "system": name,
        "data": data.name,
        "protocol": data.protocol,
        "schema": data.schema.to_dict(),
        "options": [to_plain(part) for part in options],
    }

    def keep() -> None:
        save(model, folder, card=card, overwrite=True)

    for name_of_old in _PICTURES:  # those of a replaced run would be taken for this one's
        (folder / name_of_old).unlink(missing_ok=True)
    keep()
    metrics = folder / METRICS
    write_atomically(metrics, b"")

    def note(progress: Progress) -> None:
        if progress.valid is not None:
            line = {k: v for k, v in asdict(progress).items() if k in _RECORDED}
            try:
                with metrics.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
            except OSError as error:
                raise FileError(f"{metrics}: cannot be written ({error.strerror})") from None
        if report:
            report(progress)

    result = fit_model(model, data, options[2], report=note, keep=keep)
    figures = measure(model, data, result)
    card["figures"] = without_nan(asdict(figures))
    keep()
    return model, figures, _pictures(model, data, result, folder, name)


_RECORDED = ("epoch", "train", "valid", "seconds")


def measure(
    model: AutoregressiveModel | Mixture, data: Dataset, result: FitResult | None = None
) -> Figures:
    """A model and a data set -> its figures on the test rows."""
    result = result or FitResult()
    context = class_context(data.test, model.context_size)
    nats = -score(model, data.test.values, context, data.test.observed)
    scalars = data.schema.num_variables
    return Figures(
        test_nats=nats.mean().item(),
        standard_error=(nats.std() / math.sqrt(len(nats))).item() if len(nats) > 1 else math.nan,
        bits_per_dim=nats.mean().item() / scalars / math.log(2),
        test_rows=len(nats),
        valid_nats=result.best_valid if math.isfinite(result.best_valid) else None,
        num_parameters=model.num_parameters,
        full_table=full_table_size(data.schema.levels),
        best_epoch=result.best_epoch,
        epochs=len(result.records),
        seconds=round(result.seconds, 2),
        protocol=data.protocol,
        ended=result.ended,
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


def _pictures(
    model: AutoregressiveModel | Mixture,
    data: Dataset,
    result: FitResult,
    folder: Path,
    name: str,
) -> list[Path]:
    written = []
    title, num_symbols = f"{name} on {data.name}", data.schema.num_symbols
    if len(result.records) > 1:
        curve = folder / "training_curve.png"
        written.append(
            training_curve(result.records, curve, title, best_epoch=result.best_epoch or None)
        )
    first = model.models[0] if isinstance(model, Mixture) else model
    if data.schema.kind == "image" and not isinstance(first.ordering, Raster):
        order, picture = first.ordering.order(), folder / "ordering.png"
        words = type(first.ordering).__name__.lower()
        written.append(ordering_map(order, first.event_shape, picture, f"The {words} ordering"))
    context = class_context(data.test, model.context_size)
    count = min(_PICTURED, len(data.test)) if context is not None else _PICTURED
    some = None if context is None else context[:count]
    drawn = sample(model, count, seed=0, context=some)
    if isinstance(model, AutoregressiveModel) and isinstance(model.conditional, Discrete):
        beside = folder / "samples_beside_probabilities.png"
        hats = predict(model, drawn, some)
        written.append(samples_beside_probabilities(drawn, hats, beside, title, num_symbols))
    elif data.schema.kind == "image":
        written.append(sample_grid(drawn, folder / "samples.png", num_symbols))
    return written
