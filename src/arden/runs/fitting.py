"""A fit written to a folder: resumable while it lasts, whole when it has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from arden.assembly import FitOptions, assemble
from arden.core.latent import AnyModel, LatentModel
from arden.data.dataset import Dataset
from arden.runs.figures import measure
from arden.runs.folder import CHECKPOINT, METRICS, Metrics, claimed, forget
from arden.runs.latent_figures import AnyFigures, measure_latent, read_figures
from arden.runs.pictures import PICTURES, draw_pictures
from arden.storage.model_files import load, read_card, save
from arden.storage.plain import to_plain, without_nan
from arden.training.checkpoint import Checkpoint
from arden.training.fit import fit_model
from arden.training.options import TrainingOptions
from arden.training.outcome import STOPPED, FitResult, Progress
from arden.training.world import world

__all__ = ["fit_run"]


def fit_run(
    name: str,
    data: Dataset,
    options: FitOptions,
    folder: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    checkpoint_seconds: float = 30.0,
    device: torch.device | None = None,
    report: Callable[[Progress], None] | None = None,
) -> tuple[AnyModel, AnyFigures, list[Path]]:
    """A system's name, data, options, a folder -> model, figures and pictures, all written there.

    The folder holds a usable model from the first moment on: fresh weights at first, then the best
    so far, replaced whole after every improvement; and a checkpoint, written every so many seconds
    and when Ctrl-C is pressed, from which ``resume`` goes on exactly. A finished fit is not
    repeated by ``resume``. Under torchrun the first process writes.

    Raises:
        FileError: the folder is taken, is being written to by another fit, holds a fit with other
            options (to resume), or cannot be written.
        InputError: data or options that do not fit the system.
        DivergedError: the loss became NaN; the folder keeps the last good weights.
    """
    model = assemble(name, data, options)
    if device is not None:
        model.to(device)
    card: dict[str, Any] = {
        "system": name,
        "data": data.name,
        "protocol": data.protocol,
        "schema": data.schema.to_dict(),
        "options": [to_plain(part) for part in options],
    }
    with claimed(folder, card, overwrite=overwrite, resume=resume) as old:
        finished = old is not None and "figures" in old and not (folder / CHECKPOINT).exists()
        if world().sum([float(finished)])[0]:  # only the first process has looked
            pictures = [folder / picture for picture in PICTURES if (folder / picture).exists()]
            found = read_figures(read_card(folder)["figures"])
            return load(folder, device=str(model.device)), found, pictures

        def keep() -> None:
            if world().leads:
                save(model, folder, card=card, overwrite=True)

        if old is None:
            keep()
            forget(folder)
        elif not (folder / CHECKPOINT).exists():
            keep()
        metrics = Metrics(folder / METRICS)

        def note(progress: Progress) -> None:
            metrics.note(progress)
            if report:
                report(progress)

        checkpoint = Checkpoint(folder / CHECKPOINT, checkpoint_seconds)
        result = fit_model(model, data, options[2], report=note, keep=keep, checkpoint=checkpoint)
        figures = _measured(model, data, result, options[2])
        card["figures"] = without_nan(asdict(figures))
        keep()
        if not world().leads:
            return model, figures, []
        pictures = draw_pictures(model, data, result, folder, name)
        if result.ended != STOPPED:
            checkpoint.remove()
        return model, figures, pictures


def _measured(
    model: AnyModel, data: Dataset, result: FitResult, options: TrainingOptions
) -> AnyFigures:
    if isinstance(model, LatentModel):
        return measure_latent(model, data, result)
    return measure(model, data, result, options)
