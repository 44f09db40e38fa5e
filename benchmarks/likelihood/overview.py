"""The READMEs' one table: every system of the catalogue, every data set it was measured on.

Where a system was measured with several settings, the one that is best on validation rows stands
here; all of them, with their protocols, stand in docs/figures.md.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["overview"]

Result = dict[str, Any]


@dataclass(frozen=True)
class _Column:
    """A data set, what its figure is called, and how a result's figure is told."""

    data: str
    title: str
    tell: Callable[[Result], str]


def overview(
    results: list[Result],
    densities: list[Result],
    recipes: dict[str, Any],
    say: Callable[[str], str] = str,
) -> str:
    """Likelihood results, results of densities, all recipes, what says a word -> Markdown."""
    from arden.systems import SYSTEMS

    titles = ["system", *(column.title for column in _COLUMNS), *_DENSITIES.values()]
    lines = ["| " + " | ".join(map(say, titles)) + " |", "|---" * len(titles) + "|"]
    for name in SYSTEMS:
        cells = [_cell(name, column, results, recipes, say) for column in _COLUMNS]
        cells += [_density(name, data, densities, say) for data in _DENSITIES]
        lines.append("| " + " | ".join([f"`{name}`", *cells]) + " |")
    return "\n".join(lines)


def _cell(
    system: str,
    column: _Column,
    results: list[Result],
    recipes: dict[str, Any],
    say: Callable[[str], str],
) -> str:
    """A system, a column, all results and recipes -> its best figure by validation rows.

    "not run": a recipe waits for it. A dash: there is none.
    """

    def of_here(recipe: dict[str, Any]) -> bool:
        return (recipe.get("system"), recipe.get("data")) == (system, column.data)

    found = [
        result
        for result in results
        if of_here(result["recipe"])
        and "reconstruction_error" not in result["runs"][0]  # an error is no likelihood
        and not _given_labels(result["recipe"])
    ]
    # What is given the class answers another question: shown only where nothing else was run.
    found = found or [result for result in results if of_here(result["recipe"])]
    found = [result for result in found if "reconstruction_error" not in result["runs"][0]]
    if found:
        best = min(found, key=lambda result: _mean(result, "valid_nats"))
        return ", ".join([column.tell(best), *map(say, _marks(best))])
    return (
        say("not run") if any(map(of_here, recipes.values())) and system != "autoencoder" else "–"
    )


def _given_labels(recipe: dict[str, Any]) -> bool:
    return "condition" in recipe.get("options", {})


def _marks(result: Result) -> list[str]:
    """A result -> what its figure must not be read without."""
    first, rows = result["runs"][0], result["recipe"].get("rows", {})
    marks = {
        f"{result['recipe'].get('orders')} orders": "orders" in result["recipe"],
        f"{rows.get('train', 0):,} rows": "train" in rows,
        f"{rows.get('test', 0):,} test rows": "test" in rows and "train" not in rows,
        "one epoch": first.get("epochs") == 1 and "epoch" in first["ended"],
        "given the class": _given_labels(result["recipe"]),
    }
    return [mark for mark, holds in marks.items() if holds]


def _nats(result: Result) -> str:
    if "bound" in result["runs"][0]:
        return f"≤ {-_mean(result, 'bound'):.2f}"
    return f"{_mean(result, 'test_nats'):.2f}"


def _nats_of_symbols(result: Result) -> str:
    return f"{_mean(result, 'test_nats'):.3f}"


def _bits(result: Result) -> str:
    return f"{_mean(result, 'bits_per_dim'):.2f}"


def _mean(result: Result, figure: str) -> float:
    return statistics.mean(run.get(figure, float("inf")) for run in result["runs"])


def _density(
    system: str, data: str, densities: list[Result], say: Callable[[str], str] = str
) -> str:
    """A system, a table of reals, results of benchmarks/density -> ln p, mean of the folds, of the
    setting that is best on validation rows."""
    found = [
        result
        for result in densities
        if (result["data"], result["recipe"].get("system")) == (data, system)
        and result["min_scale"] == _FLOOR
    ]
    if not found:
        return "–"
    best = max(found, key=lambda result: _of_folds(result, "valid"))
    told = f"{_of_folds(best, 'test'):.2f}".replace("-", "−")
    orders = best["recipe"].get("orders")
    return f"{told}, {say(f'{orders} orders')}" if orders else told


def _of_folds(result: Result, figure: str) -> float:
    return statistics.mean(fold[figure] for fold in result["folds"])


_FLOOR = 1e-3
_COLUMNS = (
    _Column("digits", "digits, bits: nats", _nats),
    _Column("digits-17", "digits, 17 levels: nats", _nats),
    _Column("binarized-mnist", "static MNIST: nats", _nats),
    _Column("tinyshakespeare", "tinyshakespeare: nats a character", _nats_of_symbols),
    _Column("spoken-digits", "spoken digits: bits a sample", _bits),
    _Column("dcss-tiles", "RGB tiles: bits a value", _bits),
)
_DENSITIES = {"red-wine": "red wine: ln p", "parkinsons": "Parkinsons: ln p"}
