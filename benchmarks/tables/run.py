"""UCI Adult: nats per row of whole rows and of rows with gaps, and what is put into hidden cells.

python benchmarks/tables/run.py density made orderless-nade --data-dir DIRECTORY
python benchmarks/tables/run.py imputation orderless-nade --data-dir DIRECTORY
python benchmarks/tables/run.py --table             # rewrite docs/tables.md from the results

Systems of one order are fitted to and measured on rows without a missing cell; systems of any
order are fitted to all rows, missing cells unobserved, and measured on both. The two are never one
column. A fit that was interrupted goes on; what has been measured is not measured again.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import fit_and_tell, write_between

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.dataset import Dataset, Split
    from arden.data.schema import Schema

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = ROOT / "docs" / "tables.md"
DENSITY = ("<!-- density: made by benchmarks/tables/run.py --table -->", "<!-- end of density -->")
FILLED = ("<!-- filled: made by benchmarks/tables/run.py --table -->", "<!-- end of filled -->")
DATA = "uci-adult"
BASELINES = ("most-frequent", "iterative-imputer", "iterative-imputer-trees")
HIDDEN = 0.2  # of the known cells of a row
ROWS, SEEDS = 1000, (0, 1, 2)
DRAWS = 20
IMPUTER_ROWS = 4000  # training rows of scikit-learn's: more take it many minutes


def recipes() -> dict[str, Any]:
    """() -> the systems by name."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))["systems"]


def load(data_dir: str | None, complete_rows: bool = False) -> Dataset:
    """() -> UCI Adult, all its rows or those without a missing cell."""
    from arden.data import load_data

    return load_data(DATA, data_dir=data_dir, complete_rows=complete_rows)


def is_of_any_order(model: Any) -> bool:
    """A model -> whether it can tell ln p of whatever a row holds."""
    from arden.core.network import AnyOrderNetwork

    return isinstance(model.network, AnyOrderNetwork)


def measure_density(name: str, data_dir: str | None, seed: int, runs: Path) -> dict[str, Any]:
    """A system's name, a seed -> its figures on the test rows, after it was fitted."""
    from arden.assembly import split_options
    from arden.core.network import AnyOrderNetwork
    from arden.networks import NETWORKS
    from arden.storage.model_files import load as load_model
    from arden.storage.recipe import find_class
    from arden.systems import SYSTEMS
    from arden.tasks.score import score

    recipe = recipes()[name]
    network = find_class(NETWORKS, SYSTEMS[recipe["system"]].network, "network")
    any_order = issubclass(network, AnyOrderNetwork)
    data, whole = load(data_dir, complete_rows=not any_order), load(data_dir, complete_rows=True)
    options = split_options(recipe["system"], recipe["options"] | {"seed": seed})
    folder = folder_of(name, seed, runs)
    figures = fit_and_tell(f"{name} seed {seed}", recipe["system"], data, options, folder)
    model = load_model(folder)
    told: dict[str, Any] = {"seed": seed, "trained_on": "all rows" if any_order else "whole rows"}
    for key, split in (("whole_rows", whole.test), ("all_rows", data.test if any_order else None)):
        if split is not None:
            nats = -score(model, split.values, None, split.observed)
            error = nats.std().item() / math.sqrt(len(nats))
            told[key] = {"nats": nats.mean().item(), "error": error, "rows": len(nats)}
    return told | {
        "valid_nats": figures.valid_nats,
        "num_parameters": figures.num_parameters,
        "epochs": figures.epochs,
        "best_epoch": figures.best_epoch,
        "seconds": figures.seconds,
        "protocol": data.protocol,
    }


def folder_of(name: str, seed: int, runs: Path) -> Path:
    """A system, a seed -> its run directory."""
    return runs / f"{DATA}-{name}-{seed}"


