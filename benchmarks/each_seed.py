"""Models fitted with several seeds, measured one by one: what has a result is not measured again.

Beside a script lie recipes.toml (for each data set its seeds, how many rows, and its models) and
results, a JSON file for each data set. A run is added to it as soon as it is known: what was
stopped goes on at the first run that is missing, and several processes may share the models.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.provenance import provenance

if TYPE_CHECKING:
    from arden.data.dataset import Dataset

__all__ = ["Benchmark", "commits", "fit_options", "subset", "tables"]

_OURS = ("system", "class", "seeds")
Key = dict[str, Any]
Measure = Callable[["Dataset", Key, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Benchmark:
    """A script, what it sets its models against (no recipe), and how one run is measured.

    ``measure`` takes a data set, which run, and the model's recipe ({} for what it is set against)
    and gives what was found, ``accuracy`` among it; ``ways`` are the runs of a model beside one a
    seed.
    """

    script: Path
    against: str
    measure: Measure
    ways: Callable[[str], Sequence[Key]] = lambda model: ({},)

    @property
    def results(self) -> Path:
        """The folder of results."""
        return self.script.parent / "results"

    def recipes(self) -> dict[str, Any]:
        """() -> for each data set its seeds, how many rows, and the models by name."""
        return tomllib.loads((self.script.parent / "recipes.toml").read_text(encoding="utf-8"))

    def missing(
        self, name: str, models: Sequence[str] = (), seeds: Sequence[int] = ()
    ) -> list[Key]:
        """A data set, some models, some seeds (or all) -> the runs that have no result yet."""
        recipe, known = self.recipes()[name], _read(self.results / f"{name}.json")["runs"]
        found = []
        for model, options in {self.against: {}, **recipe["models"]}.items():
            for seed in options.get("seeds", recipe["seeds"]):
                if (models and model not in models) or (seeds and seed not in seeds):
                    continue
                keys = [{"model": model, "seed": seed, **way} for way in self.ways(model)]
                found += [k for k in keys if not any(k.items() <= run.items() for run in known)]
        return sorted(found, key=lambda key: key["seed"])

    def run(
        self, name: str, data_dir: str | None, models: Sequence[str] = (), seeds: Sequence[int] = ()
    ) -> None:
        """A data set, some models, some seeds (or all) -> (): each missing run, written at once."""
        from arden.data import load_data

        recipe, path = self.recipes()[name], self.results / f"{name}.json"
        whole = load_data(name, data_dir=data_dir)
        for key in self.missing(name, models, seeds):
            data = subset(whole, recipe.get("rows"), key["seed"], recipe.get("valid_rows"))
            options = recipe["models"].get(key["model"], {})
            # Asked before the fit: the code may be edited while it runs.
            origin = provenance(f"python benchmarks/{path.parts[-3]}/run.py --data {name}")
            started, worked = time.monotonic(), time.process_time()
            found = self.measure(data, key, options)
            seconds = round(time.monotonic() - started, 1)
            run = {**key, "options": options, **found, "seconds": seconds}
            run |= {"cpu_seconds": round(time.process_time() - worked, 1)}
            run |= {"commit": origin["commit"]}
            told = _read(path)  # once more: another process may have added to it
            rows = {"train_rows": len(data.train), "test_rows": len(data.test)}
            told |= {"data": name, "protocol": whole.protocol, **rows, **origin}
            told["runs"].append(run)
            path.parent.mkdir(exist_ok=True)
            text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8")
            about = ", ".join(f"{what} {value}" for what, value in key.items() if what != "model")
            right = f"{100 * run['accuracy']:.2f} %"
            print(f"{name}: {key['model']}, {about}: {right}, {seconds} s", flush=True)

    def main(self, doc: str, write_page: Callable[[dict[str, Any], Path], None]) -> None:
        """The command line of the script."""
        parser = argparse.ArgumentParser(
            description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--data", choices=self.recipes())
        parser.add_argument("--model", action="append", default=[], help="as the recipes call it")
        parser.add_argument("--seed", action="append", default=[], type=int, help="all by default")
        parser.add_argument("--missing", action="store_true", help="only list what is not measured")
        parser.add_argument("--table", action="store_true", help="write the page in docs")
        parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA by default")
        words = parser.parse_args()
        if not (words.data or words.table):
            parser.error("expected --data or --table")
        if words.data:
            known = [self.against, *self.recipes()[words.data]["models"]]
            for model in words.model:
                if model not in known:
                    parser.error(f"--model: expected one of {', '.join(known)}, got {model!r}")
        if words.data and words.missing:
            for key in self.missing(words.data, words.model, words.seed):
                print(json.dumps(key, ensure_ascii=False))
        elif words.data:
            self.run(words.data, words.data_dir, words.model, words.seed)
        if words.table:
            write_page(self.recipes(), self.results)


def fit_options(recipe: dict[str, Any]) -> dict[str, Any]:
    """A model's recipe -> what of it are options of the fit.

    >>> fit_options({"system": "made", "hidden": [300], "seeds": [0]})
    {'hidden': [300]}
    """
    return {name: value for name, value in recipe.items() if name not in _OURS}


def subset(data: Dataset, rows: int | None, seed: int, valid_rows: int | None = None) -> Dataset:
    """A data set, n, a seed -> the same with n of its training rows, chosen by the seed.

    Of validation rows the first ``valid_rows`` are kept, the same for every seed.
    """
    import torch

    from arden.data.dataset import Split

    def some(split: Split, chosen: Any) -> Split:
        assert split.labels is not None
        return Split(split.values[chosen], split.labels[chosen])

    if rows is not None and rows < len(data.train):
        order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))
        data = replace(data, train=some(data.train, order[:rows]))
    if valid_rows is not None and valid_rows < len(data.valid):
        data = replace(data, valid=some(data.valid, slice(valid_rows)))
    return data


def tables(
    recipes: dict[str, Any],
    folder: Path,
    against: str,
    tell: Callable[[str, list[str], dict[str, Any]], str],
) -> str:
    """The recipes, the folder of results, what models are set against, what tells of a data set,
    its models and what was found -> a table for each data set that was measured."""
    found = {name: _read(folder / f"{name}.json") for name in recipes}
    return "\n\n".join(
        tell(name, [against, *recipe["models"]], found[name])
        for name, recipe in recipes.items()
        if found[name]["runs"]
    )


def commits(found: dict[str, Any], models: Sequence[str]) -> str:
    """What was measured, the models of a table -> the commits their runs were measured at.

    >>> run = {"model": "NADE", "seed": 0}
    >>> commits({"commit": "a", "runs": [run, {**run, "commit": "b"}]}, ["NADE"])
    'Commits a, b'
    """
    runs = [run for run in found["runs"] if run["model"] in models]
    names = list(dict.fromkeys(run.get("commit", found["commit"]) for run in runs))
    return f"Commit{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}
