"""Likelihood figures: train a recipe, select on validation, score the test rows, write JSON.

python benchmarks/likelihood/run.py --list
python benchmarks/likelihood/run.py fvsbn-digits
python benchmarks/likelihood/run.py nade-binarized-mnist --data-dir DIRECTORY
python benchmarks/likelihood/run.py --table          # rewrite the README's table from the results
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arden.training.fit import Progress

HERE = Path(__file__).parent
RESULTS = HERE / "results"
README = HERE.parents[1] / "README.md"
MARKS = ("<!-- figures: made by benchmarks/likelihood/run.py --table -->", "<!-- end -->")


def recipes() -> dict[str, dict[str, Any]]:
    """() -> the recipes by name."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))


def run(name: str, data_dir: str | None) -> Path:
    """A recipe's name -> the JSON file with a run for every seed; each leaves a run directory."""
    import torch
    from rich.console import Console

    from arden.assembly import split_options
    from arden.data import load_data
    from arden.runs import fit_run
    from arden.training.display import FitDisplay

    recipe = recipes()[name]
    data = load_data(recipe["data"], data_dir=data_dir)
    runs = []
    for seed in recipe.get("seeds", [0]):
        options = split_options(recipe["system"], {**recipe.get("options", {}), "seed": seed})
        folder = HERE.parents[1] / "runs" / "likelihood" / f"{name}-{seed}"
        with FitDisplay(f"{name} seed {seed}") as display:

            def report(progress: Progress, display: FitDisplay = display) -> None:
                display(progress)
                if progress.valid is not None and not sys.stdout.isatty():
                    print(_line(name, progress), flush=True)

            _, figures, _ = fit_run(
                recipe["system"], data, options, folder, overwrite=True, report=report
            )
        runs.append({"seed": seed, **asdict(figures)})
        Console().print(
            f"{name} seed {seed}: {figures.test_nats:.3f} ± {figures.standard_error:.3f}"
        )
    written = {
        "recipe": {"name": name, **recipe},
        "command": f"python benchmarks/likelihood/run.py {name}",
        "commit": _commit(),
        "machine": f"{_processor()}, {torch.get_num_threads()} threads",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "runs": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


_COLUMNS = (
    "model",
    "test nats per row ± standard error",
    "over seeds",
    "published",
    "parameters",
    "seconds",
)


def table() -> str:
    """() -> the results as Markdown, one table per data set: protocols are never mixed."""
    found = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))
    ]
    lines: list[str] = []
    for data in sorted({result["recipe"]["data"] for result in found}):
        rows = [result for result in found if result["recipe"]["data"] == data]
        rows.sort(key=lambda result: -_mean(result))
        lines += [f"**{data}** — {rows[0]['runs'][0]['protocol']}", ""]
        lines += ["| " + " | ".join(_COLUMNS) + " |", "|---" * len(_COLUMNS) + "|"]
        lines += [_row(result) for result in rows]
        lines += [""]
    return "\n".join(lines).strip()


def _row(result: dict[str, Any]) -> str:
    recipe, runs = result["recipe"], result["runs"]
    nats = [run["test_nats"] for run in runs]
    spread = f"{min(nats):.2f} … {max(nats):.2f} ({len(nats)})" if len(nats) > 1 else "one seed"
    if runs[0]["ended"].startswith("counted"):
        spread = "closed form"
    options = ", ".join(
        f"{key} {value}" for key, value in recipe.get("options", {}).items() if key in _SHOWN
    )
    name = recipe["system"] + (f" ({options})" if options else "")
    published = str(recipe.get("published", "–"))
    error = runs[0]["standard_error"]
    seconds = statistics.mean(run["seconds"] for run in runs)
    return (
        f"| {name} | {_mean(result):.2f} ± {error:.2f} | {spread} | {published} "
        f"| {runs[0]['num_parameters']:,} | {seconds:,.0f} |"
    )


_SHOWN = ("hidden", "masks", "degrees", "memory")


def _mean(result: dict[str, Any]) -> float:
    return statistics.mean(run["test_nats"] for run in result["runs"])


def write_table() -> None:
    """() -> (): put the table between its marks in the README."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    README.write_text(f"{before}{MARKS[0]}\n{table()}\n{MARKS[1]}{after}", encoding="utf-8")


def list_recipes() -> None:
    """() -> (): print every recipe with its goal and what was measured."""
    for name, recipe in recipes().items():
        path = RESULTS / f"{name}.json"
        measured = "not run"
        if path.exists():
            measured = f"{_mean(json.loads(path.read_text(encoding='utf-8'))):.2f} nats"
        goal = f"goal ≤ {recipe['goal']}" if "goal" in recipe else ""
        published = f"published {recipe['published']}" if "published" in recipe else ""
        print(f"{name:32} {measured:14} {goal:14} {published}")


def _line(name: str, progress: Progress) -> str:
    return (
        f"{name} epoch {progress.epoch}/{progress.epochs} train {progress.train:.3f} "
        f"valid {progress.valid:.3f} best {progress.best_valid:.3f} {progress.seconds:,.0f} s"
    )


def _commit() -> str:
    """The commit the code is at, marked if anything but the results differs from it."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(HERE.parents[1]), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "-uno", "--", ".", ":!benchmarks/likelihood/results")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


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
        write_table()
    if arguments.list or not (arguments.name or arguments.table):
        list_recipes()


if __name__ == "__main__":
    main()
