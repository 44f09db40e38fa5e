"""Paired differences: every fitted recipe of a data set against one of them, row by row.

python benchmarks/likelihood/paired.py fvsbn-digits      # the runs must lie in runs/likelihood

The test rows that one model finds hard are hard for the other too, so the difference of two models
is known better than either mean. A recipe with several seeds is compared seed by seed, and the
differences of a row are averaged before their spread over the rows is taken.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from arden.reproduction import recipes
from benchmarks.likelihood.run import PAIRED, RUNS
from benchmarks.provenance import provenance

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.dataset import Dataset


def log_probs(name: str, recipe: dict[str, Any], data: Dataset) -> list[Tensor]:
    """A recipe, its data -> for every seed that was run, (N,) ln p of the test rows."""
    import arden
    from arden.reproduction.joining import load_fitted
    from arden.training.context import class_context

    found = []
    for seed in recipe.get("seeds", [0]):
        try:
            model = load_fitted(name, seed, RUNS)
        except FileNotFoundError:
            return []
        context = class_context(data.test, model.context_size)
        found.append(arden.score(model, data.test.values, context).double())
    return found


def differences(reference: str, data_dir: str | None = None) -> dict[str, Any]:
    """A recipe -> mean ln p of every other one of its data minus its own, with paired errors."""
    from arden.data import load_data
    from arden.systems import SYSTEMS

    every = recipes()
    held_against = every[reference]
    data = load_data(held_against["data"], data_dir=data_dir)
    ours = log_probs(reference, held_against, data)
    if not ours:
        sys.exit(f"paired.py: {reference} has not been run; see arden reproduce")
    models = []
    for name, recipe in every.items():
        if "members" in recipe:  # its result has its own pairs
            continue
        # Given its class a row is another quantity, and a bound is another one again.
        conditional = "condition" in recipe.get("options", {})
        conditional |= "score" not in SYSTEMS[recipe["system"]].verbs
        if recipe["data"] != held_against["data"] or name == reference or conditional:
            continue
        theirs = log_probs(name, recipe, data)
        if not theirs:
            print(f"{name}: not run, left out", file=sys.stderr)
            continue
        pairs = [after - ours[seed % len(ours)] for seed, after in enumerate(theirs)]
        gain = sum(pairs) / len(pairs)
        assert not isinstance(gain, float)
        models.append(
            {
                "recipe": name,
                "nats": gain.mean().item(),
                "standard_error": gain.std().item() / len(gain) ** 0.5,
                "by_seed": [pair.mean().item() for pair in pairs],
                "better": (gain > 0).double().mean().item(),
            }
        )
    models.sort(key=lambda model: -model["nats"])
    command = f"python benchmarks/likelihood/paired.py {reference}"
    return {
        "reference": reference,
        "data": held_against["data"],
        "protocol": data.protocol,
        "rows": len(data.test),
        **provenance(command),
        "models": models,
    }


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference", help="the recipe that the others are held against")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    if arguments.reference not in recipes():
        sys.exit(f"paired.py: no recipe {arguments.reference!r}; arden reproduce lists them")
    told = differences(arguments.reference, arguments.data_dir)
    PAIRED.mkdir(exist_ok=True)
    path = PAIRED / f"{arguments.reference}.json"
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for model in told["models"]:
        print(f"{model['recipe']:32} {model['nats']:+7.3f} ± {model['standard_error']:.3f}")
    print(path)


if __name__ == "__main__":
    main()
