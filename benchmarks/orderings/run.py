"""Likelihood against ordering: one fit per order, then the ensemble of all of them.

python benchmarks/orderings/run.py --data digits                    # every system, every order
python benchmarks/orderings/run.py --data binarized-mnist --system nade --order hilbert
python benchmarks/orderings/run.py --data digits --ensemble         # once all orders are there
python benchmarks/orderings/run.py --table                          # docs/orderings.md, its picture

A combination whose result exists is skipped; delete its JSON to measure it again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.orderings.ensemble import measure_ensemble
from benchmarks.orderings.table import write_page
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import fit_and_tell

if TYPE_CHECKING:
    from arden.data.dataset import Dataset
    from arden.runs import Figures

HERE = Path(__file__).parent
RESULTS = HERE / "results"
RUNS = ROOT / "runs" / "orderings"
ENSEMBLE = "ensemble"


def recipes() -> dict[str, Any]:
    """() -> the orders, and for each data set its seeds and the options of each system."""
    return tomllib.loads((HERE / "recipes.toml").read_text(encoding="utf-8"))


def layout(order: str) -> dict[str, Any]:
    """An order's name, a shuffled one with its seed behind a colon -> options by name.

    >>> layout("shuffled:1")
    {'ordering': 'shuffled', 'ordering_seed': 1}
    """
    name, _, seed = order.partition(":")
    return {"ordering": name, "ordering_seed": int(seed)} if seed else {"ordering": name}


def combination(data: str, system: str, order: str) -> str:
    """What is measured -> its name as a file."""
    return f"{data}-{system}-{order.replace(':', '-')}"


def run_folder(data: str, system: str, order: str, seed: int) -> Path:
    """What is fitted -> its run directory."""
    return RUNS / f"{combination(data, system, order)}-{seed}"


def fit_order(data_name: str, system: str, order: str, data_dir: str | None, trial: bool) -> None:
    """A data set, a system, an order -> (): fitted with every seed; the figures are a JSON file.

    A trial is one epoch with one seed, and leaves nothing.
    """
    from arden.data import load_data

    path = RESULTS / f"{combination(data_name, system, order)}.json"
    if path.exists() and not trial:
        print(f"{path.name}: there already")
        return
    recipe = recipes()[data_name]
    given = {**recipe["systems"][system], **layout(order)}
    words = f"--data {data_name} --system {system} --order {order}"
    # Asked before the fit: the code may be edited while it runs.
    origin = provenance(f"python benchmarks/orderings/run.py {words}")
    data = load_data(data_name, data_dir=data_dir)
    title = f"{system} on {data_name}, {order}"
    if trial:
        with TemporaryDirectory() as scratch:
            _fit(title, system, data, {**given, "epochs": 1}, Path(scratch) / "run")
        return
    runs = []
    for seed in recipe["seeds"]:
        folder = run_folder(data_name, system, order, seed)
        figures = _fit(f"{title}, seed {seed}", system, data, {**given, "seed": seed}, folder)
        runs.append({"seed": seed, **asdict(figures)})
    described = {"data": data_name, "system": system, "order": order, "options": given}
    write_result(path, {**described, **origin, "runs": runs})


def _fit(title: str, system: str, data: Dataset, given: dict[str, Any], folder: Path) -> Figures:
    from arden.assembly import split_options

    return fit_and_tell(title, system, data, split_options(system, given), folder)


def fit_ensemble(data_name: str, system: str, data_dir: str | None) -> None:
    """A data set, a system with every order fitted -> (): the ensemble's figures as JSON."""
    from arden.data import load_data

    path = RESULTS / f"{combination(data_name, system, ENSEMBLE)}.json"
    if path.exists():
        print(f"{path.name}: there already")
        return
    known = recipes()
    missing = [
        order
        for order in known["orders"]
        if not (RESULTS / f"{combination(data_name, system, order)}.json").exists()
    ]
    if missing:
        sys.exit(f"run.py: {system} on {data_name} lacks {', '.join(missing)}: fit them first")
    words = f"--data {data_name} --system {system} --ensemble"
    origin = provenance(f"python benchmarks/orderings/run.py {words}")
    folders = {
        seed: {order: run_folder(data_name, system, order, seed) for order in known["orders"]}
        for seed in known[data_name]["seeds"]
    }
    into = {seed: run_folder(data_name, system, ENSEMBLE, seed) for seed in folders}
    figures = measure_ensemble(load_data(data_name, data_dir=data_dir), folders, into)
    described = {"data": data_name, "system": system, "orders": known["orders"]}
    write_result(path, {**described, **origin, **figures})


def write_result(path: Path, result: dict[str, Any]) -> None:
    """A path, what was measured -> (): written as JSON, and said."""
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
    print(path)


def main() -> None:
    """The command line of this file."""
    known = recipes()
    data_names = [name for name in known if name != "orders"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=data_names)
    parser.add_argument("--system", choices=known["digits"]["systems"], help="all if not given")
    parser.add_argument("--order", choices=known["orders"], help="all if not given")
    parser.add_argument("--ensemble", action="store_true", help="of orders that are fitted")
    parser.add_argument("--trial", action="store_true", help="one epoch, no figures")
    parser.add_argument("--table", action="store_true", help="write docs/orderings.md")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    if not (arguments.data or arguments.table):
        parser.error("expected --data or --table")
    if arguments.data:
        systems = [arguments.system] if arguments.system else list(known[arguments.data]["systems"])
        orders = [arguments.order] if arguments.order else known["orders"]
        for system in systems:
            if arguments.ensemble:
                fit_ensemble(arguments.data, system, arguments.data_dir)
                continue
            for order in orders:
                fit_order(arguments.data, system, order, arguments.data_dir, arguments.trial)
    if arguments.table:
        write_page(recipes(), RESULTS)


if __name__ == "__main__":
    main()
