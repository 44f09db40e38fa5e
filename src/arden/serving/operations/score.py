"""POST /score: ln p of every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Tensor

from arden.errors import InputError
from arden.serving.answer import Answer
from arden.serving.given_rows import Read, join, read_whole
from arden.serving.operations.operation import Labelled, Operation, Prepared
from arden.serving.served import Served
from arden.tasks.score import score, score_conditionals
from arden.tasks.verbs import exact

__all__ = ["SCORE"]


class ScoreAsked(Labelled):
    """What /score may be told."""

    variables: bool = Field(
        False, description="Also ln p of every variable given those before it, in its own place."
    )


class Scores(BaseModel):
    """What /score answers."""

    model: str
    unit: str = Field(description="nats")
    log_prob: list[float | None] = Field(
        description="ln p of every row (or of what is known of it); null is −∞: impossible."
    )
    log_conditionals: list[Any] | None = Field(
        None, description="Of every variable, if asked for: ln p given those before it."
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    read: Read
    context: Tensor | None
    count: int
    variables: bool


def _prepare(served: Served, given: Any, asked: ScoreAsked) -> Prepared[_Rows]:
    read = read_whole(given, served.schema)
    served.limits.check_steps(read.rows.values.numel())
    context = served.context(len(given), asked.label, asked.labels)
    if context is not None and read.document is not None:
        context = context[read.document]
    if asked.variables and served.schema.is_sequence:
        raise InputError(
            f"variables: expected events of one length or strings, got {served.schema.kind} "
            "documents, which are scored in windows"
        )
    if asked.variables and not served.has_terms:
        raise InputError("variables: a mixture over different orders has no per-variable terms")
    rows = _Rows(read, context, len(given), asked.variables)
    return Prepared(("score", asked.variables), len(read), rows)


def _together(served: Served, asked: Sequence[_Rows]) -> list[Answer]:
    model = exact("score", served.model)
    every = join([one.read for one in asked], [one.context for one in asked], served.end)
    x, context, observed = every.values, every.context, every.observed
    facts = {"model": served.name, "unit": "nats"}
    if not asked[0].variables:
        found = score(model, x, context, observed, scored=every.scored).split(every.counts)
        pairs = zip(found, asked, strict=True)
        return [
            Answer(facts, {"log_prob": _by_document(part, one).tolist()}) for part, one in pairs
        ]
    answers = []
    terms = score_conditionals(model, x, context, observed).double().split(every.counts)
    for part, one in zip(terms, asked, strict=True):
        # Of strings the longest in the pass may be another request's.
        own = part[:, : one.read.rows.values.shape[1]] if served.end is not None else part
        columns = {"log_prob": own.flatten(1).sum(dim=1).tolist(), "log_conditionals": own.tolist()}
        answers.append(Answer(facts, columns))
    return answers


def _by_document(log_prob: Tensor, one: _Rows) -> Tensor:
    """(M,) of windows -> (N,) of the documents they are of."""
    if one.read.document is None:
        return log_prob
    return torch.zeros(one.count, dtype=log_prob.dtype).index_add(0, one.read.document, log_prob)


SCORE = Operation(
    name="score",
    title="ln p of every row",
    about="Exact; of what is known of a row that has missing cells, where the model can tell it.",
    asked=ScoreAsked,
    answered=Scores,
    prepare=_prepare,
    together=_together,
    takes_rows="whole",
)
