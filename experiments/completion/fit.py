"""The models that complete binarized MNIST: fitted once, each in a run directory of its own.

python experiments/completion/fit.py orderless-nade --data-dir DIRECTORY
python experiments/completion/fit.py nade --data-dir DIRECTORY

Some minutes of one core each. What was interrupted goes on
where it stood.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT
from benchmarks.reporting import fit_and_tell

DATA = "binarized-mnist"
# One row of an orderless network costs 784 passes: few of them choose its epoch and are reported.
ROWS = {"valid": 100, "test": 500}
OPTIONS: dict[str, dict[str, Any]] = {
    "orderless-nade": {
        "hidden": (300,),
        "epochs": 18,
        "batch_size": 100,
        "learning_rate": 3e-3,
        "schedule": "cosine",
        "weight_decay": 0.1,
        "average": 0.999,
        "patience": 18,
    },
    "nade": {
        "hidden": 200,
        "epochs": 30,
        "batch_size": 256,
        "schedule": "cosine",
    },
}


def run_of(system: str) -> Path:
    """A system's name -> its run directory."""
    return ROOT / "runs" / "completion" / system


def main() -> None:
    """Fits the system named on the command line."""
    from arden.assembly import split_options
    from arden.data import load_data
    from arden.reproduction.measuring import spread_rows

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("system", choices=OPTIONS)
    parser.add_argument("--data-dir")
    words = parser.parse_args()
    data = load_data(DATA, data_dir=words.data_dir)
    if words.system == "orderless-nade":
        data = spread_rows(data, ROWS)
    folder = run_of(words.system)
    folder.parent.mkdir(parents=True, exist_ok=True)
    options = split_options(words.system, OPTIONS[words.system])
    fit_and_tell(words.system, words.system, data, options, folder)


if __name__ == "__main__":
    main()
