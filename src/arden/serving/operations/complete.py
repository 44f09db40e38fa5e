"""POST /complete: what is not known of every row, drawn given the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Generator, Tensor

from arden.core.draw import RowGenerators
from arden.data.spelling import most_steps
from arden.serving.answer import Answer
from arden.serving.given_rows import Read, join, read_partial
from arden.serving.operations.operation import (
    Labelled,
    Operation,
    Prepared,
    Seed,
    Whole,
    new_seed,
)
from arden.serving.served import Served
from arden.tasks.complete import complete
from arden.tasks.verbs import exact

__all__ = ["COMPLETE"]


class CompleteAsked(Labelled):
    """What /complete may be told."""

    number: Whole = Field(1, description="How many completions of every row.")
    greedy: bool = Field(
        False, description="The most likely value at every step instead of a draw."
    )
    candidates: Whole = Field(
        64, description="How many walks are weighed for a row that cannot be completed exactly."
    )
    seed: Seed = None
    longest: Whole | None = Field(
        None, description="Of strings: how many symbols one may have, the end included."
    )


class Completions(BaseModel):
    """What /complete answers."""

    model: str
    seed: int
    joint: str = Field(description="The joint that the completions are drawn from, in words.")
    exact: bool = Field(
        description="Whether every completion is an independent draw from p(unknown | known)."
    )
    exact_rows: list[bool]
    rows: list[list[Any]] = Field(description="The completions of every row.")
    order: list[list[int]] | None = Field(
        None, description="Of an any-order model: the order of the joint of each row."
    )
    log_weight: list[list[float | None]] = Field(
        description="ln of the weights of each row's candidates; their logsumexp is log_observed."
    )
    log_observed: list[float | None] = Field(
        description="ln p of what is known of each row: exact, or an estimate where exact is false."
    )
    effective_sample_size: list[float | None] = Field(
        description="How many independent draws the candidates are worth; null is ∞: exact."
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    read: Read
    context: Tensor | None
    asked: CompleteAsked
    seed: int
    most: int | None


def _prepare(served: Served, given: Any, asked: CompleteAsked) -> Prepared[_Rows]:
    limits, schema = served.limits, served.schema
    limits.check_samples("number", asked.number)
    limits.check_samples("candidates", asked.candidates)
    read = read_partial(given, schema)
    most = most_steps(asked.longest, schema)
    if most is not None:  # a string that is given may be longer: it stays as it is
        most = max(most, read.rows.values.shape[1])
    walks = max(asked.number, 1 if asked.greedy else asked.candidates)
    limits.check_steps(len(read) * walks * (most or schema.num_variables))
    context = served.context(len(read), asked.label, asked.labels)
    kind = ("complete", asked.number, asked.greedy, asked.candidates, most)
    rows = _Rows(read, context, asked, new_seed(asked.seed), most)
    return Prepared(kind, len(read) * asked.number, rows)


def _together(served: Served, asked: Sequence[_Rows]) -> list[Answer]:
    first = asked[0]
    every = join([one.read for one in asked], [one.context for one in asked], served.end)
    observed = every.observed
    if observed is None:
        observed = torch.ones_like(every.values, dtype=torch.bool)
    generators = [Generator().manual_seed(one.seed) for one in asked]
    found = complete(
        exact("complete", served.model),
        every.values,
        observed,
        every.context,
        num=first.asked.number,
        greedy=first.asked.greedy,
        generator=RowGenerators.of_parts(generators, every.counts),
        candidates=first.asked.candidates,
        max_steps=first.most,
    )
    answers, start = [], 0
    for one, count in zip(asked, every.counts, strict=True):
        mine = slice(start, start + count)
        start += count
        exact_rows = found.exact_rows[mine]
        facts: dict[str, Any] = {"model": served.name, "seed": one.seed, "joint": found.joint}
        facts["exact"] = bool(exact_rows.all())
        columns: dict[str, list[Any]] = {
            "exact_rows": exact_rows.tolist(),
            "log_weight": [_without_padding(row) for row in found.log_weight[mine].tolist()],
            "log_observed": found.log_observed[mine].tolist(),
            "effective_sample_size": found.effective_sample_size[mine].tolist(),
        }
        if found.order is not None:
            columns["order"] = found.order[mine].tolist()
        answers.append(Answer(facts, columns, found.values[mine], first.asked.number))
    return answers


def _without_padding(row: list[float]) -> list[float]:
    """ln weights of a row's candidates -> without the −∞ that fill up rows with fewer of them."""
    end = len(row)
    while end > 1 and row[end - 1] == -math.inf:
        end -= 1
    return row[:end]


COMPLETE = Operation(
    name="complete",
    title="What is not known of every row, given the rest",
    about="Null is what is not known; of strings, texts and sounds also what follows the row.",
    asked=CompleteAsked,
    answered=Completions,
    prepare=_prepare,
    together=_together,
    takes_rows="partial",
)
