"""The pictures of a run: its curve, its order, where it looked, its samples, what surprised it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arden.core.conditional import Discrete
from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AttendingNetwork
from arden.data.dataset import Dataset
from arden.data.scoring_rows import take_rows
from arden.orderings.raster import Raster
from arden.plots.attention_map import MOST_SIGNS, attention_map
from arden.plots.ordering_map import ordering_map
from arden.plots.sample_grid import sample_grid
from arden.plots.samples_beside_probabilities import samples_beside_probabilities
from arden.plots.sequence_surprise import sequence_surprise
from arden.plots.table_pairs import table_pairs
from arden.plots.training_curve import LIKELIHOOD, training_curve
from arden.runs.latent_pictures import draw_latent_pictures
from arden.tasks.attend import attention_weights
from arden.tasks.predict import predict
from arden.tasks.sample import sample
from arden.tasks.score import score_conditionals
from arden.training.context import class_context
from arden.training.outcome import FitResult

__all__ = ["PICTURES", "draw_pictures"]

PICTURES = (
    "training_curve.png",
    "ordering.png",
    "attention.png",
    "samples_beside_probabilities.png",
    "reconstructions.png",
    "samples.png",
    "features.png",
    "surprise.png",
)
_PICTURED = 64
_DRAWN_ROWS = 500  # of a table
_MOST_ROWS = 65_536  # more points than a picture can show
_SYMBOLS = {"text": 1_000, "audio": 16_000, "strings": 1_000}


def draw_pictures(
    model: AnyModel,
    data: Dataset,
    result: FitResult,
    folder: Path,
    name: str,
) -> list[Path]:
    """A fitted model, its data, how the fit went, a folder -> the pictures written there."""
    written = []
    title = f"{name} on {data.name}"
    if len(result.records) > 1:
        curve, best = folder / "training_curve.png", result.best_epoch or None
        told = (
            (model.objective, model.objective_unit)
            if isinstance(model, LatentModel)
            else (LIKELIHOOD, "nats")
        )
        written.append(training_curve(result.records, curve, title, best, *told))
    if isinstance(model, LatentModel):
        return [*written, *draw_latent_pictures(model, data, folder, title)]
    first = model.models[0] if isinstance(model, Mixture) else model
    if data.schema.kind == "image" and not isinstance(first.ordering, Raster):
        order, picture = first.ordering.order(), folder / "ordering.png"
        words = type(first.ordering).__name__.lower()
        written.append(ordering_map(order, first.event_shape, picture, f"The {words} ordering"))
    if isinstance(model, AutoregressiveModel) and isinstance(model.network, AttendingNetwork):
        written.append(_attention(model, data, folder, title))
    if data.unit != "row":
        return [*written, *_surprise(model, data, folder, title)]
    return [*written, *_samples(model, data, folder, title)]


def _attention(model: AutoregressiveModel, data: Dataset, folder: Path, title: str) -> Path:
    """The first test event, and at which of its values each step looked."""
    event, context = data.test.values[:1], class_context(data.test, model.context_size)
    if data.schema.end is not None:  # what follows the end of a string is padding
        event = event[:, : int(model.ordering.valid(event).sum())]
    weights = attention_weights(model, event, None if context is None else context[:1])[0]
    about: dict[str, Any] = {}
    if data.schema.kind == "image":
        about = {"event": event[0], "order": model.dims(1, len(weights))}
    elif data.schema.symbols:  # as much of a text as can be read beside the heat
        about = {
            "signs": [data.schema.symbols[symbol] for symbol in event[0, :MOST_SIGNS].tolist()]
        }
        weights = weights[:MOST_SIGNS, :MOST_SIGNS]
    return attention_map(weights, folder / "attention.png", f"Attention: {title}", **about)


def _samples(
    model: AutoregressiveModel | Mixture, data: Dataset, folder: Path, title: str
) -> list[Path]:
    test = take_rows(data.test, slice(0, _MOST_ROWS))
    context = class_context(test, model.context_size)
    most = _PICTURED if data.schema.num_symbols or data.schema.kind == "image" else _DRAWN_ROWS
    count = min(most, len(test)) if context is not None else most
    some = None if context is None else context[:count]
    drawn = sample(model, count, seed=0, context=some)
    symbols = data.schema.num_symbols
    if isinstance(model, AutoregressiveModel) and isinstance(model.conditional, Discrete):
        beside, hats = folder / "samples_beside_probabilities.png", predict(model, drawn, some)
        return [samples_beside_probabilities(drawn, hats, beside, title, symbols)]
    if data.schema.kind == "image":
        return [sample_grid(drawn, folder / "samples.png", symbols)]
    rows = test.values.double()
    if test.observed is not None:
        rows = rows.masked_fill(~test.observed, float("nan"))
    names = [column.name for column in data.schema.columns]
    return [table_pairs(rows, drawn, folder / "samples.png", title, names)]


def _surprise(
    model: AutoregressiveModel | Mixture, data: Dataset, folder: Path, title: str
) -> list[Path]:
    """The beginning of a sequence's test part, or the first strings, each symbol with its −ln p."""
    if isinstance(model, Mixture) and not model.same_order:
        return []  # it has no terms of single symbols
    split, scored = data.test, data.counted("test")
    assert scored is not None
    so_far = scored.flatten(1).sum(dim=1).cumsum(dim=0)
    rows = slice(0, int((so_far < _SYMBOLS[data.schema.kind]).sum()) + 1)
    context = class_context(split, model.context_size)
    observed = None if split.observed is None else split.observed[rows]
    some = None if context is None else context[rows]
    terms = score_conditionals(model, split.values[rows], some, observed)
    counted = scored[rows]
    shown, nats = split.values[rows][counted].numpy(), -terms[counted].double().numpy()
    return [sequence_surprise(data.schema, shown, nats, folder / "surprise.png", title)]
