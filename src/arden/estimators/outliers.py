"""ArdenOutlierDetector: rows that p(x) finds unlikely, as a scikit-learn outlier detector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from arden.errors import InputError
from arden.estimators._base import ArdenEstimator
from arden.tasks.score import score
from arden.tasks.verbs import exact

__all__ = ["ArdenOutlierDetector"]


class ArdenOutlierDetector(OutlierMixin, ArdenEstimator):
    """Rows of little probability are outliers: the share ``contamination`` of those fitted.

    A low density is not all there is to being unusual: of high-dimensional data it fails in known
    ways. Parameters as `ArdenDensity`, and

    Parameters
    ----------
    contamination : float, default=0.1
        The share of the rows given to fit that are taken for outliers, above 0 and at most 0.5.

    Attributes
    ----------
    offset_ : float
        The ln p(x) at which a row is an outlier, in nats.

    >>> import numpy as np
    >>> from arden.estimators import ArdenOutlierDetector
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> detector = ArdenOutlierDetector(epochs=5, contamination=0.05, random_state=0).fit(x)
    >>> detector.predict([[0.0, 0.0], [9.0, 9.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        system: str = "made",
        *,
        contamination: float = 0.1,
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

    def fit(self, X: Any, y: Any = None) -> ArdenOutlierDetector:
        """(n, d) -> self; y is not looked at."""
        if not 0 < self.contamination <= 0.5:
            raise InputError(
                "contamination: expected a number above 0 and at most 0.5, "
                f"got {self.contamination!r}"
            )
        x = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._fit_model(x)
        self.offset_ = float(np.quantile(self._log_prob(x), self.contamination))
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n,): ln p(x) of every row, in nats: less is more unusual."""
        check_is_fitted(self)
        return self._log_prob(validate_data(self, X, dtype=np.float64, reset=False))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n,): ln p(x) − ``offset_``, negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """(n, d) -> (n,): −1 for outliers, 1 for the rest."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _log_prob(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        log_prob: NDArray[np.float64] = score(exact("score", self.model_), self._values(x)).numpy()
        return log_prob
