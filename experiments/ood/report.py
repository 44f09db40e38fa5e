"""The table of Fashion-MNIST → MNIST, and the picture of its scores, from the results."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

__all__ = ["report", "table"]

PAGE = ROOT / "docs" / "detect.md"
MARKS = ("<!-- ood: made by experiments/ood/run.py --report -->", "<!-- end of ood -->")


def report(results: Path, page: Path = PAGE) -> None:
    """The folder of results -> (): the tables stand in the page, a picture a model beside it."""
    parts = []
    for folder in sorted(path for path in results.iterdir() if path.is_dir()):
        seeds = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("seed-*"))]
        if not seeds:
            continue
        choice = json.loads((folder / "choice.json").read_text(encoding="utf-8"))
        parts.append(table(seeds, choice))
        if "scores" in seeds[0]:
            draw(seeds[0], page.parent / "pictures" / f"ood_{folder.name}.png")
            parts.append(
                f"![Scores of both test sets by ln p and by the ratio, and the ROC curves]"
                f"(pictures/ood_{folder.name}.png)"
            )
    write_between(page, MARKS, "\n\n".join(parts))


def table(seeds: list[dict[str, Any]], choice: dict[str, Any]) -> str:
    """Results of seeds, how the rate was chosen -> Markdown."""
    setup = seeds[0]["setup"]
    lines = [
        f"**{setup['system']}**, {setup['inside']} → {setup['outside']}: "
        f"{setup['train_rows']:,} training rows, the first {setup['test_rows']:,} rows of each "
        f"test set, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}; "
        f"{statistics.mean(one['test_bits_per_dim'] for one in seeds):.3f} bits/dim inside, "
        f"{statistics.mean(one['outside_bits_per_dim'] for one in seeds):.3f} outside. "
        f"Share of pixels replaced for the background: {choice['rate']:g}, chosen on the enlarged "
        "digits (AUROC there: "
        + ", ".join(f"{rate}: {area:.3f}" for rate, area in choice["auroc_on_proxy"].items())
        + f"; raw {choice['raw_on_proxy']:.3f}). At a false-alarm rate of 1 % the ratio flags "
        + _mean([one["flagged_by_ratio_at_1_percent"]["test"] for one in seeds], 4)
        + " of the rows inside and "
        + _mean([one["flagged_by_ratio_at_1_percent"]["outside"] for one in seeds], 4)
        + f" of those outside. {seeds[0]['machine']}.",
        "",
        "| score | AUROC, mean over seeds (least … most) |",
        "|---|---|",
    ]
    for name in seeds[0]["auroc"]:
        areas = [one["auroc"][name] for one in seeds]
        lines.append(f"| {name} | {_mean(areas, 3)} ({min(areas):.3f} … {max(areas):.3f}) |")
    return "\n".join(lines)


def _mean(values: list[float], digits: int) -> str:
    return f"{statistics.mean(values):.{digits}f}"


def draw(seed: dict[str, Any], path: Path) -> None:
    """Results with scores -> a picture: two histograms and the ROC curves."""
    from sklearn.metrics import roc_curve

    from arden.plots import style

    figure = style.new_figure(9.0, 2.9)
    for place, name in enumerate(("likelihood", "ratio")):
        axes = figure.add_axes((0.055 + 0.325 * place, 0.18, 0.27, 0.68))
        parts = seed["scores"][name]
        both = np.concatenate([parts["test"], parts["outside"]])
        bins = np.linspace(*np.quantile(both, [0.001, 0.999]), 60)
        for part, colour in (("test", style.BLUE), ("outside", style.VERMILION)):
            axes.hist(parts[part], bins, density=True, color=colour, alpha=0.6, linewidth=0)
        axes.set_yticks([])
        axes.set_xlabel(f"{name}, nats", fontsize=style.LABEL_SIZE, **style.TEXT)
        style.place_ticks(axes.xaxis, 4)
        style.tidy(axes)
    for label, colour, at in (("inside", style.BLUE, 0.06), ("outside", style.VERMILION, 0.13)):
        figure.text(at, 0.91, label, color=colour, fontsize=style.LABEL_SIZE, fontweight="bold")
    axes = figure.add_axes((0.74, 0.18, 0.22, 0.68))
    colours = (style.MUTED, style.VERMILION, style.BLUE, style.ORANGE)
    for (name, parts), colour in zip(seed["scores"].items(), colours, strict=True):
        marks = [0] * len(parts["test"]) + [1] * len(parts["outside"])
        false, true, _ = roc_curve(marks, -np.concatenate([parts["test"], parts["outside"]]))
        axes.plot(false, true, color=colour, linewidth=1.2, label=name)
    axes.plot([0, 1], [0, 1], color=style.RULE, linewidth=0.8, zorder=0)
    axes.legend(fontsize=7, frameon=False, loc="best")
    axes.set_xlabel("false alarms", fontsize=style.LABEL_SIZE, **style.TEXT)
    axes.set_ylabel("detected", fontsize=style.LABEL_SIZE, **style.TEXT)
    style.tidy(axes)
    style.write_figure(figure, path)
