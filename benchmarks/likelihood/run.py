"""Likelihood figures: train a recipe, select on validation, score the test rows, write JSON.

python benchmarks/likelihood/run.py --list
python benchmarks/likelihood/run.py fvsbn-digits
python benchmarks/likelihood/run.py nade-binarized-mnist --data-dir DIRECTORY
python benchmarks/likelihood/run.py --table          # rewrite the README's table from the results
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import fit_and_tell, write_between

HERE = Path(__file__).parent
RESULTS = HERE / "results"
README = ROOT / "README.md"
MARKS = ("<!-- figures: made by benchmarks/likelihood/run.py --table -->", "<!-- end -->")


def recipes() -> dict[str, dict[str, Any]]:
    """() -> the recipes by name."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))


def run(name: str, data_dir: str | None) -> Path:
    """A recipe's name -> the JSON file with a run for every seed; each leaves a run directory."""
    from arden.assembly import split_options
    from arden.data import load_data

    recipe = recipes()[name]
    windows = {key: recipe.get(key) for key in ("window", "stride")}
    data = load_data(recipe["data"], data_dir=data_dir, **windows)
    runs = []
    for seed in recipe.get("seeds", [0]):
        options = split_options(recipe["system"], {**recipe.get("options", {}), "seed": seed})
        folder = ROOT / "runs" / "likelihood" / f"{name}-{seed}"
        began = time.process_time()
        figures = fit_and_tell(f"{name} seed {seed}", recipe["system"], data, options, folder)
        cpu_seconds = round(time.process_time() - began, 1)
        runs.append({"seed": seed, **asdict(figures), "cpu_seconds": cpu_seconds})
    written = {
        "recipe": {"name": name, **recipe},
        **provenance(f"python benchmarks/likelihood/run.py {name}"),
        "runs": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def table() -> str:
    """() -> the results as Markdown, one table per data set and protocol: these never mix."""
    found = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))
    ]
    lines: list[str] = []
    for data, protocol in sorted({_protocol(result) for result in found}):
        rows = [result for result in found if _protocol(result) == (data, protocol)]
        rows.sort(key=lambda result: -_mean(result))
        columns = _columns(_unit(rows[0]))
        lines += [f"**{data}** — {protocol}", ""]
        lines += ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
        lines += [_row(result) for result in rows]
        lines += [""]
    return "\n".join(lines).strip()


def _protocol(result: dict[str, Any]) -> tuple[str, str]:
    return result["recipe"]["data"], result["runs"][0]["protocol"]


def _unit(result: dict[str, Any]) -> str:
    return result["runs"][0].get("unit", "row")  # the oldest results knew of rows only


def _columns(unit: str) -> list[str]:
    figures = [f"test nats per {unit} ± standard error"]
    if unit == "symbol":
        figures += ["test bits", "validation nats"]
    return ["model", *figures, "over seeds", "published", "parameters", "seconds"]


def _row(result: dict[str, Any]) -> str:
    recipe, runs = result["recipe"], result["runs"]
    nats = [run["test_nats"] for run in runs]
    places = 3 if _unit(result) == "symbol" else 2
    spread = "one seed"
    if len(nats) > 1:
        spread = f"{min(nats):.{places}f} … {max(nats):.{places}f} ({len(nats)})"
    if runs[0]["ended"].startswith("counted"):
        spread = "closed form"
    options = ", ".join(
        f"{key} {value}" for key, value in recipe.get("options", {}).items() if key in _SHOWN
    )
    name = recipe["system"] + (f" ({options})" if options else "")
    if "condition" in recipe.get("options", {}):  # another quantity: the class is not paid for
        name += ", −ln p(x \\| class)"
    published = str(recipe.get("published", "–"))
    error = runs[0]["standard_error"]
    seconds = _mean(result, "seconds")
    cells = [name, f"{_mean(result):.{places}f} ± {error:.{places}f}"]
    if _unit(result) == "symbol":
        cells += [f"{_mean(result, 'bits_per_dim'):.3f}", f"{_mean(result, 'valid_nats'):.3f}"]
    cells += [spread, published, f"{runs[0]['num_parameters']:,}", f"{seconds:,.0f}"]
    return "| " + " | ".join(cells) + " |"


_SHOWN = (
    *("hidden", "masks", "degrees", "memory", "homogeneous", "precision", "average", "cell"),
    *("width", "channels"),
)


def _mean(result: dict[str, Any], figure: str = "test_nats") -> float:
    return statistics.mean(run[figure] for run in result["runs"])


def list_recipes() -> None:
    """() -> (): print every recipe with its goal and what was measured."""
    for name, recipe in recipes().items():
        path = RESULTS / f"{name}.json"
        measured = "not run"
        if path.exists():
            measured = f"{_mean(json.loads(path.read_text(encoding='utf-8'))):.3f} nats"
        goal = f"goal ≤ {recipe['goal']}" if "goal" in recipe else ""
        published = f"published {recipe['published']}" if "published" in recipe else ""
        print(f"{name:32} {measured:14} {goal:14} {published}")


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="recipes to run, one after another")
    parser.add_argument("--list", action="store_true", help="show all recipes and results")
    parser.add_argument("--table", action="store_true", help="rewrite the README's table")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.name if name not in recipes()]
    if unknown:
        sys.exit(f"run.py: no recipe {unknown[0]!r}; see --list")
    for name in arguments.name:
        print(run(name, arguments.data_dir))
    if arguments.table:
        write_between(README, MARKS, table())
    if arguments.list or not (arguments.name or arguments.table):
        list_recipes()


if __name__ == "__main__":
    main()
