"""ln p of the rows of a chunk, those with missing cells told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Split
from arden.data.scoring_rows import take_rows
from arden.errors import InputError
from arden.tasks.score import score
from arden.training.context import class_context
from arden.training.missing import tellable

__all__ = ["RowScores", "ScoringOptions", "score_chunk", "score_here"]


@dataclass(frozen=True)
class ScoringOptions:
    """How many rows share a pass, and whether those with a missing cell are left out."""

    batch_size: int | None = None
    complete_rows: bool = False


@dataclass(frozen=True, eq=False)
class RowScores:
    """``log_prob`` (n,) float64 nats of rows that follow one another; nan for those left out.

    ``whole`` (n,) bool: the rows without a missing cell. ``share`` of the source was read by then.
    """

    log_prob: Tensor
    whole: Tensor
    share: float = 1.0

    def __len__(self) -> int:
        return len(self.log_prob)


def score_chunk(
    model: AutoregressiveModel | Mixture,
    rows: Split,
    options: ScoringOptions,
    first_row: int = 0,
    name: str = "data",
) -> tuple[Tensor, Tensor]:
    """n rows, their first one's number in ``name`` -> (n,) nats, (n,) bool: which are whole.

    Of a row with missing cells it is ln p of what it holds, or nan where such rows are left out.

    Raises:
        InputError: a row of whose known cells the model cannot tell the probability.
    """
    whole = torch.ones(len(rows), dtype=torch.bool)
    if rows.observed is not None:
        whole = rows.observed.flatten(1).all(dim=1)
        if not options.complete_rows:
            _check_told(model, rows.observed, first_row, name)
    left_out = options.complete_rows and not bool(whole.all())
    kept = take_rows(rows, whole) if left_out else rows
    found = torch.full((len(rows),), torch.nan, dtype=torch.float64)
    if len(kept):
        log_prob = score(
            model,
            kept.values,
            class_context(kept, model.context_size),
            kept.observed,
            scored=kept.scored,
            batch_size=options.batch_size,
        )
        found[whole if left_out else slice(None)] = log_prob
    return found, whole


def score_here(
    model: AutoregressiveModel | Mixture,
    chunks: Iterable[tuple[Split, float]],
    options: ScoringOptions,
) -> Iterator[RowScores]:
    """A model, chunks of rows with the share read so far -> their scores, by this process alone."""
    first_row = 0
    for rows, share in chunks:
        yield RowScores(*score_chunk(model, rows, options, first_row), share)
        first_row += len(rows)


def _check_told(
    model: AutoregressiveModel | Mixture, observed: Tensor, first_row: int, name: str
) -> None:
    told = tellable(model, observed)
    if not bool(told.all()):
        row = first_row + int((~told).long().argmax())
        raise InputError(
            f"{name}: row {row} (counted from 0) has a missing cell, and this model reads every "
            "cell before the next, so that ln p of what the row holds is not known; expected whole "
            "rows (--complete-rows leaves the others out), or a model of any order"
        )
