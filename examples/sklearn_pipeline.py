"""Arden's estimators among scikit-learn's: a pipeline, a search, a classifier by Bayes.

python examples/sklearn_pipeline.py
"""

from __future__ import annotations

from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from arden.estimators import ArdenClassifier, ArdenDensity


def main(epochs: int = 60, folds: int = 5) -> dict[str, float]:
    """Epochs, folds -> the accuracy of two classifiers, and nats a wine of the best density."""
    x, y = load_wine(return_X_y=True)
    options = {"hidden": (32,), "components": 2, "learning_rate": 1e-2}
    classifiers = {
        "p(y | x) by Bayes": ArdenClassifier(
            "made", options=options, epochs=epochs, random_state=0
        ),
        "logistic regression": LogisticRegression(max_iter=1000),
    }
    found = {}
    for name, classifier in classifiers.items():
        scores = cross_val_score(make_pipeline(StandardScaler(), classifier), x, y, cv=folds)
        found[name] = float(scores.mean())
        print(f"{name}: {100 * scores.mean():.1f} ± {100 * scores.std():.1f} % right")

    # Which system finds the wines least surprising? A score is the mean ln p(x) of held-out rows.
    density = ArdenDensity(options={"components": 2}, epochs=epochs, random_state=0)
    search = GridSearchCV(density, {"system": ["independent", "fvsbn", "made"]}, cv=folds)
    search.fit(x)
    found["nats"] = -float(search.best_score_)
    print(f"best density: {search.best_params_['system']}, {found['nats']:.2f} nats a wine")
    return found


if __name__ == "__main__":
    main()
