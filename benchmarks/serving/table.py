"""What the load test came to, as Markdown and a picture: docs/server.md, from the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["MARKS", "PAGE", "PICTURE", "text", "write_page"]

PAGE = ROOT / "docs" / "server.md"
PICTURE = ROOT / "docs" / "pictures" / "server_load.png"
MARKS = ("<!-- figures: made by benchmarks/serving/load.py --table -->", "<!-- end -->")
_MEGABYTE = 1e6


def write_page(folder: Path) -> None:
    """The folder of results -> (): the page's table, and the picture."""
    [path] = folder.glob("*.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    write_between(PAGE, MARKS, text(found))
    _draw(found)


def text(found: dict[str, Any]) -> str:
    """Results -> Markdown."""
    lines = [
        "| asked | clients | requests a second | p50, ms | p99, ms | CPU of the server, ms each |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for stage in found["stages"]:
        cells = [stage["asked"], str(stage["clients"]), f"{stage['requests_per_second']:,.0f}"]
        cells += [f"{stage[figure]:.1f}" for figure in ("p50_ms", "p99_ms", "cpu_ms")]
        lines.append(f"| {' | '.join(cells)} |")
    mixed, refused = found["mixed"], sum(stage["refused"] for stage in found["stages"])
    first, last = growth(found["memory"])
    cores = "one core" if found["cores"] == 1 else f"{found['cores']} cores"
    told = [
        f"{found['model']}; client and server on {cores} ({found['machine']}), where other work",
        f"ran besides (load {found['load_before']:.1f} before), so that the last column, which",
        f"does not count it, says more than the rates; commit {found['commit']}. Every",
        f"client asks again as soon as it is answered; {refused} requests were refused. All five",
        f"in turn by {mixed['clients']} clients for {mixed['seconds']:g} seconds:",
        f"{mixed['requests_per_second']:,.0f} a second, p99 {mixed['p99_ms']:.0f} ms, resident",
        f"memory {first:.0f} MB in the first tenth, {last:.0f} MB in the last.",
    ]
    lines += ["", " ".join(told)]
    return "\n".join(lines)


def growth(memory: list[list[float]]) -> tuple[float, float]:
    """(seconds, bytes) -> MB in the first and in the last tenth, the mean of each."""
    tenth = max(1, len(memory) // 10)

    def mean(part: list[list[float]]) -> float:
        return sum(size for _, size in part) / len(part) / _MEGABYTE

    return mean(memory[:tenth]), mean(memory[-tenth:])


def _draw(found: dict[str, Any]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    from arden.plots.style import (
        BLUE,
        LABEL_SIZE,
        MUTED,
        ORANGE,
        TEXT,
        VERMILION,
        new_figure,
        tidy,
        write_figure,
    )

    figure = new_figure(9.6, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    colours = (BLUE, "#56b4e9", ORANGE, "#009e73", VERMILION)
    names = dict.fromkeys(stage["asked"] for stage in found["stages"])
    for name, colour in zip(names, colours, strict=True):
        mine = [stage for stage in found["stages"] if stage["asked"] == name]
        rates = [stage["requests_per_second"] for stage in mine]
        p99 = [stage["p99_ms"] for stage in mine]
        left.plot(rates, p99, marker="o", markersize=4, color=colour, label=name)
    left.set(xscale="log", yscale="log")
    for axis in (left.xaxis, left.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    left.set_xlabel("requests a second", **TEXT)
    left.set_ylabel("p99, ms", **TEXT)
    clients = ", ".join(map(str, dict.fromkeys(stage["clients"] for stage in found["stages"])))
    left.set_title(f"{clients} clients, upwards", loc="left", fontsize=10, **TEXT)
    left.legend(frameon=False, prop={"family": TEXT["family"], "size": LABEL_SIZE})
    times = [seconds for seconds, _ in found["memory"]]
    right.plot(times, [size / _MEGABYTE for _, size in found["memory"]], color=BLUE)
    right.set_ylim(0, None)
    right.set_xlabel("seconds", **TEXT)
    right.set_ylabel("resident memory, MB", **TEXT)
    right.set_title("all five in turn, 8 clients", loc="left", fontsize=10, **TEXT)
    for axes in (left, right):
        tidy(axes)
        axes.grid(visible=True, color=MUTED, alpha=0.2, linewidth=0.5)
    figure.tight_layout()
    write_figure(figure, PICTURE)
