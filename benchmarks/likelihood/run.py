"""Likelihood figures: `arden reproduce` with the commit beside every result, and the tables.

python benchmarks/likelihood/run.py fvsbn-digits
python benchmarks/likelihood/run.py nade-binarized-mnist --data-dir DIRECTORY
python benchmarks/likelihood/run.py --table          # rewrite the tables of docs/ and READMEs

What there is to run: `arden reproduce`. Results go beside the recipes, into the package.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from arden.reproduction import RESULTS, recipes, rivals
from benchmarks.likelihood import binary_tables
from benchmarks.likelihood.overview import overview
from benchmarks.likelihood.table import read_results, table
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import READMES, write_between

PAIRED = Path(__file__).parent / "paired"
PAGE = ROOT / "docs" / "figures.md"
TABLES = ROOT / "docs" / "binary_tables.md"
DENSITIES = ROOT / "benchmarks" / "density" / "results"
RUNS = ROOT / "runs" / "likelihood"
MARKS = ("<!-- figures: made by benchmarks/likelihood/run.py --table -->", "<!-- end -->")


def write_tables() -> None:
    """() -> (): docs/figures.md, docs/binary_tables.md and the READMEs' table, from the results."""
    results = read_results(RESULTS)
    write_between(PAGE, MARKS, table(results, read_results(PAIRED)))
    write_between(TABLES, MARKS, binary_tables.overview(results, recipes(), rivals()))
    densities = read_results(DENSITIES)
    for readme, say in READMES.items():
        write_between(readme, MARKS, overview(results, densities, recipes(), say))


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="recipes to run, one after another")
    parser.add_argument("--table", action="store_true", help="rewrite the tables of figures")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.name if name not in recipes()]
    if unknown:
        sys.exit(f"run.py: no recipe {unknown[0]!r}; arden reproduce lists them")
    from arden.reproduction.measuring import reproduce

    for name in arguments.name:
        about = provenance(f"python benchmarks/likelihood/run.py {name}")
        try:
            print(reproduce(name, RUNS, RESULTS, arguments.data_dir, about=about))
        except KeyboardInterrupt:
            sys.exit(130)
    if arguments.table:
        write_tables()


if __name__ == "__main__":
    main()
