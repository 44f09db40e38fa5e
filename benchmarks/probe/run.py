"""A linear probe of features that were learned without a label: how much a class shows in them.

python benchmarks/probe/run.py --data digits
python benchmarks/probe/run.py --data mnist-binary --data-dir DIRECTORY
python benchmarks/probe/run.py --data mnist-binary --model LSTM --model MADE
python benchmarks/probe/run.py --data digits --missing          # what is not measured yet
python benchmarks/probe/run.py --table                          # docs/represent.md

What has a result is skipped; delete its entry of the JSON to measure it again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.each_seed import Benchmark, fit_options
from benchmarks.probe.table import AGAINST, write_page
from benchmarks.provenance import ROOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from arden.core.latent import AnyModel
    from arden.data.dataset import Dataset
    from benchmarks.each_seed import Key

PICTURES = ROOT / "docs" / "pictures"
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
Features = dict[str, "NDArray[np.float64]"]


def features_of(model: AnyModel | None, data: Dataset) -> Features:
    """A model, or None for the pixels themselves -> (N, Z) of every split."""
    import arden

    found = {}
    for name in ("train", "valid", "test"):
        values = data.split(name).values
        told = values.flatten(1) if model is None else arden.represent(model, values)
        found[name] = told.double().numpy()
    return found


def probe(features: Features, data: Dataset, seed: int) -> dict[str, Any]:
    """(N, Z) of every split -> how many test rows logistic regression on them gets right.

    Features are standardised by the training rows; C is chosen on the validation rows.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = {name: data.split(name).labels for name in features}
    tried = []
    for strength in STRENGTHS:
        reader = LogisticRegression(C=strength, max_iter=500, tol=1e-3, random_state=seed)
        whole = make_pipeline(StandardScaler(), reader)
        whole.fit(features["train"], labels["train"])
        right = whole.score(features["valid"], labels["valid"])
        tried.append((right, -strength, whole.score(features["test"], labels["test"])))
    valid, strength, test = max(tried, key=lambda each: each[:2])
    width = features["train"].shape[1]
    return {"accuracy": test, "valid_accuracy": valid, "C": -strength, "features": width}


def fitted(recipe: dict[str, Any], data: Dataset, seed: int, *, trained: bool) -> AnyModel:
    """A recipe, data, a seed -> the model, with its first weights unless ``trained``."""
    import arden
    from arden.assembly import assemble, split_options

    options = fit_options(recipe)
    if trained:
        return arden.fit(recipe["system"], data, seed=seed, progress=False, **options)
    return assemble(
        recipe["system"], data, split_options(recipe["system"], {**options, "seed": seed})
    )


def measure(data: Dataset, key: Key, options: dict[str, Any]) -> dict[str, Any]:
    """A data set, which run, a model's recipe ({}: the pixels) -> what a probe reads of it."""
    model = fitted(options, data, key["seed"], trained=key["trained"]) if options else None
    features = features_of(model, data)
    if key["trained"] and key["seed"] == 0 and data.name == "digits":
        draw(features["test"], data, key["model"])
    return probe(features, data, key["seed"])


def ways(model: str) -> tuple[Key, ...]:
    """A model's name -> trained, and with its first weights; pixels have none."""
    return ({"trained": True},) if model == AGAINST else ({"trained": True}, {"trained": False})


def draw(features: NDArray[np.float64], data: Dataset, label: str) -> None:
    """(N, Z) of the test rows -> (): where they lie in their principal plane, for the docs."""
    from arden.plots.feature_scatter import feature_scatter

    if label in ("NADE", "VAE"):
        path = PICTURES / f"features_{label.lower()}.png"
        names = data.schema.class_names
        feature_scatter(features, path, f"{label} on {data.name}", data.test.labels, names)


BENCHMARK = Benchmark(Path(__file__), AGAINST, measure, ways)

if __name__ == "__main__":
    BENCHMARK.main(__doc__, write_page)
