"""The results as Markdown: one table for every data set and protocol, which never mix."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

__all__ = ["read_results", "table"]

_SHOWN = (
    *("ordering", "orders", "hidden", "masks", "degrees", "memory", "homogeneous", "precision"),
    *("average", "encoding", "width", "channels"),
)


def read_results(folder: Path) -> list[dict[str, Any]]:
    """A folder of JSON files -> what they hold, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def table(results: list[dict[str, Any]], paired: list[dict[str, Any]]) -> str:
    """Results, paired differences -> Markdown.

    An autoencoder's error is no likelihood and stands in no table.
    """
    found = [result for result in results if "reconstruction_error" not in result["runs"][0]]
    beside = {told["data"]: told for told in paired}
    lines: list[str] = []
    for data, protocol in sorted({_protocol(result) for result in found}):
        rows = [result for result in found if _protocol(result) == (data, protocol)]
        rows.sort(key=lambda result: -_nats(result))
        gains = _gains(beside[data]) if data in beside else None
        columns = _columns(_unit(rows[0]), beside.get(data))
        lines += [f"**{data}** — {protocol}", ""]
        lines += ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
        lines += [_row(result, gains) for result in rows]
        lines += [""]
    return "\n".join(lines).strip()


def _protocol(result: dict[str, Any]) -> tuple[str, str]:
    return result["recipe"]["data"], result["runs"][0]["protocol"]


def _unit(result: dict[str, Any]) -> str:
    return result["runs"][0].get("unit", "row")  # the oldest results knew of rows only


def _gains(told: dict[str, Any]) -> dict[str, str]:
    """Paired differences -> by recipe, what it gains over their reference."""
    return {
        model["recipe"]: f"{model['nats']:+.2f} ± {model['standard_error']:.2f}"
        for model in told["models"]
    }


def _columns(unit: str, told: dict[str, Any] | None) -> list[str]:
    figures = [f"test nats per {unit} ± standard error"]
    if unit == "symbol":
        figures += ["test bits", "validation nats"]
    if told:
        figures += [f"gain over {told['reference'].removesuffix('-' + told['data'])}, paired"]
    return ["model", *figures, "over seeds", "published", "parameters", "seconds"]


def _row(result: dict[str, Any], gains: dict[str, str] | None) -> str:
    recipe, runs = result["recipe"], result["runs"]
    places = 3 if _unit(result) == "symbol" else 2
    each = [_nats({"runs": [run]}) for run in runs]
    spread = "one seed"
    if len(each) > 1:
        spread = f"{min(each):.{places}f} … {max(each):.{places}f} ({len(each)})"
    if runs[0]["ended"].startswith("counted"):
        spread = "closed form"
    is_bound = "bound" in runs[0]  # of ln p from below, so of −ln p from above
    error = runs[0]["bound_error" if is_bound else "standard_error"]
    cells = [_name(result), f"{'≤ ' * is_bound}{_nats(result):.{places}f} ± {error:.{places}f}"]
    if _unit(result) == "symbol":
        cells += [f"{_mean(result, 'bits_per_dim'):.3f}", f"{_mean(result, 'valid_nats'):.3f}"]
    if gains is not None:
        cells += [gains.get(recipe.get("name", ""), "–")]
    published, seconds = str(recipe.get("published", "–")), _mean(result, "seconds")
    cells += [spread, published, f"{runs[0]['num_parameters']:,}", f"{seconds:,.0f}"]
    return "| " + " | ".join(cells) + " |"


def _name(result: dict[str, Any]) -> str:
    recipe = result["recipe"]
    shown = {key: recipe[key] for key in ("orders",) if key in recipe} | recipe.get("options", {})
    options = ", ".join(f"{key} {value}" for key, value in shown.items() if key in _SHOWN)
    if recipe.get("options", {}).get("epochs") == 1:
        options = ", ".join(filter(None, (options, "one epoch")))
    name = recipe["system"] + (f" ({options})" if options else "")
    if "members" in recipe:
        gain = result["runs"][0]["gain"]
        less = f"{gain['nats']:.2f} ± {gain['standard_error']:.2f}"
        name += f" of {len(recipe['members'])}, {less} below its best member"
    if "bound" in result["runs"][0]:
        name += f", a bound by {result['runs'][0]['samples']} samples"
    if "condition" in recipe.get("options", {}):  # another quantity: the class is not paid for
        name += ", −ln p(x \\| class)"
    return name


def _nats(result: dict[str, Any]) -> float:
    """A result -> mean −ln p of the test rows; of a VAE the least that is known to be above it."""
    if "bound" in result["runs"][0]:
        return -_mean(result, "bound")
    return _mean(result, "test_nats")


def _mean(result: dict[str, Any], figure: str) -> float:
    return statistics.mean(run[figure] for run in result["runs"])
