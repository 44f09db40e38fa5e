"""Every check that scikit-learn ships, of every estimator: none is expected to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from arden.estimators import (
    ArdenClassifier,
    ArdenDensity,
    ArdenFeatures,
    ArdenImputer,
    ArdenOutlierDetector,
)

# Small: what is checked is the contract, not the fit. A classifier must also be right.
GAUSSIAN: dict[str, Any] = {"components": 1, "learning_rate": 0.1, "batch_size": 64}
ESTIMATORS = [
    ArdenDensity("independent", epochs=1, options=GAUSSIAN),
    ArdenOutlierDetector("independent", epochs=2, options=GAUSSIAN),
    ArdenClassifier("independent", epochs=12, options=GAUSSIAN),
    ArdenFeatures("nade", epochs=1, options={"hidden": 2, **GAUSSIAN}),
    ArdenImputer(epochs=1, draws=1, options={"hidden": (2,), **GAUSSIAN}),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_own_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
