"""The measured efficiency of two processes and a projection beyond, as Markdown and a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["LINKS", "MARKS", "Projection", "text", "write_page"]

PAGE = ROOT / "docs" / "cluster.md"
PICTURE = ROOT / "docs" / "pictures" / "scaling_out.png"
MARKS = ("<!-- figures: made by benchmarks/scale/run.py --table -->", "<!-- end -->")
LINKS = {
    "1 Gb/s Ethernet": (0.125e9, 50e-6),
    "10 Gb/s Ethernet": (1.25e9, 30e-6),
    "100 Gb/s": (12.5e9, 5e-6),
}
"""A network -> its assumed bandwidth in bytes a second, its latency in seconds a message."""
PROCESSES = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Projection:
    """A step of B rows by n processes: fixed + row · B / n + the sum of gradients in a ring.

    Seconds of the processor, which do not count what else ran where they were measured.

    The ring sends 2 (n − 1) messages of a 1/n of the gradients; nothing of it is hidden behind
    computation, though DDP hides some: what is projected is no better than it will be.
    """

    fixed: float
    row: float
    bytes: float

    @classmethod
    def from_cases(cls, cases: list[dict[str, Any]]) -> Projection:
        """Measured steps -> through those of one process and thread, at the two sizes of a step."""
        alone = sorted(
            (case["batch_size"], case["cpu_seconds"])
            for case in cases
            if (case["processes"], case["threads"]) == (1, 1)
        )
        (few, short), (many, long) = alone[0], alone[-1]
        row = (long - short) / (many - few)
        return cls(max(0.0, short - row * few), row, cases[0]["bytes"])

    def seconds(self, rows: int, processes: int, link: tuple[float, float]) -> float:
        """B, n, (bandwidth, latency) -> seconds of a step."""
        bandwidth, latency = link
        messages = 2 * (processes - 1)
        talk = messages * (latency + self.bytes / processes / bandwidth)
        return self.fixed + self.row * rows / processes + talk

    def efficiency(self, rows: int, processes: int, link: tuple[float, float]) -> float:
        """B, n, a link -> the speed of n processes, as a share of n times that of one."""
        alone = self.fixed + self.row * rows
        return alone / processes / self.seconds(rows, processes, link)


def write_page(results: Path) -> None:
    """The file of results -> (): the page's table, and the picture."""
    found = json.loads(results.read_text(encoding="utf-8"))
    write_between(PAGE, MARKS, text(found))
    _draw(found)


def text(found: dict[str, Any]) -> str:
    """Results -> Markdown."""
    cases = found["cases"]
    lines = [
        "| rows a step | who | ms a step | × one thread | CPU ms in all | efficiency by CPU time |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    alone = {
        case["batch_size"]: case for case in cases if (case["processes"], case["threads"]) == (1, 1)
    }
    for case in cases:
        one, seconds = alone[case["batch_size"]], case["step_seconds"]
        work = case["processes"] * case["cpu_seconds"]
        cells = [str(case["batch_size"]), case["way"], f"{1000 * seconds:.1f}"]
        cells += [f"{one['step_seconds'] / seconds:.2f}", f"{1000 * work:.1f}"]
        cells += [f"{one['cpu_seconds'] / work:.0%}"]
        lines.append(f"| {' | '.join(cells)} |")
    [waited] = {case["all_reduce_seconds"] for case in cases if case["all_reduce_seconds"]}
    told = [
        f"{found['model']} ({cases[0]['bytes'] / 1e6:.1f} MB of gradients); the fewest ms of all",
        f"steps in {found['rounds']} rounds, in turns, on {found['cores']} cores",
        f"({found['machine'].rpartition(',')[0]}, load before {found['load_before']:.1f}),",
        f"commit {found['commit']}. The sum of the gradients alone, over gloo between two",
        f"processes of this machine: {1000 * waited:.1f} ms. The clock also counts what else",
        "ran, the processor's time does not. The last column is the work of one over that of all:",
        "it leaves out waiting, so that the efficiency is at most that.",
    ]
    lines += ["", " ".join(told)]
    return "\n".join(lines)


def _draw(found: dict[str, Any]) -> None:
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

    projection = Projection.from_cases(found["cases"])
    figure = new_figure(9.6, 3.6)
    pairs = zip(figure.subplots(1, 2, sharey=True), ("strong", "weak"), strict=True)
    for axes, kind in pairs:
        for (name, link), colour in zip(LINKS.items(), (VERMILION, ORANGE, BLUE), strict=True):
            points = []
            for count in PROCESSES:
                if kind == "strong":
                    points.append(projection.efficiency(4096, count, link))
                else:  # each process keeps its rows, so that the step of one stands for all
                    alone = projection.fixed + projection.row * 256
                    points.append(alone / projection.seconds(256 * count, count, link))
            axes.plot(PROCESSES, points, marker="o", markersize=3.5, color=colour, label=name)
        axes.set_xscale("log", base=2)
        axes.set_xticks(PROCESSES, [str(count) for count in PROCESSES])
        axes.set_ylim(0, 1.04)
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_xlabel("processes, a core each", **TEXT)
        what = "4,096 rows a step in all" if kind == "strong" else "256 rows a step for each"
        axes.set_title(what, loc="left", fontsize=10, **TEXT)
        tidy(axes)
        axes.grid(visible=True, color=MUTED, alpha=0.2, linewidth=0.5)
        if kind == "strong":
            axes.set_ylabel("efficiency (projected)", **TEXT)
            axes.legend(frameon=False, prop={"family": TEXT["family"], "size": LABEL_SIZE})
    figure.tight_layout()
    write_figure(figure, PICTURE)
