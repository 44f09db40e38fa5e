"""POST /detect: which rows are not like the normal ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from arden.errors import InputError
from arden.serving.answer import Answer
from arden.serving.given_rows import Read, join, read_whole
from arden.serving.operations.operation import Asked, Operation, Prepared
from arden.serving.refusal import Refusal
from arden.serving.served import Served

__all__ = ["DETECT"]


class DetectAsked(Asked):
    """What /detect may be told."""

    false_alarms: float = Field(
        0.01, gt=0, lt=1, description="The share of normal rows that may be flagged."
    )
    explain: bool = Field(
        True, description="Also how surprising every variable is, beyond what is usual there."
    )


class Detections(BaseModel):
    """What /detect answers."""

    model: str
    false_alarms: float
    threshold: float | None = Field(description="Rows with a lower score are flagged.")
    calibrated_on: int = Field(description="How many normal rows the scores are ranked among.")
    score: list[float | None] = Field(description="Higher is more normal; nats. Null is −∞.")
    p_value: list[float]
    flagged: list[bool]
    surprise: list[Any] | None = Field(
        None, description="−ln p − its mean at that place, of every variable; null is ∞."
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    read: Read
    false_alarms: float
    explain: bool


def _prepare(served: Served, given: Any, asked: DetectAsked) -> Prepared[_Rows]:
    detector = served.detector
    if detector is None or detector.calibration is None:
        raise Refusal(409, f"detect: {served.no_detector}")
    detector.calibration.threshold(asked.false_alarms)  # what cannot be promised is refused first
    schema = served.schema
    read = read_whole(given, schema)
    if len(read) != len(given):
        raise InputError(
            f"rows: expected at most {schema.num_variables} symbols of a {schema.kind}, one window "
            "of the model, because windows are what is judged; got a longer one"
        )
    served.limits.check_steps(read.rows.values.numel())
    explain = asked.explain and served.has_terms
    return Prepared(("detect", explain), len(read), _Rows(read, asked.false_alarms, explain))


def _together(served: Served, asked: Sequence[_Rows]) -> list[Answer]:
    detector = served.detector
    assert detector is not None
    assert detector.calibration is not None
    every = join([one.read for one in asked], [None] * len(asked), served.end)
    beside = {"observed": every.observed, "scored": every.scored}
    normality = detector.normality(every.values, **beside).split(every.counts)
    surprise: Sequence[Any] = [None] * len(asked)
    if asked[0].explain:
        surprise = detector.surprise(every.values, **beside).split(every.counts)
    answers = []
    for one, scores, excess in zip(asked, normality, surprise, strict=True):
        found = detector.judge(scores, one.false_alarms)
        facts = {"model": served.name, "false_alarms": one.false_alarms}
        facts |= {
            "threshold": found.threshold,
            "calibrated_on": len(detector.calibration.ranked),
        }
        columns: dict[str, list[Any]] = {
            "score": found.scores.tolist(),
            "p_value": found.p_values.tolist(),
            "flagged": found.flagged.tolist(),
        }
        if excess is not None:
            own = excess if served.end is None else excess[:, : one.read.rows.values.shape[1]]
            columns["surprise"] = own.tolist()
        answers.append(Answer(facts, columns))
    return answers


DETECT = Operation(
    name="detect",
    title="Which rows are not like the normal ones",
    about="Ranks among normal rows that the model was not fitted to keep the false-alarm rate.",
    asked=DetectAsked,
    answered=Detections,
    prepare=_prepare,
    together=_together,
    takes_rows="whole",
)
