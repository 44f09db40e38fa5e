"""The table of PixelDefend and its histograms of ln p, from the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["report", "table"]

PAGE = ROOT / "docs" / "detect.md"
MARKS = (
    "<!-- pixeldefend: made by experiments/pixeldefend/run.py --report -->",
    "<!-- end of pixeldefend -->",
)


def report(results: Path, page: Path = PAGE) -> None:
    """The folder of results -> (): the tables stand in the page, a picture a data set beside it."""
    parts = []
    for path in sorted(results.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        parts.append(table(found))
        picture = f"pixeldefend_{found['data']}.png"
        draw(found, page.parent / "pictures" / picture)
        parts.append(f"![ln p of clean and of attacked images](pictures/{picture})")
    if parts:
        write_between(page, MARKS, "\n\n".join(parts))


def table(found: dict[str, Any]) -> str:
    """Results of a data set -> Markdown."""
    setup = found["setup"]
    lines = [
        f"**{found['data']}**: {setup['train_rows']:,} training rows; classifier accuracy "
        f"{found['classifier_accuracy']:.3f}; {setup['attacked_rows']} rightly classified test "
        f"images attacked; purified within {setup['radius']} grey levels, clean ones stay right in "
        f"{found['clean_after_purification']:.3f}. {found['machine']}.",
        "",
        "| attack, strength | accuracy | after purification | AUROC of successful ones "
        "| detected at 5 % |",
        "|---|---|---|---|---|",
    ]
    for name, one in found["attacks"].items():
        area, share = one["auroc_of_successful"], one["detected_at_5_percent"]
        told = "– | –" if area is None else f"{area:.3f} | {share:.3f}"
        purified = one["accuracy_after_purification"]
        lines.append(f"| {name} | {one['accuracy']:.3f} | {purified:.3f} | {told} |")
    return "\n".join(lines)


def draw(found: dict[str, Any], path: Path) -> None:
    """Results of a data set -> ln p of clean and of attacked images, a panel an attack."""
    from arden.plots import style

    attacks = [name for name in found["log_probs"] if name != "clean"]
    kinds = list(dict.fromkeys(name.rsplit(" ", 1)[0] for name in attacks))
    figure = style.new_figure(9.0, 2.4)
    clean = np.array(found["log_probs"]["clean"])
    everything = np.concatenate([found["log_probs"][name] for name in found["log_probs"]])
    bins = np.linspace(*np.quantile(everything, [0.01, 1.0]), 50)
    for place, kind in enumerate(kinds):
        axes = figure.add_axes((0.03 + 0.245 * place, 0.22, 0.215, 0.62))
        axes.hist(clean, bins, density=True, color=style.BLUE, alpha=0.6, linewidth=0)
        mine = [name for name in attacks if name.rsplit(" ", 1)[0] == kind]
        for shade, name in enumerate(mine):
            axes.hist(
                np.clip(found["log_probs"][name], bins[0], None),
                bins,
                density=True,
                histtype="step",
                color=style.VERMILION,
                alpha=0.35 + 0.65 * (shade + 1) / len(mine),
                linewidth=1.0,
            )
        axes.set_yticks([])
        axes.set_title(kind, fontsize=style.LABEL_SIZE, loc="left", **style.TEXT)
        axes.set_xlabel("ln p, nats (blue: clean)", fontsize=style.LABEL_SIZE, **style.TEXT)
        style.place_ticks(axes.xaxis, 3)
        style.tidy(axes)
    style.write_figure(figure, path)
