"""A detector in the shape of PyOD's, so that code written for that library takes Arden's.

python examples/pyod_adapter.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arden.estimators import ArdenOutlierDetector


class ArdenDetector:
    """PyOD's conventions: a higher score is more abnormal, 1 is an outlier, 0 is not."""

    def __init__(self, contamination: float = 0.1, **how: Any) -> None:
        self.contamination = contamination
        self.detector = ArdenOutlierDetector(contamination=contamination, **how)

    def fit(self, X: Any, y: Any = None) -> ArdenDetector:
        """(n, d) -> self, with `decision_scores_`, `threshold_` and `labels_` of the rows."""
        self.detector.fit(X)
        self.decision_scores_ = self.decision_function(X)
        self.threshold_ = -self.detector.offset_
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """(n, d) -> (n,): −ln p(x), in nats."""
        return -self.detector.score_samples(X)

    def predict(self, X: Any) -> np.ndarray:
        """(n, d) -> (n,): 1 for outliers, 0 for the rest."""
        return (self.decision_function(X) > self.threshold_).astype(int)


def main(epochs: int = 100) -> float:
    """Epochs -> the share of planted outliers that were found."""
    source = np.random.default_rng(0)
    turn = source.uniform(0, 2 * np.pi, 500)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) + source.normal(0, 0.1, (500, 2))
    inside = source.normal(0, 0.1, (25, 2))  # in the middle: no column alone is unusual

    options = {"hidden": (64,), "learning_rate": 2e-2, "weight_decay": 0.0}
    detector = ArdenDetector(0.05, epochs=epochs, options=options, random_state=0)
    found = float(detector.fit(ring).predict(inside).mean())
    print(f"{100 * found:.0f} % of the planted found, {detector.labels_.mean():.1%} of the ring")
    return found


if __name__ == "__main__":
    main()
