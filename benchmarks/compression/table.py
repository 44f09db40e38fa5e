"""What compressing came to, as Markdown and a picture: docs/compression.md, from the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["MARKS", "PAGE", "PICTURE", "text", "write_page"]

PAGE = ROOT / "docs" / "compression.md"
PICTURE = ROOT / "docs" / "pictures" / "compression.png"
MARKS = ("<!-- figures: made by benchmarks/compression/run.py --table -->", "<!-- end -->")
BB_ANS = ("BB-ANS (published)", 0.19)
"""Townsend, Bird, Barber, "Practical lossless compression with latent variables using bits back
coding", 2019: a VAE on binarized MNIST, bits per dim."""
_FORMS = {"float64": "the model's file", "portable": "its portable file"}


def write_page(folder: Path) -> None:
    """The folder of results -> (): the page's tables, and the picture."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    damage = found.pop("corruption", None)
    write_between(PAGE, MARKS, text(found, damage))
    _draw(found)


def text(found: dict[str, Any], damage: dict[str, Any] | None) -> str:
    """Results by case, those of damaged files -> Markdown."""
    told = [_sizes(found), _others(found)]
    return "\n\n".join(told if damage is None else [*told, _damage(damage)])


def _sizes(found: dict[str, Any]) -> str:
    lines = [
        "Written on one thread, read where two are set, equal in every case; `--no-verify`, so "
        "that a rate is of one walk.",
        "",
        "| model, data | −log₂ p, bits per dim | file | overhead | portable | overhead "
        "| rows a CPU second, written / read | portable |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for case in _ordered(found):
        dims, bits = case["dims"], case["model_bits"]
        cells = [f"{bits / dims:.4f}"]
        rates = []
        for form in _FORMS:
            one = case["forms"].get(form)
            if one is None:
                cells += ["", ""]
                rates.append("")
                continue
            cells += [f"{8 * one['bytes'] / dims:.4f}", f"{100 * one['overhead']:.3f} %"]
            unit = case["rows"] if case["rows"] > 1 else dims
            rates.append(
                " / ".join(f"{unit / one[f'{way}_cpu_seconds']:,.0f}" for way in ("write", "read"))
            )
        of = "characters" if case["rows"] == 1 else f"{case['rows']:,} rows"
        lines.append(f"| {case['run']} ({of}) | {' | '.join([*cells, *rates])} |")
    first = next(iter(_ordered(found)))
    lines += [
        "",
        "The overhead is the header, the end and the checksums: about 115 bytes (90 portable). "
        "A text has lanes besides that each begin anew; its rate is in characters. "
        f"{first['machine']}, commit {first['commit']}.",
    ]
    return "\n".join(lines)


def _others(found: dict[str, Any]) -> str:
    names = list(dict.fromkeys(name for case in found.values() for name in case["others"]))
    lines = [
        "Bits per dim (per character of the text) of the same values; bits also given packed, "
        "eight to a byte, whichever is smaller; PNG as one tall picture:",
        "",
        f"| data | {' | '.join(names)} | best model here |",
        "|---|" + "---:|" * (len(names) + 1),
    ]
    for data in dict.fromkeys(case["data"] for case in _ordered(found)):
        cases = [case for case in found.values() if case["data"] == data]
        dims, others = cases[0]["dims"], cases[0]["others"]
        best = min(form["bytes"] for case in cases for form in case["forms"].values())
        cells = [f"{8 * others[name] / dims:.4f}" if name in others else "" for name in names]
        lines.append(f"| {data} | {' | '.join(cells)} | {8 * best / dims:.4f} |")
    lines += [
        "",
        f"Published on binarized MNIST: {BB_ANS[0].split(' ')[0]}, a VAE with bits-back coding, "
        f"{BB_ANS[1]} bits per dim. Protocols:",
        "",
        *(f"- {p}" for p in dict.fromkeys(case["protocol"] for case in _ordered(found))),
    ]
    return "\n".join(lines)


def _damage(told: dict[str, Any]) -> str:
    kinds: dict[str, dict[str, int]] = {}
    for form in told["forms"].values():
        for name, counts in form["kinds"].items():
            of_all = kinds.setdefault(name, dict.fromkeys(counts, 0))
            for key, count in counts.items():
                of_all[key] += count
    tried = sum(counts["tried"] for counts in kinds.values())
    refused = sum(counts["refused"] for counts in kinds.values())
    same = sum(counts["unchanged"] for counts in kinds.values())
    each = ", ".join(f"{name} {counts['tried']:,}" for name, counts in sorted(kinds.items()))
    return (
        f"**Damage.** Of {tried:,} files damaged at random ({each}) {refused:,} were refused, in "
        f"{same:,} the damage had changed nothing, {tried - refused - same:,} went unnoticed."
    )


def _ordered(found: dict[str, Any]) -> list[dict[str, Any]]:
    order = ("binarized-mnist", "tinyshakespeare", "digits", "digits-17")
    return sorted(found.values(), key=lambda case: (order.index(case["data"]), case["run"]))


def _draw(found: dict[str, Any]) -> None:
    from arden.plots.coded_sizes import Bar, Panel, coded_sizes

    panels = []
    for data, title, unit in (
        ("binarized-mnist", "10,000 images of binarized MNIST", "dim"),
        ("tinyshakespeare", "The last tenth of tinyshakespeare", "character"),
    ):
        cases = [case for case in _ordered(found) if case["data"] == data]
        if not cases:
            continue
        dims = cases[0]["dims"]
        bars = [Bar(name, 8 * size / dims) for name, size in cases[0]["others"].items()]
        if data == "binarized-mnist":
            bars.append(Bar(*BB_ANS))
        for case in cases:
            name = case["run"].removeprefix(f"{data}-").upper()
            ideal = case["model_bits"] / dims
            for form, one in case["forms"].items():
                label = name if form == "float64" else f"{name}, portable"
                bars.append(Bar(label, 8 * one["bytes"] / dims, ideal))
        panels.append(Panel(title, unit, sorted(bars, key=lambda bar: -bar.bits)))
    coded_sizes(panels, PICTURE)
