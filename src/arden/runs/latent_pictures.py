"""The pictures of a model through hidden features: its copies, its draws, where its rows lie."""

from __future__ import annotations

from pathlib import Path

import torch

from arden.core.latent import LatentModel
from arden.data.dataset import Dataset
from arden.plots.feature_scatter import feature_scatter
from arden.plots.reconstructions import reconstructions
from arden.plots.sample_grid import sample_grid
from arden.tasks.represent import represent
from arden.tasks.sample import sample
from arden.training.context import class_context

__all__ = ["draw_latent_pictures"]

_PICTURED = 64
_SCATTERED = 2_000


@torch.no_grad()
def draw_latent_pictures(model: LatentModel, data: Dataset, folder: Path, title: str) -> list[Path]:
    """A fitted model, its data, a folder -> the pictures written there."""
    split, symbols, written = data.test, data.schema.num_symbols, []
    context = class_context(split, model.context_size)
    first = None if context is None else context[:_PICTURED]
    if data.schema.kind == "image" or symbols is not None:
        rows = split.values[:_PICTURED]
        known = None if split.observed is None else split.observed[:_PICTURED]
        shown = rows.double() if known is None else torch.where(known, rows.double(), torch.nan)
        copies = model.reconstruct(rows, first, known).cpu()
        path = folder / "reconstructions.png"
        written.append(reconstructions(shown, copies, path, title, symbols))
    if "sample" in model.verbs and data.schema.kind == "image":
        count = _PICTURED if first is None else len(first)
        drawn = sample(model, count, seed=0, context=first)
        written.append(sample_grid(drawn, folder / "samples.png", symbols))
    some = slice(0, _SCATTERED)
    features = represent(
        model,
        split.values[some],
        None if context is None else context[some],
        None if split.observed is None else split.observed[some],
    )
    labels = None if split.labels is None else split.labels[some]
    path = folder / "features.png"
    return [*written, feature_scatter(features, path, title, labels, data.schema.class_names)]
