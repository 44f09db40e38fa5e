"""Classes by Bayes against logistic regression: the same training rows, the same test rows.

python benchmarks/classify/run.py --data digits                 # every model, every seed
python benchmarks/classify/run.py --data mnist-binary --data-dir DIRECTORY
python benchmarks/classify/run.py --table                       # docs/classify.md, its pictures

What has a result is skipped; delete its line of the JSON to measure it again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.classify.table import write_page
from benchmarks.provenance import provenance

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.dataset import Dataset
    from arden.tasks.judge import Judgement

HERE = Path(__file__).parent
RESULTS = HERE / "results"
REGULARISATION = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def recipes() -> dict[str, Any]:
    """() -> for each data set its seeds, how many training rows, and the models by name."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))


def subset(data: Dataset, rows: int | None, seed: int) -> Dataset:
    """A data set, n, a seed -> the same with n of its training rows, chosen by the seed."""
    from dataclasses import replace

    from arden.data.dataset import Split

    if rows is None or rows >= len(data.train):
        return data
    chosen = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))[:rows]
    assert data.train.labels is not None
    train = Split(data.train.values[chosen], data.train.labels[chosen])
    return replace(data, train=train)


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

    options = {
        name: value for name, value in recipe.items() if name not in ("system", "class", "seeds")
    }
    place = recipe.get("class")
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


def measure(name: str, data_dir: str | None, only: str | None = None) -> None:
    """The name of a data set -> (): each model with each seed, written as soon as it is known."""
    from arden.data import load_data

    recipe = recipes()[name]
    path = RESULTS / f"{name}.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}
    whole = load_data(name, data_dir=data_dir)
    for seed in recipe["seeds"]:
        data = subset(whole, recipe.get("rows"), seed)
        for model, options in {"logistic regression": {}, **recipe["models"]}.items():
            if seed not in options.get("seeds", recipe["seeds"]) or only not in (None, model):
                continue
            if any((run["model"], run["seed"]) == (model, seed) for run in told["runs"]):
                continue
            started = time.monotonic()
            figures, more = bayes(data, options, seed) if options else logistic(data, seed)
            run = {"model": model, "seed": seed, "options": options, **asdict(figures), **more}
            run["seconds"] = round(time.monotonic() - started, 1)
            origin = provenance(f"python benchmarks/classify/run.py --data {name}")
            rows = len(data.train)
            told |= {"data": name, "protocol": whole.protocol, "train_rows": rows, **origin}
            told["runs"].append(run)
            RESULTS.mkdir(exist_ok=True)
            text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8")
            print(name, model, seed, f"{100 * run['accuracy']:.2f} % {run['log_loss']:.4f}")


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=recipes())
    parser.add_argument("--model", help="as the recipes call it; all when not given")
    parser.add_argument("--table", action="store_true", help="write docs/classify.md")
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
