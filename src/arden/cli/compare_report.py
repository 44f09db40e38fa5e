"""A comparison in words: the table of `arden compare`, its JSON, and numbers with their errors."""

from __future__ import annotations

import math
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from arden.storage.plain import without_nan
from arden.tasks.compare import Comparison, decimals

__all__ = ["as_json", "comparison_table", "figure"]


def comparison_table(found: Comparison, names: list[str], title: str, unit: str) -> Table:
    """A comparison, the names of its models -> one line each, the first being the reference."""
    table = Table(
        title=escape(title),
        caption=escape(
            f"Nats per {unit} ± standard error; higher is better. The gain is over {names[0]}, on "
            "the same rows, its interval one of 95 %; unpaired: what its error would be if the "
            "rows were not the same."
        ),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    width = min(15, max(map(len, names)))  # a longer name is folded, a short one is not
    table.add_column("run", overflow="fold", min_width=width)
    for column in ("mean ln p", "gain", "interval", "better", "unpaired"):
        table.add_column(column, justify="right", no_wrap=True)
    for place, (name, mean) in enumerate(zip(names, found.means, strict=True)):
        own = figure(mean.nats, mean.standard_error)
        if mean.impossible:
            own += f" ({mean.impossible} impossible)"
        if place == 0:
            table.add_row(escape(name), own, "", "", "", "")
            continue
        gain = found.against(place, 0)
        digits = decimals(gain.standard_error)
        known = all(map(math.isfinite, gain.interval))
        ends = "…".join(f"{end:+.{digits}f}" for end in gain.interval) if known else ""
        apart = f"± {gain.unpaired_error:.{decimals(gain.unpaired_error)}f}" if known else ""
        share = f"{100 * gain.better:.0f} %"
        table.add_row(
            escape(name), own, figure(gain.nats, gain.standard_error, "+"), ends, share, apart
        )
    return table


def figure(nats: float, error: float, sign: str = "") -> str:
    """A number of nats, its standard error -> both, to the digits that the error leaves."""
    if math.isnan(nats):
        return "undefined"  # each finds a row impossible that the other does not
    digits = decimals(error)
    nats = round(nats, digits) + 0.0  # no −0.00
    told = f"{nats:{sign}.{digits}f}"
    return f"{told} ± {error:.{digits}f}" if math.isfinite(error) else told


def as_json(
    found: Comparison, names: list[str], source: str, unit: str, notes: list[str]
) -> dict[str, Any]:
    """A comparison and what it is of -> all of it, every ordered pair, for JSON to hold."""
    runs = [
        without_nan(
            {
                "run": name,
                "mean_log_prob": mean.nats,
                "standard_error": mean.standard_error,
                "impossible": mean.impossible,
            }
        )
        for name, mean in zip(names, found.means, strict=True)
    ]
    differences = [
        without_nan(
            {
                "run": names[difference.model],
                "reference": names[difference.reference],
                "mean_gain": difference.nats,
                "standard_error": difference.standard_error,
                "low": difference.interval[0],
                "high": difference.interval[1],
                "unpaired_standard_error": difference.unpaired_error,
                "better": difference.better,
                "worse": difference.worse,
            }
        )
        for difference in found.differences
    ]
    return {
        "data": source,
        "rows": found.rows,
        "unit": f"nats per {unit}",
        "runs": runs,
        "differences": differences,
        "notes": notes,
    }
