"""ArdenFeatures: what a model's hidden units make of rows, as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from arden.estimators._base import ArdenEstimator
from arden.tasks.represent import represent
from arden.tasks.verbs import check_verb

__all__ = ["ArdenFeatures"]


class ArdenFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ArdenEstimator):
    """The hidden units of a model that was fitted to the rows, or the code of an encoder.

    Parameters as `ArdenDensity`; ``system`` may be any that answers `represent`, and

    Parameters
    ----------
    pool : {"mean", "last"} or None, default=None
        How units that belong to steps are made into one row; None: the network's own way.

    >>> import numpy as np
    >>> from arden.estimators import ArdenFeatures
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> features = ArdenFeatures("nade", options={"hidden": 5}, epochs=2, random_state=0)
    >>> features.fit_transform(x).shape
    (100, 5)
    """

    def __init__(
        self,
        system: str = "made",
        *,
        pool: str | None = None,
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
        self.pool = pool

    def fit(self, X: Any, y: Any = None) -> ArdenFeatures:
        """(n, d) -> self; y is not looked at."""
        x = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self._fit_model(x)
        check_verb("represent", self.model_)
        self._n_features_out = self._features(x[:1]).shape[1]
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n, units)."""
        check_is_fitted(self)
        return self._features(validate_data(self, X, dtype=np.float64, reset=False))

    def _features(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        found = represent(self.model_, self._values(x), pool=self.pool)  # type: ignore[arg-type]
        features: NDArray[np.float64] = found.double().numpy()
        return features
