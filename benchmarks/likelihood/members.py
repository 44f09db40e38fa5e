"""A fitted mixture against its members: what averaging their probabilities brings.

python benchmarks/likelihood/members.py made-masks-binarized-mnist --data-dir DIRECTORY
python benchmarks/likelihood/members.py --table        # rewrite docs/orderings.md from the results

Reads the run directory that benchmarks/likelihood/run.py left; writes JSON beside its figures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from arden.reproduction import recipes
from benchmarks.orderings.ensemble import mean_and_error
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import write_between

RESULTS = Path(__file__).parent / "members"
PAGE = ROOT / "docs" / "orderings.md"
MARKS = (
    "<!-- figures: made by benchmarks/likelihood/members.py --table -->",
    "<!-- end members -->",
)


def measure(name: str, data_dir: str | None) -> Path:
    """A recipe's name, fitted -> the JSON file with its members' figures, seed by seed."""
    import torch

    from arden.core.mixture import Mixture
    from arden.data import load_data
    from arden.storage.model_files import load
    from arden.tasks.score import score

    recipe = recipes()[name]
    data = load_data(recipe["data"], data_dir=data_dir)
    origin = provenance(f"python benchmarks/likelihood/members.py {name}")
    runs = []
    for seed in recipe.get("seeds", [0]):
        model = load(ROOT / "runs" / "likelihood" / f"{name}-{seed}")
        if not isinstance(model, Mixture):
            sys.exit(f"members.py: {name} is no mixture")
        valid, test = (
            torch.stack([score(member, split.values) for member in model.models], dim=1)
            for split in (data.valid, data.test)
        )
        together = score(model, data.test.values)
        best = int(valid.mean(dim=0).argmax())
        each = -test.mean(dim=0)
        runs.append(
            {
                "seed": seed,
                "members": each.tolist(),
                "best": {"member": best, **mean_and_error(-test[:, best])},
                "least": each.min().item(),
                "mixture": mean_and_error(-together),
                "gain": mean_and_error(together - test[:, best]),
            }
        )
        print(f"{name} seed {seed}: {runs[-1]['mixture']}, gain {runs[-1]['gain']}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    told = {"recipe": {"name": name, **recipe}, **origin, "runs": runs}
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def table() -> str:
    """() -> the results as Markdown."""
    heads = ("mixture", "members", "best member by validation", "mixture", "gain, row by row")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for path in sorted(RESULTS.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        for run in found["runs"]:
            seeds = f", seed {run['seed']}" if len(found["runs"]) > 1 else ""
            cells = [
                found["recipe"]["name"] + seeds,
                f"{len(run['members'])}: {min(run['members']):.2f} … {max(run['members']):.2f}",
                _told(run["best"]),
                _told(run["mixture"]),
                _told(run["gain"]),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _told(figure: dict[str, Any]) -> str:
    return f"{figure['nats']:.2f} ± {figure['standard_error']:.2f}"


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="*", help="recipes of mixtures")
    parser.add_argument("--table", action="store_true", help="rewrite docs/orderings.md")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    for name in arguments.name:
        print(measure(name, arguments.data_dir))
    if arguments.table:
        write_between(PAGE, MARKS, table())


if __name__ == "__main__":
    main()
