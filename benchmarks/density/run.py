"""Densities of real tables: every model on every fold under one floor, in standardised units.

python benchmarks/density/run.py red-wine rnade-learned --data-dir DIRECTORY
python benchmarks/density/run.py parkinsons gaussian factor-analysers --folds 1 2
python benchmarks/density/run.py --table             # rewrite docs/density.md from the results

Log-likelihoods are nats per row of data divided by the deviations of the rows a fold trains and
validates on, as in the papers. A fold that has been measured is not measured again.
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
from benchmarks.reporting import write_between

if TYPE_CHECKING:
    from arden.data.dataset import Dataset

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = ROOT / "docs" / "density.md"
MARKS = ("<!-- figures: made by benchmarks/density/run.py --table -->", "<!-- end -->")
DATA = ("red-wine", "parkinsons")
FOLDS = range(1, 11)
MIN_SCALE = 1e-3  # the systems' default: the floor is half the recording step where that is more


def recipes() -> dict[str, Any]:
    """() -> the models and the published rows."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))


def fold_of(data: str, fold: int, data_dir: str | None) -> Dataset:
    """The name of a set, 1 … 10 -> that fold."""
    from arden.data.sets import continuous

    load = {"red-wine": continuous.load_red_wine, "parkinsons": continuous.load_parkinsons}[data]
    return load(data, Path(data_dir) if data_dir else None, fold)


def measure(data: Dataset, recipe: dict[str, Any], min_scale: float, fold: int) -> dict[str, Any]:
    """A fold, a model -> its log-likelihoods in standardised units, and how it came to them."""
    import numpy as np
    import torch

    seen = torch.cat([data.train.values, data.valid.values])
    unit = seen.std(dim=0, correction=0)
    began = time.perf_counter()
    if "system" in recipe:
        valid, test, told = _system(data, recipe, min_scale, fold, unit.log().sum().item())
    else:
        valid, test, told = _baseline(data, recipe["baseline"], min_scale, seen.mean(dim=0), unit)
    return {
        "fold": fold,
        "test": test.mean().item(),
        "standard_error": test.std(ddof=1).item() / math.sqrt(len(test)),
        "valid": float(np.mean(valid)),
        "seconds": round(time.perf_counter() - began, 1),
        "protocol": data.protocol,
        **told,
    }


def _system(data: Dataset, recipe: dict[str, Any], min_scale: float, fold: int, unit: float) -> Any:
    import torch

    from arden.assembly import assemble, split_options
    from arden.kernels import register
    from arden.runs.floors import least_deviations
    from arden.tasks.ensemble import ensemble
    from arden.tasks.score import score
    from arden.training.fit import fit_model

    register()
    options = {**recipe.get("options", {}), **recipe.get(data.name, {})}
    options |= {"min_scale": min_scale, "seed": fold}
    members, best_epochs = [], []
    for member in range(recipe.get("orders", 1)):
        # The columns' own order first, as `arden ensemble` takes them.
        layout = {"ordering": "shuffled", "ordering_seed": member} if member else {}
        chosen = split_options(recipe["system"], {**options, **layout})
        model = assemble(recipe["system"], data, chosen)
        best_epochs.append(fit_model(model, data, chosen[2]).best_epoch)
        members.append(model)
    whole = ensemble(members) if len(members) > 1 else members[0]
    with torch.no_grad():
        scores = [score(whole, split.values) + unit for split in (data.valid, data.test)]
    told = {
        "num_parameters": sum(member.num_parameters for member in members),
        "best_epoch": best_epochs if len(members) > 1 else best_epochs[0],
        "floors": least_deviations(members[0], data.schema),
    }
    return (*(part.double().numpy() for part in scores), told)


def _baseline(data: Dataset, name: str, min_scale: float, shift: Any, unit: Any) -> Any:
    from arden.assembly import choose_conditional
    from arden.runs.floors import floors_of
    from arden.systems import LayoutOptions
    from benchmarks.density.baselines import Gaussian, choose_factor_analysers

    # The very floors of the systems: chosen by the same code from the same rows.
    family = choose_conditional(data, LayoutOptions(min_scale=min_scale))
    by_column = floors_of(family, data.schema)
    floors = unit.new_tensor(list(by_column.values())) / unit
    rows, valid, test, floors = (
        part.numpy()
        for part in (
            *((split.values - shift) / unit for split in (data.train, data.valid, data.test)),
            floors,
        )
    )
    told: dict[str, Any] = {"floors": by_column}
    if name == "gaussian":
        model = Gaussian.fit(rows, floors)
    else:
        model, size = choose_factor_analysers(rows, valid, floors, _sizes(data.name))
        told["components, factors"] = size
    return (
        model.log_prob(valid),
        model.log_prob(test),
        told | {"num_parameters": model.num_parameters},
    )


