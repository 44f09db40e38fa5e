"""POST /sample: draws from the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Generator, Tensor

from arden.core.draw import RowGenerators
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.spelling import most_steps
from arden.errors import InputError
from arden.serving.answer import Answer
from arden.serving.operations.operation import (
    Asked,
    Operation,
    Prepared,
    Seed,
    Whole,
    new_seed,
)
from arden.serving.served import Served
from arden.tasks.sample import sample
from arden.tasks.sample_document import sample_document

__all__ = ["SAMPLE"]


class SampleAsked(Asked):
    """What /sample may be told."""

    number: Whole = Field(1, description="How many draws.")
    seed: Seed = None
    label: str | None = Field(None, description="The class to draw, of a model with classes.")
    longest: Whole | None = Field(
        None, description="Of strings: how many symbols one may have, the end included."
    )
    length: Whole | None = Field(
        None, description="Characters or samples of every text or sound; one window if not given."
    )


class Samples(BaseModel):
    """What /sample answers."""

    model: str
    seed: int
    rows: list[Any] = Field(description="The draws, in the form in which rows are given.")
    ended: list[bool] | None = Field(
        None, description="Of strings: whether each had ended; else only its beginning is there."
    )


@dataclass(frozen=True, eq=False)
class _Draws:
    number: int
    seed: int
    context: Tensor | None
    most: int | None
    length: int | None


def _prepare(served: Served, given: Any, asked: SampleAsked) -> Prepared[_Draws]:
    limits, schema = served.limits, served.schema
    limits.check_samples("number", asked.number)
    most = most_steps(asked.longest, schema)
    if asked.length is not None and schema.stride is None:
        raise InputError("length: expected none, because this model does not read windows")
    limits.check_steps(asked.number * (asked.length or most or schema.num_variables))
    context = served.context(asked.number, asked.label)
    draws = _Draws(asked.number, new_seed(asked.seed), context, most, asked.length)
    return Prepared(("sample", most, asked.length), asked.number, draws)


def _together(served: Served, asked: Sequence[_Draws]) -> list[Answer]:
    first, numbers = asked[0], [one.number for one in asked]
    generators = [Generator().manual_seed(one.seed) for one in asked]
    chance = RowGenerators.of_parts(generators, numbers)
    contexts = [one.context for one in asked if one.context is not None]
    context = torch.cat(contexts) if contexts else None
    schema, total = served.schema, sum(numbers)
    if first.length is not None and isinstance(served.model, (AutoregressiveModel, Mixture)):
        stride = schema.stride or 1
        drawn = sample_document(
            served.model, total, first.length, stride, generator=chance, context=context
        )
    else:
        drawn = sample(served.model, total, generator=chance, context=context, max_steps=first.most)
    answers = []
    for one, rows in zip(asked, drawn.split(numbers), strict=True):
        answer = Answer({"model": served.name, "seed": one.seed}, rows=rows)
        if schema.end is not None:
            answer.columns["ended"] = (rows == schema.end).any(dim=1).tolist()
        answers.append(answer)
    return answers


SAMPLE = Operation(
    name="sample",
    title="Draws from the model",
    about="Independent draws from p(x), a function of the seed.",
    asked=SampleAsked,
    answered=Samples,
    prepare=_prepare,
    together=_together,
)
