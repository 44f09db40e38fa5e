"""Classes by Bayes against logistic regression, as Markdown: docs/classify.md, from the results."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.each_seed import commits, tables
from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["AGAINST", "MARKS", "PAGE", "spread", "table", "write_page"]

PAGE = ROOT / "docs" / "classify.md"
AGAINST = "logistic regression"
MARKS = ("<!-- figures: made by benchmarks/classify/run.py --table -->", "<!-- end -->")


def write_page(recipes: dict[str, Any], folder: Path) -> None:
    """The recipes, the folder of results -> (): the page's tables."""
    write_between(PAGE, MARKS, tables(recipes, folder, AGAINST, table))


def table(name: str, models: list[str], found: dict[str, Any]) -> str:
    """A data set, its models, what was found -> a table."""
    runs = {model: [r for r in found["runs"] if r["model"] == model] for model in models}
    rows = next(run["rows"] for some in runs.values() for run in some)
    lines = [
        f"**{name}**: {found['train_rows']:,} training rows, {rows:,} test rows. "
        f"{found['protocol']}",
        "",
        "| model | right, % | log loss, nats | calibration error, % | seeds |",
        "|---|---:|---:|---:|---:|",
    ]
    for model, some in runs.items():
        if not some:
            continue
        cells = [
            spread([100 * run["accuracy"] for run in some], 2),
            spread([run["log_loss"] for run in some], 3),
            spread([100 * run["calibration_error"] for run in some], 1),
        ]
        lines.append(f"| {model.replace('|', chr(92) + '|')} | {' | '.join(cells)} | {len(some)} |")
    lines += ["", f"{commits(found, models)}, {found['machine']}."]
    return "\n".join(lines)


def spread(values: list[float], digits: int) -> str:
    """Numbers of several seeds -> their mean ± their standard deviation."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    same = len(values) < 2 or max(values) == min(values)
    return mean if same else f"{mean} ± {statistics.stdev(values):.{digits}f}"
