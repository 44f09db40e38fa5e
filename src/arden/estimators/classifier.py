"""ArdenClassifier: p(y | x) by Bayes from a model of each class, as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from arden.estimators._base import ArdenEstimator
from arden.tasks.classify import class_log_prior, classify
from arden.tasks.verbs import exact

__all__ = ["ArdenClassifier"]


class ArdenClassifier(ClassifierMixin, ArdenEstimator):
    """One exact p(x | y) with the class as its context, and the classes' frequencies as the prior.

    Parameters as `ArdenDensity`.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    model_ : AutoregressiveModel or Mixture
        The class-conditional model.

    >>> from sklearn.datasets import load_iris
    >>> from arden.estimators import ArdenClassifier
    >>> x, y = load_iris(return_X_y=True)
    >>> classifier = ArdenClassifier(epochs=20, random_state=0).fit(x, y)
    >>> classifier.predict_proba(x[:2]).shape, classifier.score(x, y) > 0.9
    ((2, 3), True)
    """

    def fit(self, X: Any, y: Any) -> ArdenClassifier:
        """(n, d), (n,) classes of any kind -> self."""
        x, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self._fit_model(x, labels.reshape(-1).astype(np.int64))
        return self

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n, n_classes): ln p(y | x); of a row that no class explains, the prior."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        model = exact("classify", self.model_)
        found = classify(model, self._values(x))
        posterior = torch.where(found.isnan(), class_log_prior(model), found)
        log_proba: NDArray[np.float64] = posterior.numpy()
        return log_proba

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n, n_classes): p(y | x)."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """(n, d) -> (n,): the class of the greatest probability."""
        chosen = self.predict_log_proba(X).argmax(axis=1)
        classes: NDArray[Any] = self.classes_[chosen]
        return classes
