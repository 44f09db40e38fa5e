"""What compressing came to: bytes, bits for each scalar, and what others make of the same."""

from __future__ import annotations

import json as json_module
import math
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from arden.cli.compress_sources import Source
from arden.cli.outputs import say_where
from arden.storage.plain import without_nan

__all__ = ["Told", "tell"]


@dataclass(frozen=True)
class Told:
    """What was counted: ``size`` in bytes, ``bits`` −log₂ p, a row called ``word``."""

    source: Source
    word: str
    rows: int
    scalars: int
    size: int
    bits: float
    seconds: float


def tell(found: Told, data: str, out: Path, picture: Path | None, json: bool) -> None:
    """What was counted, of what -> (): a table, or JSON, on standard output; a picture if asked."""
    source, word, rows, size = found.source, found.word, found.rows, found.size
    bits, seconds = found.bits, found.seconds
    dims = source.characters or found.scalars
    others = {} if source.others is None else source.others.sizes()
    if picture:
        known = bits / dims if math.isfinite(bits) else 8 * size / dims
        from arden.plots.coded_sizes import Bar, Panel, coded_sizes  # which takes a second

        bars = [Bar(name, 8 * other / dims) for name, other in others.items()]
        bars.append(Bar("this file", 8 * size / dims, known))
        title = f"{data}: {dims:,} {source.unit}s"
        coded_sizes([Panel(title, source.unit, sorted(bars, key=lambda b: -b.bits))], picture)
    if json:
        summary = {
            f"{word}s": rows,
            f"{source.unit}s": dims,
            "bytes": size,
            f"bits_per_{source.unit}": 8 * size / max(dims, 1),
            f"model_bits_per_{source.unit}": bits / max(dims, 1),
            "overhead": 8 * size / bits - 1 if bits > 0 else math.nan,
            "seconds": seconds,
            f"{word}s_per_second": rows / max(seconds, 1e-9),
        }
        print(json_module.dumps({**without_nan(summary), "others": others}))
        return
    table = Table(title=f"{dims:,} {source.unit}s of {rows:,} {word}{'' if rows == 1 else 's'}")
    table.add_column("by")
    table.add_column("bytes", justify="right")
    table.add_column(f"bits per {source.unit}", justify="right")
    told = [("this file", float(size))]
    if math.isfinite(bits):
        told.insert(0, ("the model: −log₂ p", bits / 8))
    told += [(name, float(other)) for name, other in others.items()]
    for name, amount in told:
        table.add_row(name, f"{amount:,.0f}", f"{8 * amount / max(dims, 1):.4f}")
    Console().print(table)
    if bits > 0:
        print(f"overhead over the model: {100 * (8 * size / bits - 1):.3f} %")
    print(f"{rows / max(seconds, 1e-9):,.0f} {word}s a second")
    for path in filter(None, (out, picture)):
        say_where("Written", path)
