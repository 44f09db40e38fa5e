"""Linear probes as Markdown: docs/represent.md, from the results."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.classify.table import spread
from benchmarks.each_seed import commits, tables
from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["AGAINST", "MARKS", "PAGE", "table", "write_page"]

PAGE = ROOT / "docs" / "represent.md"
AGAINST = "raw pixels"
MARKS = ("<!-- figures: made by benchmarks/probe/run.py --table -->", "<!-- end -->")


def write_page(recipes: dict[str, Any], folder: Path) -> None:
    """The recipes, the folder of results -> (): the page's tables."""
    write_between(PAGE, MARKS, tables(recipes, folder, AGAINST, table))


def table(name: str, models: list[str], found: dict[str, Any]) -> str:
    """A data set, its models, what was found -> a table."""
    lines = [
        f"**{name}**: {found['train_rows']:,} training rows, {found['test_rows']:,} test rows. "
        f"{found['protocol']}",
        "",
        "| features | how many | right, % | the same network untrained, % | seeds |",
        "|---|---:|---:|---:|---:|",
    ]
    for model in models:
        some = [run for run in found["runs"] if run["model"] == model]
        if not some:
            continue
        right = {
            trained: [100 * run["accuracy"] for run in some if run["trained"] == trained]
            for trained in (True, False)
        }
        untrained = spread(right[False], 1) if right[False] else ""
        width = round(statistics.fmean(run["features"] for run in some))
        lines.append(
            f"| {model} | {width} | {spread(right[True], 1)} | {untrained} | {len(right[True])} |"
        )
    lines += ["", f"{commits(found, models)}, {found['machine']}."]
    return "\n".join(lines)