def _sizes(data: str) -> list[tuple[int, int]]:
    return [tuple(size) for size in recipes()["sizes"][data]]


def run(data: str, name: str, min_scale: float, folds: list[int], data_dir: str | None) -> Path:
    """A set, a model, a floor, folds -> the JSON file that also holds the folds measured before."""
    recipe = recipes()["models"][name]
    path = RESULTS / f"{data}-{name}-{min_scale:g}.json"
    known = json.loads(path.read_text(encoding="utf-8"))["folds"] if path.exists() else []
    RESULTS.mkdir(exist_ok=True)
    for fold in folds:
        if fold in [one["fold"] for one in known]:
            continue
        known.append(measure(fold_of(data, fold, data_dir), recipe, min_scale, fold))
        known.sort(key=lambda one: one["fold"])
        told = {
            "data": data,
            "model": name,
            "min_scale": min_scale,
            "recipe": recipe,
            **provenance(
                f"python benchmarks/density/run.py {data} {name} --min-scale {min_scale:g}"
            ),
            "folds": known,
        }
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{data} {name} fold {fold}: test {known_of(known, fold)['test']:.3f}", flush=True)
    return path


def known_of(folds: list[dict[str, Any]], fold: int) -> dict[str, Any]:
    """Measured folds, a number -> that one."""
    return next(one for one in folds if one["fold"] == fold)


_COLUMNS = (
    "model",
    "test log-likelihood, nats per row, mean of folds ± standard error",
    "against factor analysers, fold by fold",
    "folds",
    "published",
    "parameters",
    "seconds a fold",
)


def table(only: float | None = None) -> str:
    """The least floor to show, or all -> a table for each set and floor, its protocol above it."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")]
    found = [one for one in found if only in (None, one["min_scale"])]
    lines: list[str] = []
    for data, least in sorted({(one["data"], one["min_scale"]) for one in found}, reverse=True):
        rows = {
            one["model"]: one for one in found if (one["data"], one["min_scale"]) == (data, least)
        }
        first = next(iter(rows.values()))["folds"][0]
        lines += [f"**{data}, floor {_floor(least)}** — fold 1: {first['protocol']}", ""]
        floors = ", ".join(f"{name} {value:.2g}" for name, value in first["floors"].items())
        lines += [f"Least standard deviations, fold 1: {floors}.", ""]
        lines += ["| " + " | ".join(_COLUMNS) + " |", "|---" * len(_COLUMNS) + "|"]
        order = sorted(rows.values(), key=lambda one: _mean(_tests(one).values()))
        lines += [_row(one, rows.get("factor-analysers")) for one in order]
        lines += [""]
    return "\n".join(lines).strip()


def _floor(least: float) -> str:
    return f"max({least:g} of a column's deviation, half its recording step)"


def _row(result: dict[str, Any], beside: dict[str, Any] | None) -> str:
    tests = _tests(result)
    against = "–"
    if beside is not None and beside is not result:
        common = sorted(tests.keys() & _tests(beside).keys())
        against = _told([tests[fold] - _tests(beside)[fold] for fold in common], "+")
    published = recipes()["published"].get(result["data"], {}).get(result["model"])
    cells = (
        result["model"],
        _told(list(tests.values())),
        against,
        str(len(tests)),
        "–" if published is None else f"{published:.2f}".replace("-", "−"),
        f"{result['folds'][0]['num_parameters']:,}",
        f"{_mean(fold['seconds'] for fold in result['folds']):,.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def _tests(result: dict[str, Any]) -> dict[int, float]:
    return {fold["fold"]: fold["test"] for fold in result["folds"]}


def _mean(values: Any) -> float:
    return statistics.mean(values)


def _told(values: list[float], sign: str = "") -> str:
    if not values:
        return "–"
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{_mean(values):{sign}.2f} ± {error:.2f}".replace("-", "−")


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", choices=DATA)
    parser.add_argument("models", nargs="*", help="rows of recipes.toml; all when none is named")
    parser.add_argument("--folds", nargs="+", type=int, default=list(FOLDS), choices=FOLDS)
    parser.add_argument("--min-scale", type=float, default=MIN_SCALE)
    parser.add_argument("--table", action="store_true", help="rewrite docs/density.md")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    known = recipes()["models"]
    for name in (arguments.models or known) if arguments.data else ():
        if name not in known:
            sys.exit(f"run.py: no model {name!r}; expected one of {', '.join(known)}")
        print(run(arguments.data, name, arguments.min_scale, arguments.folds, arguments.data_dir))
    if arguments.table:
        write_between(PAGE, MARKS, table())


if __name__ == "__main__":
    main()
