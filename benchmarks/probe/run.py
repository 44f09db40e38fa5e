"""A linear probe of features that were learned without a label: how much a class shows in them.

python benchmarks/probe/run.py --data digits
python benchmarks/probe/run.py --data mnist-binary --data-dir DIRECTORY
python benchmarks/probe/run.py --table                          # docs/represent.md, its picture

What has a result is skipped; delete its entry of the JSON to measure it again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.classify.run import subset
from benchmarks.probe.table import write_page
from benchmarks.provenance import ROOT, provenance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from arden.core.latent import AnyModel
    from arden.data.dataset import Dataset

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PICTURES = ROOT / "docs" / "pictures"
RAW = "raw pixels"
UNTRAINED = "untrained"
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
Features = dict[str, "NDArray[np.float64]"]


def recipes() -> dict[str, Any]:
    """() -> for each data set its seeds, how many training rows, and the models by name."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))


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

    options = {name: value for name, value in recipe.items() if name not in ("system", "seeds")}
    if trained:
        return arden.fit(recipe["system"], data, seed=seed, progress=False, **options)
    return assemble(
        recipe["system"], data, split_options(recipe["system"], {**options, "seed": seed})
    )


def measure(name: str, data_dir: str | None, only: str | None = None) -> None:
    """The name of a data set -> (): each model with each seed, written as soon as it is known."""
    from arden.data import load_data

    recipe = recipes()[name]
    path = RESULTS / f"{name}.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}
    whole = load_data(name, data_dir=data_dir)
    for seed in recipe["seeds"]:
        data = subset(whole, recipe.get("rows"), seed)
        for label, options in {RAW: {}, **recipe["models"]}.items():
            if seed not in options.get("seeds", recipe["seeds"]) or only not in (None, label):
                continue
            for trained in (True, False) if options else (True,):
                key = {"model": label, "seed": seed, "trained": trained}
                if any(key.items() <= run.items() for run in told["runs"]):
                    continue
                started = time.monotonic()
                model = fitted(options, data, seed, trained=trained) if options else None
                features = features_of(model, data)
                run = {**key, "options": options, **probe(features, data, seed)}
                run["seconds"] = round(time.monotonic() - started, 1)
                origin = provenance(f"python benchmarks/probe/run.py --data {name}")
                rows = {"train_rows": len(data.train), "test_rows": len(data.test)}
                told |= {"data": name, "protocol": whole.protocol, **rows, **origin}
                told["runs"].append(run)
                text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
                path.write_text(text, encoding="utf-8")
                how = "" if trained else f", {UNTRAINED}"
                print(f"{name} {label}{how} {seed}: {100 * run['accuracy']:.2f} %", flush=True)
                if trained and seed == 0 and name == "digits":
                    draw(features["test"], data, label)


def draw(features: NDArray[np.float64], data: Dataset, label: str) -> None:
    """(N, Z) of the test rows -> (): where they lie in their principal plane, for the docs."""
    from arden.plots.feature_scatter import feature_scatter

    if label in ("NADE", "VAE"):
        path = PICTURES / f"features_{label.lower()}.png"
        names = data.schema.class_names
        feature_scatter(features, path, f"{label} on {data.name}", data.test.labels, names)


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=recipes())
    parser.add_argument("--model", help="as the recipes call it; all when not given")
    parser.add_argument("--table", action="store_true", help="write docs/represent.md")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    if not (arguments.data or arguments.table):
        parser.error("expected --data or --table")
    if arguments.data:
        measure(arguments.data, arguments.data_dir, arguments.model)
    if arguments.table:
        write_page(recipes(), RESULTS)


if __name__ == "__main__":
    main()
