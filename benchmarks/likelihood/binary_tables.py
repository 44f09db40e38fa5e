"""Binary tables: ours beside the figure each was published with, and beside circuits."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["overview"]

Result = dict[str, Any]

NADE_TABLES = ("adult", "mushrooms", "nips", "dna-nade-split")
"""Those of the papers of NADE and MADE, in their splits."""
TRACTABLE_TABLES = ("nltcs", "plants", "jester", "pumsb_star", "dna", "msweb")
"""Those of the literature on tractable models."""


def overview(
    results: Sequence[Result],
    recipes: Mapping[str, Any],
    rivals: Mapping[str, Mapping[str, float]],
) -> str:
    """Results, all recipes, the figures of others by name and table -> two tables in Markdown."""
    by_name = {told["recipe"]["name"]: told for told in results if "name" in told["recipe"]}
    systems = [name.removesuffix("-nltcs") for name in recipes if name.endswith("-nltcs")]
    lines = ["| | " + " | ".join(NADE_TABLES) + " |", "|---" * (len(NADE_TABLES) + 1) + "|"]
    for system in systems:
        cells = [
            _beside(by_name.get(f"{system}-{table}"), recipes[f"{system}-{table}"])
            for table in NADE_TABLES
        ]
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    titles = " | ".join(TRACTABLE_TABLES)
    lines += ["", f"| | {titles} |", "|---" * (len(TRACTABLE_TABLES) + 1) + "|"]
    for rival, figures in rivals.items():
        cells = [f"{figures[table]:.2f}" for table in TRACTABLE_TABLES]
        lines.append(f"| {rival} | " + " | ".join(cells) + " |")
    for system in systems:
        cells = [_figure(by_name.get(f"{system}-{table}")) for table in TRACTABLE_TABLES]
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    best = [_best(table, systems, by_name) for table in TRACTABLE_TABLES]
    lines.append("| *best of ours on validation rows* | " + " | ".join(best) + " |")
    return "\n".join(lines)


def _best(table: str, systems: Sequence[str], by_name: Mapping[str, Result]) -> str:
    """A table -> the system of ours that is best on its validation rows, and its test figure."""
    found = {name: by_name.get(f"{name}-{table}") for name in systems}
    run = {name: told for name, told in found.items() if told is not None}
    if not run:
        return "–"
    name = min(run, key=lambda one: _mean(run[one], "valid_nats"))
    return f"{name} {_mean(run[name], 'test_nats'):.2f}"


def _figure(result: Result | None) -> str:
    if result is None:
        return "not run"
    return f"{_mean(result, 'test_nats'):.2f} ± {result['runs'][0]['standard_error']:.2f}"


def _beside(result: Result | None, recipe: Mapping[str, Any]) -> str:
    """A result, its recipe -> the figure, the published one in brackets; ✗ where ours is worse by
    more than a standard error of the test rows."""
    published = recipe.get("published")
    if published is None or result is None:
        return _figure(result) + ("" if published is None else f" ({published:.2f})")
    short = _mean(result, "test_nats") > published + result["runs"][0]["standard_error"]
    return f"{_figure(result)} ({published:.2f}){' ✗' * short}"


def _mean(result: Result, figure: str) -> float:
    return statistics.mean(run[figure] for run in result["runs"])
