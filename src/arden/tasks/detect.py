"""Detect: which rows are not like the normal ones, at a false-alarm rate that is guaranteed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.calibration import Calibration, calibrate
from arden.tasks.classify import class_log_probs
from arden.tasks.normality import Classes, ScoreName, check_score, normality
from arden.tasks.surprise import excess_surprise

__all__ = ["Detections", "Detector", "detect"]


@dataclass(frozen=True, eq=False)
class Detections:
    """What was found of M rows (or groups): (M,) scores, p-values and flags."""

    scores: Tensor
    """Higher is more normal; float64."""
    p_values: Tensor
    """(1 + the number of normal rows that score no higher) / (N + 1)."""
    flagged: Tensor
    """Bool: whether the p-value is at most the false-alarm rate."""
    threshold: float
    """Scores below it are flagged."""
    false_alarms: float


@dataclass(frozen=True, eq=False)
class Detector:
    """A model, the score it is asked for, and the normal rows that this score is ranked among.

    `Detector.calibrated` makes one of held-out normal rows; called with rows it judges them.
    """

    model: AutoregressiveModel | Mixture
    calibration: Calibration | None = None
    score: ScoreName = "likelihood"
    background: AnyModel | None = None
    classes: Classes = "given"
    batch_size: int | None = None

    @classmethod
    def calibrated(
        cls,
        model: AutoregressiveModel | Mixture,
        normal: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
        *,
        scored: Tensor | None = None,
        score: ScoreName = "likelihood",
        background: AnyModel | None = None,
        classes: Classes = "given",
        group: int = 1,
        batch_size: int | None = None,
    ) -> Detector:
        """A model, (N, *event) normal rows that it was not fitted to -> a detector.

        ``score``, ``background`` and ``classes`` are those of `normality`; typicality and ``group``
        those of `calibrate`.
        """
        draft = cls(model, None, score, background, classes, batch_size)
        found = draft.normality(normal, context, observed, scored)
        return draft.ranking(found, group)

    def ranking(self, found: Tensor, group: int = 1) -> Detector:
        """(N,) what `normality` gave of normal rows -> the same detector, calibrated on them."""
        typical = self.score == "typicality"
        return replace(self, calibration=calibrate(found, typical=typical, group=group))

    def normality(
        self,
        x: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
        scored: Tensor | None = None,
    ) -> Tensor:
        """(N, *event), (N, C) -> (N,) float64: what `normality` gives with this score."""
        return normality(
            self.model,
            x,
            context,
            observed,
            scored=scored,
            score=self.score,
            background=self.background,
            classes=self.classes,
            batch_size=self.batch_size,
        )

    def __call__(
        self,
        x: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
        *,
        scored: Tensor | None = None,
        false_alarms: float = 0.01,
    ) -> Detections:
        """(M, *event), (M, C) -> what is found of these rows."""
        self._ranks().threshold(false_alarms)  # what cannot be promised is refused before the work
        return self.judge(self.normality(x, context, observed, scored), false_alarms)

    def judge(self, found: Tensor, false_alarms: float) -> Detections:
        """(M,) what `normality` gave -> scores, p-values and flags."""
        ranks = self._ranks()
        scores, threshold = ranks.scores(found), ranks.threshold(false_alarms)
        return Detections(
            scores, ranks.p_values(scores), scores < threshold, threshold, false_alarms
        )

    def context_of(
        self,
        x: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
        scored: Tensor | None = None,
    ) -> Tensor | None:
        """(N, *event), (N, C) -> (N, C): what each row is explained under.

        Where no class is given it is the one that gives the row most.
        """
        if self.classes == "given" or not self.model.context_size:
            return context
        best = class_log_probs(self.model, x, observed, scored=scored).argmax(dim=1)
        return one_hot(best, self.model.context_size).to(torch.get_default_dtype())

    def surprise(
        self,
        x: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
        scored: Tensor | None = None,
    ) -> Tensor:
        """(N, *event), (N, C) -> (N, *event) nats: `excess_surprise`, why a row is not normal.

        −∞ where a value is not scored.

        Raises:
            InputError: a mixture over different orders, which has no such terms.
        """
        found = excess_surprise(
            self.model,
            x,
            self.context_of(x, context, observed, scored),
            observed,
            background=self.background if self.classes == "given" else None,
        )
        return found if scored is None else torch.where(scored, found, -torch.inf)

    def _ranks(self) -> Calibration:
        if self.calibration is None:
            raise InputError("calibration: expected one of held-out normal rows, got none")
        return self.calibration


def detect(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    normal: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    normal_context: Tensor | None = None,
    normal_observed: Tensor | None = None,
    score: ScoreName = "likelihood",
    background: AnyModel | None = None,
    classes: Classes = "given",
    false_alarms: float = 0.01,
    group: int = 1,
    batch_size: int | None = None,
) -> Detections:
    """(M, *event) rows, (N, *event) normal ones -> which of the M are anomalies.

    Of rows that are like the N normal ones at most the share ``false_alarms`` is flagged, on
    average over draws of both, whatever the model is worth: its worth shows in what else is found.
    The normal rows must not be those it was fitted to. `Detector` keeps a calibration for more
    rows; `excess_surprise` says which variables are to blame. That an adversary who knows the
    detector cannot get past it is not claimed: they can (Athalye, Carlini, Wagner, "Obfuscated
    gradients give a false sense of security", 2018).

    Raises:
        InputError: as `normality` and `calibrate`; too few normal rows for the false-alarm rate.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("markov", data, progress=False)
    >>> rows, negatives = data.test.values, 1 - data.test.values
    >>> found = arden.detect(model, negatives, rows, false_alarms=0.05)
    >>> found.flagged.double().mean()
    tensor(1., dtype=torch.float64)
    """
    check_score(score, background)
    detector = Detector.calibrated(
        model,
        normal,
        normal_context,
        normal_observed,
        score=score,
        background=background,
        classes=classes,
        group=group,
        batch_size=batch_size,
    )
    return detector(x, context, observed, false_alarms=false_alarms)
