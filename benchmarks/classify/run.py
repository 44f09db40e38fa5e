"""Classes by Bayes against logistic regression: the same training rows, the same test rows.

python benchmarks/classify/run.py --data digits                 # every model, every seed
python benchmarks/classify/run.py --data mnist-binary --data-dir DIRECTORY
python benchmarks/classify/run.py --data digits --model "NADE, p(x | y)" --seed 2
python benchmarks/classify/run.py --data digits --missing       # what is not measured yet
python benchmarks/classify/run.py --table                       # docs/classify.md

What has a result is skipped; delete its entry of the JSON to measure it again.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.classify.table import AGAINST, write_page
from benchmarks.each_seed import Benchmark, fit_options

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.dataset import Dataset
    from arden.tasks.judge import Judgement
    from benchmarks.each_seed import Key

REGULARISATION = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def with_class_column(data: Dataset, *, first: bool) -> Dataset:
    """Images with classes -> a table whose first or last column is the class.

    >>> from arden.data import load_data
    >>> with_class_column(load_data("digits"), first=False).schema.columns[-1].name
    'class'
    """
    from arden.data.dataset import Dataset, Split
    from arden.data.schema import Column, Schema

    levels = data.schema.levels
    kind = {2: "binary"}
    pixels = [Column(f"x{i}", kind.get(k or 0, "integer"), k) for i, k in enumerate(levels)]
    own = [Column("class", "categorical", len(data.schema.class_names))]
    columns = own + pixels if first else pixels + own

    def joined(split: Split) -> Split:
        assert split.labels is not None
        sides = [split.labels[:, None].double(), split.values.flatten(1).double()]
        return Split(torch.cat(sides if first else sides[::-1], dim=1).to(schema.dtype))

    schema = Schema("table", (len(columns),), None, tuple(columns))
    parts = {name: joined(data.split(name)) for name in ("train", "valid", "test")}
    where = "first" if first else "last"
    protocol = f"{data.protocol} With its class as the {where} column."
    return Dataset(data.name, schema, **parts, protocol=protocol)


def bayes(data: Dataset, recipe: dict[str, Any], seed: int) -> tuple[Judgement, dict[str, Any]]:
    """A data set, a model's recipe, a seed -> figures of the test rows, and what else is known."""
    import arden

    options, place = fit_options(recipe), recipe.get("class")
    split = data.test
    if place is None:
        options["condition"] = "label"
    else:
        data = with_class_column(data, first=place == "first")
    model = arden.fit(recipe["system"], data, seed=seed, progress=False, **options)
    column = None if place is None else 0 if place == "first" else data.schema.num_variables - 1
    started = time.monotonic()
    first = place == "observed first"
    found = arden.classify(model, data.test.values, column=column, observed_first=first)
    told = {"seconds_to_classify": round(time.monotonic() - started, 2)}
    assert split.labels is not None
    return judged(found, split.labels), told


def logistic(data: Dataset, seed: int) -> tuple[Judgement, dict[str, Any]]:
    """A data set -> figures of logistic regression, its C chosen on the validation rows."""
    from sklearn.linear_model import LogisticRegression

    x, y = {}, {}
    for name in ("train", "valid", "test"):
        split = data.split(name)
        assert split.labels is not None
        x[name], y[name] = split.values.flatten(1).double().numpy(), split.labels.numpy()
    best: tuple[float, Any, float] = (np.inf, None, 0.0)
    for strength in REGULARISATION:
        peer = LogisticRegression(C=strength, max_iter=2000, random_state=seed)
        peer.fit(x["train"], y["train"])
        valid = torch.from_numpy(peer.predict_log_proba(x["valid"]))
        loss = judged(valid, torch.from_numpy(y["valid"])).log_loss
        best = min(best, (loss, peer, strength), key=lambda each: each[0])
    found = torch.from_numpy(best[1].predict_log_proba(x["test"]))
    return judged(found, torch.from_numpy(y["test"])), {"C": best[2]}


def judged(log_posterior: Tensor, labels: Tensor) -> Judgement:
    """(N, K) nats, (N,) -> figures."""
    from arden.tasks.judge import Judge

    judge = Judge(log_posterior.shape[1])
    judge.add(log_posterior, labels)
    return judge.figures()


def measure(data: Dataset, key: Key, options: dict[str, Any]) -> dict[str, Any]:
    """A data set, which run, a model's recipe ({}: logistic regression) -> its figures."""
    one = bayes(data, options, key["seed"]) if options else logistic(data, key["seed"])
    figures, more = one
    return {**asdict(figures), **more}


BENCHMARK = Benchmark(Path(__file__), AGAINST, measure)

if __name__ == "__main__":
    BENCHMARK.main(__doc__, write_page)
