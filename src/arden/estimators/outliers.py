"""ArdenOutlierDetector: rows unlike those fitted to, as a scikit-learn outlier detector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from arden.errors import InputError
from arden.estimators._base import ArdenEstimator, as_mask
from arden.tasks.calibration import Calibration
from arden.tasks.detect import Detector
from arden.tasks.normality import ScoreName, check_score
from arden.tasks.verbs import exact

__all__ = ["ArdenOutlierDetector"]

_MUTATED = 0.2


class ArdenOutlierDetector(OutlierMixin, ArdenEstimator):
    """Rows of a low score are outliers: the share ``contamination`` of those fitted, or what is
    below a calibrated threshold.

    A low density is not all there is to being unusual: of high-dimensional data it fails in known
    ways, and other scores repair some of them. Parameters as `ArdenDensity`, and

    Parameters
    ----------
    contamination : float, default=0.1
        The share of the rows given to fit that are taken for outliers, above 0 and at most 0.5.
    false_alarms : float or None, default=None
        In place of ``contamination``: the share of normal rows that may be flagged, for a threshold
        among the held-out rows (see ``validation_fraction``); the rows given to fit should then be
        normal. These rows chose the epoch, which the promise does not account for.
    score_by : {"likelihood", "ratio", "typicality", "complexity"}, default="likelihood"
        ln p(x); ln p(x) minus that of a background model, fitted to the rows with a fifth of their
        values replaced by chance; how near ln p(x) is to the usual one; ln p(x) plus the bits of a
        compressor (levels only). See `arden.detect`.

    Attributes
    ----------
    offset_ : float
        The score below which a row is an outlier, in nats.
    calibration_ : array
        The scores of the held-out rows, in rising order: what `p_values` ranks others among.

    >>> import numpy as np
    >>> from arden.estimators import ArdenOutlierDetector
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> detector = ArdenOutlierDetector(epochs=5, contamination=0.05, random_state=0).fit(x)
    >>> detector.predict([[0.0, 0.0], [9.0, 9.0]])
    array([ 1, -1])
    >>> detector.p_values([[9.0, 9.0]]).round(3)  # the least among 20 held-out rows
    array([0.048])
    """

    def __init__(
        self,
        system: str = "made",
        *,
        contamination: float = 0.1,
        false_alarms: float | None = None,
        score_by: ScoreName = "likelihood",
        options: Mapping[str, Any] | None = None,
        epochs: int = 100,
        validation_fraction: float = 0.1,
        discrete: bool | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            system,
            options=options,
            epochs=epochs,
            validation_fraction=validation_fraction,
            discrete=discrete,
            random_state=random_state,
        )
        self.contamination = contamination
        self.false_alarms = false_alarms
        self.score_by = score_by

    def fit(self, X: Any, y: Any = None) -> ArdenOutlierDetector:
        """(n, d) -> self; y is not looked at."""
        if not 0 < self.contamination <= 0.5:
            raise InputError(
                "contamination: expected a number above 0 and at most 0.5, "
                f"got {self.contamination!r}"
            )
        check_score(self.score_by, None if self.score_by != "ratio" else "fitted here")
        x, known = self._rows(X, reset=True)
        self._fit_model(x, observed=known)
        exact("detect", self.model_)
        if self.score_by == "ratio":
            self.background_, _ = self._fitted(x, None, known, {"mutate": _MUTATED})
        held_out = self._hold_out(len(x))[1]
        of_them = None if known is None else known[held_out]
        draft = self._detector(None)
        ranks = draft.ranking(self._normality(draft, x[held_out], of_them)).calibration
        assert ranks is not None
        self.calibration_ = ranks.ranked.numpy()
        self._centre = ranks.centre
        if self.false_alarms is None:
            self.offset_ = float(np.quantile(self._scores(x, known), self.contamination))
        else:
            self.offset_ = ranks.threshold(self.false_alarms)
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n,): the score of every row, in nats: less is more unusual."""
        check_is_fitted(self)
        return self._scores(*self._rows(X, reset=False))

    def p_values(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n,): (1 + #{s_i ≤ s}) / (N + 1), the rank among the N held-out scores s_i.

        Of a row like those, and of no say in the fit, P(p ≤ α) ≤ α for every α.
        """
        scores = torch.from_numpy(self.score_samples(X))
        p_values: NDArray[np.float64] = self._ranks().p_values(scores).numpy()
        return p_values

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n,): the score − ``offset_``, negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """(n, d) -> (n,): −1 for outliers, 1 for the rest."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _ranks(self) -> Calibration:
        return Calibration(torch.from_numpy(self.calibration_), self._centre)

    def _detector(self, calibration: Calibration | None) -> Detector:
        background = self.background_ if self.score_by == "ratio" else None
        return Detector(exact("detect", self.model_), calibration, self.score_by, background)

    def _normality(
        self, detector: Detector, x: NDArray[np.float64], known: NDArray[np.bool_] | None
    ) -> Tensor:
        return detector.normality(self._values(x, known), observed=as_mask(known))

    def _scores(
        self, x: NDArray[np.float64], known: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        ranks = self._ranks()
        found = self._normality(self._detector(ranks), x, known)
        scores: NDArray[np.float64] = ranks.scores(found).numpy()
        return scores
