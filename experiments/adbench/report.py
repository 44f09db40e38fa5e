"""The tables of ADBench from the results: means and ranks of every method, and each set's area."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["report", "tables"]

PAGE = ROOT / "docs" / "detect.md"
MARKS = ("<!-- adbench: made by experiments/adbench/run.py --report -->", "<!-- end of adbench -->")


def report(results: Path, page: Path = PAGE) -> None:
    """The folder of results -> (): the tables stand in the page."""
    seeds = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(results.glob("seed-*"))]
    if seeds:
        write_between(page, MARKS, tables(seeds))


def tables(seeds: list[dict[str, Any]]) -> str:
    """Results of seeds -> Markdown; only sets that every seed has measured are counted."""
    from scipy.stats import rankdata

    from experiments.adbench.run import METHODS, PROTOCOLS

    common = [name for name in seeds[0]["sets"] if all(name in one["sets"] for one in seeds)]
    setup = seeds[0]["setup"]
    parts = [
        f"{len(common)} of 19 sets, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}, at most "
        f"{setup['most_rows']:,} rows of each; ours by {setup['steps']} gradient steps. "
        f"{seeds[0]['machine']}."
    ]
    for protocol in PROTOCOLS:

        def mean(name: str, method: str, figure: str, protocol: str = protocol) -> float:
            return statistics.mean(one["sets"][name][protocol][method][figure] for one in seeds)

        areas = {m: [mean(name, m, "auroc") for name in common] for m in METHODS}
        precisions = {m: [mean(name, m, "average_precision") for name in common] for m in METHODS}
        ranks = [rankdata([-areas[m][at] for m in METHODS]) for at in range(len(common))]
        rows = [
            f"| {method} | {statistics.mean(areas[method]):.3f} "
            f"| {statistics.mean(float(of_set[place]) for of_set in ranks):.2f} "
            f"| {statistics.mean(precisions[method]):.3f} |"
            for place, method in enumerate(METHODS)
        ]
        head = ["| method | mean AUROC | mean rank of 7 | mean AP |", "|---|---|---|---|"]
        parts.append("\n".join([f"**{protocol}**", "", *head, *rows]))
        width = "|".join(["---"] * (len(METHODS) + 1))
        each = [f"| {protocol}, AUROC | {' | '.join(METHODS)} |", f"|{width}|"]
        each += [
            f"| {name} | {' | '.join(f'{areas[m][at]:.3f}' for m in METHODS)} |"
            for at, name in enumerate(common)
        ]
        parts.append("\n".join(each))
    return "\n\n".join(parts)
