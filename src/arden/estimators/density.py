"""ArdenDensity: p(x) of rows as a scikit-learn density estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from arden.data.decoding import to_frame
from arden.estimators._base import ArdenEstimator, as_mask, library_of
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.tasks.verbs import exact

__all__ = ["ArdenDensity"]


class ArdenDensity(DensityMixin, ArdenEstimator):
    """An exact p(x) of rows, by any system of `arden models` with a likelihood.

    Rows are numbers (n, d), or a data frame with words among its columns, which is read as
    `arden.load_data` does: every column by its own kind, what is missing unobserved (a system of
    any order then fits and scores what there is).

    Parameters
    ----------
    system : str, default="made"
        The name of a system, as `arden models` lists them.
    options : mapping, default=None
        Options of the system, of its layout and of its training: {"hidden": (64,)}.
    epochs : int, default=100
        At most so many; the epoch with the best likelihood of the validation rows is kept.
    validation_fraction : float, default=0.1
        Of the rows given to fit, which choose the epoch.
    discrete : bool or None, default=None
        Whether values are levels 0 … K − 1 (at most 256) or real numbers. None: levels if every
        value given to fit is one.
    random_state : int, RandomState or None, default=None
        Of the split, the first weights and the order of rows; and of `sample`, if it is given none.

    Attributes
    ----------
    model_ : AutoregressiveModel or Mixture
        What was fitted: score, sample, complete and verify it as any other.
    num_levels_ : int or None
        K of levels, None of real numbers.
    n_iter_ : int
        How many epochs were trained.
    n_features_in_ : int

    >>> import numpy as np
    >>> from arden.estimators import ArdenDensity
    >>> x = np.random.default_rng(0).normal(3.0, 0.5, size=(200, 2))
    >>> density = ArdenDensity(epochs=5, random_state=0).fit(x)
    >>> density.score_samples(x).shape, bool(density.score(x) > density.score(x + 3))
    ((200,), True)
    >>> density.sample(4, random_state=1).shape
    (4, 2)
    """

    def fit(self, X: Any, y: Any = None) -> ArdenDensity:
        """(n, d) -> self; y is not looked at."""
        x, known = self._rows(X, reset=True)
        self._library = library_of(X)
        self._fit_model(x, observed=known)
        exact("fit", self.model_)
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """(n, d) -> (n,): ln p(x) of every row, in nats (log density of real numbers)."""
        check_is_fitted(self)
        x, known = self._rows(X, reset=False)
        found = score(exact("score", self.model_), self._values(x, known), None, as_mask(known))
        log_prob: NDArray[np.float64] = found.numpy()
        return log_prob

    def score(self, X: Any, y: Any = None) -> float:
        """(n, d) -> the mean ln p(x), in nats a row: more is better."""
        return float(self.score_samples(X).mean())

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """n -> (n, d): independent draws; a frame like that which was fitted, if it had words."""
        check_is_fitted(self)
        given = self.random_state if random_state is None else random_state
        seed = int(check_random_state(given).randint(2**31 - 1))
        drawn = sample(self.model_, n_samples, seed=seed)
        if self._schema is not None:
            return to_frame(drawn, self._schema, library=self._library)
        return drawn.double().numpy()