def hidden_rows(test: Split, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Test rows, a seed -> (N, D) values, which are shown, and which were known and are hidden."""
    import torch

    source = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(test), generator=source)[:ROWS]
    values = test.values[rows]
    known = torch.ones(values.shape, dtype=torch.bool)
    if test.observed is not None:
        known = test.observed[rows]
    hidden = known & (torch.rand(values.shape, generator=source) < HIDDEN)
    return values, known & ~hidden, hidden


def errors_of(
    filled: Tensor, middle: Tensor, values: Tensor, hidden: Tensor, data: Dataset
) -> dict[str, float]:
    """(N, D) words and (N, D) numbers put into the hidden cells -> how far they are off.

    Words: the share of hidden cells that were put in right. Numbers: the root mean square of what
    they miss by, and its mean, in deviations of their column over the training rows.
    """
    train = data.train
    right, count, squares, misses, measured = 0, 0, 0.0, 0.0, 0
    for index, column in enumerate(data.schema.columns):
        at = hidden[:, index]
        if not column.has_order and column.num_symbols is not None:
            right += int((filled[at, index] == values[at, index]).sum())
            count += int(at.sum())
            continue
        known = train.values[:, index].double()
        if train.observed is not None:
            known = known[train.observed[:, index]]
        unit = known.std().item()
        mean_off = (filled[at, index] - values[at, index]) / unit
        median_off = (middle[at, index] - values[at, index]) / unit
        squares += float((mean_off**2).sum())
        misses += float(median_off.abs().sum())
        measured += int(at.sum())
    return {
        "accuracy": right / count,
        "root_mean_square": math.sqrt(squares / measured),
        "mean_absolute": misses / measured,
        "words": count,
        "numbers": measured,
    }


def fill_by_model(name: str, data: Dataset, seed: int, runs: Path) -> dict[str, Any]:
    """A fitted system of any order -> its errors: most frequent, mean and median of its draws."""
    import torch

    from arden.storage.model_files import load as load_model
    from arden.tasks.complete import complete

    model = load_model(folder_of(name, 0, runs))
    values, shown, hidden = hidden_rows(data.test, seed)
    began = time.perf_counter()
    found = complete(model, values, shown, num=DRAWS, seed=seed)
    assert found.exact, "the completions of a system of any order are exact"
    draws = found.values.double()
    filled, middle = draws.mean(dim=1), draws.median(dim=1).values
    for index, column in enumerate(data.schema.columns):
        if not column.has_order and column.num_symbols is not None:
            filled[:, index] = torch.mode(draws[..., index], dim=1).values
    told = errors_of(filled, middle, values, hidden, data)
    return told | {"seed": seed, "seconds": round(time.perf_counter() - began, 1)}


def fill_by_most_frequent(data: Dataset, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """The most frequent word, the mean and the median of every column, whatever the row."""
    import torch

    train = data.train
    mode, mean, median = [], [], []
    for index in range(data.schema.num_variables):
        known = train.values[:, index].double()
        if train.observed is not None:
            known = known[train.observed[:, index]]
        mode.append(torch.mode(known).values.item())
        mean.append(known.mean().item())
        median.append(known.median().item())
    as_words = [not c.has_order and c.num_symbols is not None for c in data.schema.columns]
    row = torch.tensor([a if w else b for a, b, w in zip(mode, mean, as_words, strict=True)])
    told = []
    for seed in seeds:
        values, _, hidden = hidden_rows(data.test, seed)
        filled = row.double().expand(values.shape)
        middle = torch.tensor(median).double().expand(values.shape)
        told.append(errors_of(filled, middle, values, hidden, data) | {"seed": seed})
    return told


def fill_by_imputer(data: Dataset, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """scikit-learn's IterativeImputer: words as indicators, of which the largest is taken."""
    import numpy as np
    import torch
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    schema, train = data.schema, data.train
    shown = torch.ones(train.values.shape, dtype=torch.bool)
    shown = shown if train.observed is None else train.observed
    imputer = IterativeImputer(random_state=0, max_iter=10)
    began = time.perf_counter()
    imputer.fit(_as_indicators(train.values[:IMPUTER_ROWS], shown[:IMPUTER_ROWS], schema))
    fitted = time.perf_counter() - began
    told = []
    for seed in seeds:
        values, seen, hidden = hidden_rows(data.test, seed)
        numbers = imputer.transform(_as_indicators(values, seen, schema))
        filled, place = torch.zeros(values.shape, dtype=torch.float64), 0
        for index, column in enumerate(schema.columns):
            if column.has_order or column.num_symbols is None:
                filled[:, index] = torch.from_numpy(numbers[:, place])
                place += 1
            else:
                width = column.num_symbols
                best = np.argmax(numbers[:, place : place + width], axis=1)
                filled[:, index] = torch.from_numpy(best).double()
                place += width
        found = errors_of(filled, filled, values, hidden, data)
        told.append(found | {"seed": seed, "seconds_of_fit": round(fitted, 1)})
    return told


def fill_by_trees(data: Dataset, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """The same with trees, which read a word's number: of words the nearest number is taken.

    Linear regressions of indicators say nothing of words: those of one column add up to one, so
    that each is predicted by the others, which are as unknown as it is.
    """
    import torch
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    def codes(values: Tensor, shown: Tensor) -> Any:
        return torch.where(shown, values.double(), torch.nan).numpy()

    train = data.train
    shown = torch.ones(train.values.shape, dtype=torch.bool)
    shown = shown if train.observed is None else train.observed
    trees = ExtraTreesRegressor(n_estimators=30, min_samples_leaf=2, random_state=0)
    imputer = IterativeImputer(trees, random_state=0, max_iter=5)
    began = time.perf_counter()
    imputer.fit(codes(train.values[:IMPUTER_ROWS], shown[:IMPUTER_ROWS]))
    fitted = time.perf_counter() - began
    told = []
    for seed in seeds:
        values, seen, hidden = hidden_rows(data.test, seed)
        filled = torch.from_numpy(imputer.transform(codes(values, seen)))
        for index, column in enumerate(data.schema.columns):
            if column.num_symbols is not None and not column.has_order:
                filled[:, index] = filled[:, index].round()
        found = errors_of(filled, filled, values, hidden, data)
        told.append(found | {"seed": seed, "seconds_of_fit": round(fitted, 1)})
    return told


def _as_indicators(values: Tensor, shown: Tensor, schema: Schema) -> Any:
    """(N, D), what is shown -> (N, W) numbers: indicators of words, NaN where nothing is shown."""
    import torch
    from torch.nn.functional import one_hot

    parts = []
    for index, column in enumerate(schema.columns):
        cells, seen = values[:, index], shown[:, index, None]
        if column.has_order or column.num_symbols is None:
            wide = cells[:, None].double()
        else:
            wide = one_hot(cells.long(), column.num_symbols).double()
        parts.append(torch.where(seen, wide, torch.nan))
    return torch.cat(parts, dim=1).numpy()


def run(what: str, names: list[str], data_dir: str | None, seeds: list[int], runs: Path) -> None:
    """What to measure, of which systems -> a JSON file each, beside what was measured before."""
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        path = RESULTS / f"{what}-{name}.json"
        known = json.loads(path.read_text(encoding="utf-8"))["seeds"] if path.exists() else []
        missing = tuple(seed for seed in seeds if seed not in [one["seed"] for one in known])
        if not missing:
            continue
        if what == "density":
            found = [measure_density(name, data_dir, seed, runs) for seed in missing]
        else:
            data = load(data_dir)
            if name == "most-frequent":
                found = fill_by_most_frequent(data, missing)
            elif name == "iterative-imputer":
                found = fill_by_imputer(data, missing)
            elif name == "iterative-imputer-trees":
                found = fill_by_trees(data, missing)
            else:
                found = [fill_by_model(name, data, seed, runs) for seed in missing]
        told = {
            "name": name,
            "recipe": recipes().get(name),
            **provenance(f"python benchmarks/tables/run.py {what} {name}"),
            "seeds": sorted([*known, *found], key=lambda one: one["seed"]),
        }
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{what} {name}: {json.dumps(found[-1])[:300]}", flush=True)


def results(what: str) -> list[dict[str, Any]]:
    """density or imputation -> what was measured of it."""
    paths = sorted(RESULTS.glob(f"{what}-*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def density_table() -> str:
    """() -> nats per row as Markdown, whole rows and all rows in columns of their own."""
    found = results("density")
    rows = [one["seeds"][0]["whole_rows"]["rows"] for one in found][:1] or [0]
    every = [one["seeds"][0]["all_rows"]["rows"] for one in found if "all_rows" in one["seeds"][0]]
    heads = (
        "system",
        "fitted to",
        f"the {rows[0]:,} whole test rows",
        f"all {(every or [0])[0]:,} test rows, missing cells unobserved",
        "parameters",
        "epochs",
        "seconds",
    )
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    found.sort(key=lambda one: -one["seeds"][0]["whole_rows"]["nats"])
    for one in found:
        first = one["seeds"][0]
        cells = [_figure(one, key) for key in ("whole_rows", "all_rows")]
        told = (one["name"], first["trained_on"], *cells, f"{first['num_parameters']:,}")
        lines.append(
            "| " + " | ".join([*told, str(first["epochs"]), f"{first['seconds']:.0f}"]) + " |"
        )
    return "\n".join(lines)


def _figure(result: dict[str, Any], key: str) -> str:
    measured = [one[key] for one in result["seeds"] if key in one]
    if not measured:
        return "–"
    if len(measured) == 1:
        return f"{measured[0]['nats']:.3f} ± {measured[0]['error']:.3f}"
    nats = [one["nats"] for one in measured]
    return f"{statistics.mean(nats):.3f} ± {statistics.stdev(nats):.3f} ({len(nats)} seeds)"


def filled_table() -> str:
    """() -> errors of what was put into hidden cells, as Markdown."""
    heads = ("filled by", "words right", "numbers: root mean square", "numbers: mean absolute")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    found = results("imputation")
    found.sort(key=lambda one: statistics.mean(seed["accuracy"] for seed in one["seeds"]))
    for one in found:
        cells = []
        for key, scale, unit in (
            ("accuracy", 100, " %"),
            ("root_mean_square", 1, ""),
            ("mean_absolute", 1, ""),
        ):
            each = [scale * seed[key] for seed in one["seeds"]]
            digits = 1 if unit else 3
            spread = statistics.stdev(each) if len(each) > 1 else math.nan
            cells.append(f"{statistics.mean(each):.{digits}f} ± {spread:.{digits}f}{unit}")
        lines.append("| " + " | ".join([one["name"], *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Command-line words -> (): measure, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("density", "imputation"))
    parser.add_argument("names", nargs="*", help="systems, or ways to fill cells; all by default")
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--data-dir")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs", help="where fits are kept")
    parser.add_argument("--table", action="store_true", help="rewrite docs/tables.md")
    words = parser.parse_args()
    if words.what:
        names = words.names or [*(BASELINES if words.what == "imputation" else ()), *recipes()]
        seeds = words.seeds or ([0] if words.what == "density" else list(SEEDS))
        run(words.what, names, words.data_dir, seeds, words.runs)
    if words.table:
        write_between(PAGE, DENSITY, density_table())
        write_between(PAGE, FILLED, filled_table())


if __name__ == "__main__":
    main()
