"""Likelihood against ordering as Markdown: docs/orderings.md, from the results."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.orderings.picture import Row, draw_likelihoods
from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["MARKS", "PAGE", "PICTURE", "tables", "write_page"]

PAGE = ROOT / "docs" / "orderings.md"
PICTURE = ROOT / "docs" / "pictures" / "orderings_likelihood.png"
MARKS = ("<!-- figures: made by benchmarks/orderings/run.py --table -->", "<!-- end -->")
_MIXTURES = {"even": "ensemble, even weights", "fitted": "ensemble, fitted weights"}

Results = dict[tuple[str, str, str], dict[str, Any]]


def write_page(recipes: dict[str, Any], folder: Path) -> None:
    """The recipes, the folder of results -> (): the page's tables and its picture."""
    found = read_results(folder)
    write_between(PAGE, MARKS, tables(recipes, found))
    panels = {
        (system, data): [*rows(recipes["orders"], found, data, system)]
        for data, system in pairs(recipes)
        if any(key[:2] == (data, system) for key in found)
    }
    if panels:
        draw_likelihoods(panels, PICTURE)


def read_results(folder: Path) -> Results:
    """A folder -> its results by data set, system, and order or "ensemble"."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        found[result["data"], result["system"], result.get("order", "ensemble")] = result
    return found


def pairs(recipes: dict[str, Any]) -> list[tuple[str, str]]:
    """The recipes -> every data set with every system."""
    names = [name for name in recipes if name != "orders"]
    return [(data, system) for data in names for system in recipes[data]["systems"]]


def rows(orders: list[str], found: Results, data: str, system: str) -> list[Row]:
    """Orders, results, which of them -> one row per measured order, then the ensembles."""
    ensemble = found.get((data, system, "ensemble"))
    measured = []
    for order in orders:
        result = found.get((data, system, order))
        if result is None:
            continue
        paired = ensemble["nats_above_raster"][order] if ensemble else {}
        measured.append(
            Row(
                order,
                [run["test_nats"] for run in result["runs"]],
                result["runs"][0]["standard_error"],
                paired.get("nats"),
                paired.get("standard_error"),
            )
        )
    for key, name in _MIXTURES.items() if ensemble else ():
        runs = [run[key] for run in ensemble["runs"]]
        gains = [run["gain"] for run in runs]
        measured.append(
            Row(
                name,
                [run["nats"] for run in runs],
                runs[0]["standard_error"],
                -statistics.mean(gain["nats"] for gain in gains),
                statistics.mean(gain["standard_error"] for gain in gains),
                ensemble=True,
            )
        )
    return measured


def tables(recipes: dict[str, Any], found: Results) -> str:
    """The recipes, the results -> two tables per data set: nats, and differences row by row."""
    lines: list[str] = []
    for data in [name for name in recipes if name != "orders"]:
        systems = [system for known, system in pairs(recipes) if known == data]
        by_system = {
            system: {row.name: row for row in rows(recipes["orders"], found, data, system)}
            for system in systems
        }
        if not any(by_system.values()):
            continue
        some = next(result for key, result in found.items() if key[0] == data and "order" in result)
        seeds = len(recipes[data]["seeds"])
        mean = f"mean of {seeds} seeds" if seeds > 1 else "one seed"
        lines += [f"**{data}** — {some['runs'][0]['protocol']}", ""]
        names = [*recipes["orders"], *_MIXTURES.values()]
        lines += _head(f"test nats per row ({mean}) ± standard error", systems)
        # What no system has measured yet has no line.
        names = [name for name in names if any(name in one for one in by_system.values())]
        for name in names:
            cells = [_nats(by_system[system].get(name)) for system in systems]
            lines += [f"| {name} | " + " | ".join(cells) + " |"]
        lines += [""]
        if any(key[0] == data and key[2] == "ensemble" for key in found):
            lines += _head("difference, row by row ± standard error", systems)
            for name in names:
                if name == recipes["orders"][0]:
                    continue
                cells = [_difference(by_system[system].get(name)) for system in systems]
                against = "best member" if name in _MIXTURES.values() else "raster"
                lines += [f"| {name} − {against} | " + " | ".join(cells) + " |"]
            cells = [_best(found.get((data, system, "ensemble"))) for system in systems]
            lines += ["| best member, by validation | " + " | ".join(cells) + " |", ""]
    return "\n".join(lines).strip()


def _head(first: str, systems: list[str]) -> list[str]:
    return [f"| {first} | " + " | ".join(systems) + " |", "|---" + "|---:" * len(systems) + "|"]


def _nats(row: Row | None) -> str:
    return f"{row.mean:.2f} ± {row.error:.2f}" if row else "–"


def _difference(row: Row | None) -> str:
    if row is None or row.difference is None:
        return "–"
    sign = "−" if row.difference < 0 else "+"
    return f"{sign}{abs(row.difference):.2f} ± {row.difference_error:.2f}"


def _best(ensemble: dict[str, Any] | None) -> str:
    if ensemble is None:
        return "–"
    return ", ".join(dict.fromkeys(run["best"]["order"] for run in ensemble["runs"]))
