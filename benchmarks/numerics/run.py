"""Float32 against float64, and what is the same again bit for bit.

python benchmarks/numerics/run.py --precision                # every system, every size
python benchmarks/numerics/run.py --precision --system nade  # only look at one
python benchmarks/numerics/run.py --repeating                # threads, kernels, batches, processors
python benchmarks/numerics/run.py --table                    # docs/numerics.md
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.numerics.precision import cases_of, measure
from benchmarks.numerics.repeating import WAYS, compared, observed_in_new_process
from benchmarks.numerics.table import write_page
from benchmarks.provenance import provenance

RESULTS = Path(__file__).parent / "results"
_ROWS, _SEED = 16, 0


def precision(systems: list[str], rows: int = _ROWS) -> list[dict[str, Any]]:
    """Systems -> the errors of each on each of its cases, told as they come."""
    found = []
    for name in systems:
        for case in cases_of(name):
            told = measure(name, case, rows, _SEED)
            found.append(told)
            print(f"{name}, {case}: {told['max_abs']:.1e} of {told['mean_nats']:.1f}", flush=True)
    return found


def repeating(systems: list[str]) -> dict[str, Any]:
    """Systems -> for every way of computing, what of it is the same."""
    found: dict[str, Any] = {}
    with TemporaryDirectory() as scratch:
        place = Path(scratch)
        place.joinpath("models").mkdir()
        how = (systems, place / "models", place / "found.npz")
        before = observed_in_new_process({}, *how)
        for way, changed in WAYS.items():
            after = observed_in_new_process(changed, *how)
            asked = ("weights", "scores", "draws")
            found[way] = {what: compared(before, after, what) for what in asked}
            print(f"{way}: {found[way]}", flush=True)
        for batch, what in (("batches of 1 instead of 64", "alone"), ("of 7", "odd")):
            found[batch] = {"scores": compared(before, before, what, "scores")}
            print(f"{batch}: {found[batch]}", flush=True)
    return found


def main() -> None:
    """The command line of this file."""
    from arden.systems import SYSTEMS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--precision", action="store_true")
    parser.add_argument("--repeating", action="store_true")
    parser.add_argument("--system", action="append", choices=SYSTEMS, help="writes no result")
    parser.add_argument("--table", action="store_true", help="write docs/numerics.md")
    words = parser.parse_args()
    if not (words.precision or words.repeating or words.table):
        parser.error("expected --precision, --repeating or --table")
    for name, asked in (("precision", words.precision), ("repeating", words.repeating)):
        if not asked:
            continue
        origin = provenance(f"python benchmarks/numerics/run.py --{name}")
        systems = words.system or list(SYSTEMS)
        if name == "precision":
            found = {"rows": _ROWS, "seed": _SEED, "systems": precision(systems)}
        else:
            found = {"ways": repeating(systems)}
        if not words.system:
            RESULTS.mkdir(exist_ok=True)
            text = json.dumps({**origin, **found}, indent=1, ensure_ascii=False) + "\n"
            (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    if words.table:
        write_page(RESULTS)


if __name__ == "__main__":
    main()
