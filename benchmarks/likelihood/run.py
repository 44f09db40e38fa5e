"""Likelihood figures: train a recipe, select on validation, score the test rows, write JSON.

python benchmarks/likelihood/run.py --list
python benchmarks/likelihood/run.py fvsbn-digits
python benchmarks/likelihood/run.py nade-binarized-mnist --data-dir DIRECTORY
python benchmarks/likelihood/run.py --table          # rewrite docs/figures.md, the READMEs' table
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

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.likelihood.overview import overview
from benchmarks.likelihood.table import read_results, table
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import READMES, fit_and_tell, write_between

if TYPE_CHECKING:
    from arden.core.model import Model
    from arden.data.dataset import Dataset

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAIRED = HERE / "paired"
PAGE = ROOT / "docs" / "figures.md"
DENSITIES = ROOT / "benchmarks" / "density" / "results"
MARKS = ("<!-- figures: made by benchmarks/likelihood/run.py --table -->", "<!-- end -->")


def recipes() -> dict[str, dict[str, Any]]:
    """() -> the recipes by name; one `of` another has all that the other has."""
    told = tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))
    return {name: told.get(recipe.get("of"), {}) | recipe for name, recipe in told.items()}


def run(name: str, data_dir: str | None) -> Path:
    """A recipe's name -> the JSON file with a run for every seed; each leaves a run directory."""
    from arden.data import load_data

    recipe = recipes()[name]
    windows = {key: recipe.get(key) for key in ("window", "stride")}
    data = load_data(recipe["data"], data_dir=data_dir, **windows)
    if "rows" in recipe:
        data = first_rows(data, recipe["rows"])
    measured = over_orders if "of" in recipe else fitted
    runs = [measured(name, recipe, data, seed) for seed in recipe.get("seeds", [0])]
    written = {
        "recipe": {"name": name, **recipe},
        **provenance(f"python benchmarks/likelihood/run.py {name}"),
        "runs": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def first_rows(data: Dataset, most: dict[str, int]) -> Dataset:
    """A data set, how many rows of every split -> those that come first; the protocol says so."""
    from dataclasses import replace

    from arden.data.scoring_rows import take_rows

    kept = {split: take_rows(data.split(split), slice(rows)) for split, rows in most.items()}
    told = ", ".join(f"{rows:,} of {split}" for split, rows in most.items())
    return replace(data, **kept, protocol=f"{data.protocol} Only the first rows: {told}.")


def fitted(name: str, recipe: dict[str, Any], data: Dataset, seed: int) -> dict[str, Any]:
    """A recipe, its data, a seed -> the figures of a fit with it."""
    from arden.assembly import split_options

    options = split_options(recipe["system"], {**recipe.get("options", {}), "seed": seed})
    began = time.process_time()
    title, folder = f"{name} seed {seed}", runs_folder() / f"{name}-{seed}"
    figures = fit_and_tell(title, recipe["system"], data, options, folder)
    seconds = round(time.process_time() - began, 1)
    return {"seed": seed, **asdict(figures), "cpu_seconds": seconds}


def over_orders(name: str, recipe: dict[str, Any], data: Dataset, seed: int) -> dict[str, Any]:
    """The same, of a fit that is there: as the average over M orders, its own first."""
    from arden.runs import measure
    from arden.training.validation import nats_of_rows

    path = RESULTS / f"{recipe['of']}.json"
    if not path.exists():
        sys.exit(f"run.py: {name} measures {recipe['of']}, which has not been run")
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    [alone] = (told for told in runs if told["seed"] == seed)
    model = load_fitted(name, recipe, seed)
    figures = asdict(measure(model, data))
    told = {name: figures[name] for name in ("test_nats", "standard_error", "bits_per_dim")}
    print(f"{name} seed {seed}: {told['test_nats']:.3f}", flush=True)
    told["valid_nats"] = nats_of_rows(model, data.valid, slice(0, len(data.valid))).mean().item()
    told |= {"num_parameters": figures["num_parameters"], "one_order_nats": alone["test_nats"]}
    return alone | told


def load_fitted(name: str, recipe: dict[str, Any], seed: int) -> Model:
    """A recipe, a seed -> the model that was fitted; of one that has `orders`, their average.

    FileNotFoundError: it was not run here.
    """
    from arden.storage.model_files import load
    from arden.tasks.ensemble import ensemble

    folder = runs_folder() / f"{recipe.get('of', name)}-{seed}"
    if not (folder / "config.json").exists():
        raise FileNotFoundError(folder)
    model = load(folder)
    return ensemble(model, orders=recipe["orders"]) if "orders" in recipe else model


def runs_folder() -> Path:
    """() -> where the runs of all recipes lie."""
    return ROOT / "runs" / "likelihood"


def list_recipes() -> None:
    """() -> (): print every recipe with its goal and what was measured."""
    for name, recipe in recipes().items():
        path = RESULTS / f"{name}.json"
        measured = "run" if path.exists() else "not run"
        goal = f"goal ≤ {recipe['goal']}" if "goal" in recipe else ""
        published = f"published {recipe['published']}" if "published" in recipe else ""
        print(f"{name:32} {measured:14} {goal:14} {published}")


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="recipes to run, one after another")
    parser.add_argument("--list", action="store_true", help="show all recipes and results")
    parser.add_argument("--table", action="store_true", help="rewrite the tables of figures")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.name if name not in recipes()]
    if unknown:
        sys.exit(f"run.py: no recipe {unknown[0]!r}; see --list")
    for name in arguments.name:
        print(run(name, arguments.data_dir))
    if arguments.table:
        results = read_results(RESULTS)
        write_between(PAGE, MARKS, table(results, read_results(PAIRED)))
        densities = read_results(DENSITIES)
        for readme, say in READMES.items():
            write_between(readme, MARKS, overview(results, densities, recipes(), say))
    if arguments.list or not (arguments.name or arguments.table):
        list_recipes()


if __name__ == "__main__":
    main()
