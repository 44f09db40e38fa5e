"""Precision and repeatability as Markdown: docs/numerics.md, from the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.numerics.precision import CASES
from benchmarks.numerics.repeating import ASKED
from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["PAGE", "precision_tables", "repeating_table", "write_page"]

PAGE = ROOT / "docs" / "numerics.md"
_MARKS = "<!-- {}: made by benchmarks/numerics/run.py --table -->", "<!-- end of {} -->"


def write_page(results: Path) -> None:
    """The folder of results -> (): the page's tables, as far as they were measured."""
    for name, tables in (("precision", precision_tables), ("repeating", repeating_table)):
        path = results / f"{name}.json"
        if path.exists():
            text = tables(json.loads(path.read_text(encoding="utf-8")))
            write_between(PAGE, (_MARKS[0].format(name), _MARKS[1].format(name)), text)


def precision_tables(found: dict[str, Any]) -> str:
    """What was measured -> a table of errors in nats, and one of their shares."""
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for told in found["systems"]:
        name = told["system"]
        rows.setdefault(name, {})[told["case"]] = told
        if "fused" in told:
            rows.setdefault(f"{name}, fused", {})[told["case"]] = told["fused"]
    cases = [case for case in CASES if any(case in of for of in rows.values())]
    lines = [f"{_about(found)} {found['rows']} rows a case, seed {found['seed']}.", ""]
    for title, name in (
        ("**Absolute error of ln p, nats: the largest / the mean**", "abs"),
        ("**Relative error of ln p: the largest / the mean**", "rel"),
    ):
        lines += [title, "", f"| system | {' | '.join(cases)} |", "|---" * (len(cases) + 1) + "|"]
        for system, of in rows.items():
            cells = [
                f"{of[case][f'max_{name}']:.0e} / {of[case][f'mean_{name}']:.0e}"
                if case in of
                else "–"
                for case in cases
            ]
            lines.append(f"| {system} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines[:-1])


def repeating_table(found: dict[str, Any]) -> str:
    """What was measured -> a table of what is the same again, bit for bit."""
    asked = [what for what in ASKED if any(what in told for told in found["ways"].values())]
    lines = [_about(found), "", f"| instead | {' | '.join(ASKED[what] for what in asked)} |"]
    lines.append("|---" * (len(asked) + 1) + "|")
    for way, told in found["ways"].items():
        cells = [_cell(told[what], what) if what in told else "" for what in asked]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _about(found: dict[str, Any]) -> str:
    return f"{found['machine']}; PyTorch {found['versions']['torch']}; commit {found['commit']}."


def _cell(told: dict[str, Any], what: str) -> str:
    if told["same"] == told["systems"]:
        return f"the same bits: all {told['systems']}"
    if not told["worst"]:
        return f"the same bits: {told['same']} of {told['systems']}; the others up to rounding"
    worst = f"{100 * told['worst']:.2g} % others" if what == "draws" else f"{told['worst']:.0e}"
    return (
        f"the same bits: {told['same']} of {told['systems']}; at most {worst} ({told['worst_of']})"
    )
