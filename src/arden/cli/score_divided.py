"""Rows scored by many: the processes of torchrun, or the workers of Ray."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from arden.cli.score_rows import report_rows
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema
from arden.engines.arrow_batches import RowSource
from arden.engines.processes import score_together
from arden.engines.ray_data import score_by_ray
from arden.engines.row_scores import RowScores, ScoringOptions
from arden.errors import InputError
from arden.storage.located import located
from arden.training.world import World

__all__ = ["check_divisible", "score_divided"]


def check_divisible(schema: Schema, world: World, engine: str, picture: Path | None) -> None:
    """A model's schema, who is to score, a picture that is wanted -> (), or a refusal."""
    if engine == "ray" and world.size > 1:
        raise InputError("engine: expected plain under torchrun, which divides the rows itself")
    many = "torchrun" if world.size > 1 else engine
    if picture:
        raise InputError(f"picture: expected the plain engine and one process, got {many}")
    if schema.kind not in ("table", "image"):
        raise InputError(
            f"engine: expected a model of table rows or images under {many}, got one of "
            f"{schema.kind}; score it with one process and the plain engine"
        )


def score_divided(
    run: Path,
    model: AutoregressiveModel | Mixture,
    rows: RowSource,
    options: ScoringOptions,
    world: World,
    workers: int | None,
    *,
    unit: str,
    out: Path | None,
    json: bool,
) -> int:
    """A run and its model, rows, how and among whom -> exit code 0; each ln p(x) is told.

    Under torchrun the first process tells them, and all the others only score.
    """
    if world.size == 1:
        device = model.device.type
        scores = score_by_ray(located(run).resolve(), rows, options, device, workers)
    else:
        scores = score_together(model, rows.schema, rows.chunks(), options, world)
    if not world.leads:
        _exhaust(scores)
        return 0
    complete = options.complete_rows
    return report_rows(scores, rows.schema, unit=unit, out=out, json=json, complete_rows=complete)


def _exhaust(scores: Iterator[RowScores]) -> None:
    for _ in scores:
        pass
