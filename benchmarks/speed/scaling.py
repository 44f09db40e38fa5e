"""How the cost of a sample and of a training step grows with the variables, the units, the batch.

python benchmarks/speed/scaling.py                   # measures and draws docs/pictures/scaling.png
python benchmarks/speed/scaling.py --picture         # draws what was measured before

The textbook draws by one full forward pass per variable: each pass is linear in n at best, the
sample therefore quadratic. Ours carries what it needs from variable to variable.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.speed.cases import Case
from benchmarks.speed.run import RESULTS, dataset, make_sparse, textbook

PICTURE = ROOT / "docs" / "pictures" / "scaling.png"
FILE = RESULTS / "scaling.json"
SIDES = (8, 16, 28, 40, 56)
"""Of the images: n = 64 … 3136 variables."""
UNITS = (64, 128, 256, 512, 1024)
BATCHES = (1, 4, 16, 64, 256)
_SYSTEMS = {
    "nade": {"hidden": 500},
    "made": {"hidden": [500]},
    "pixelcnn": {"channels": 16, "blocks": 3},
}
_AXES = {
    "n": "variables n, 16 rows at a time",
    "units": "hidden units, n = 256",
    "batch": "rows at a time, n = 256",
}
_ROWS_OF_PICTURE = {
    "a sample": {"sample": ("-", ""), "public": ("--", " by public code")},
    "a training step": {"step": ("-", "")},
}
_POWERS = {1: "linear", 2: "quadratic"}
"""Grey lines to compare samples with."""
_ROUNDS = 9
_TOO_LONG = 60.0
"""Seconds of public code's sample beyond which larger ones are not timed."""


def measure(system: str, options: dict[str, Any], side: int, rows: int) -> dict[str, float]:
    """A system, its options, a side, B -> seconds of a sample and a step, and of public code."""
    from arden.assembly import assemble, split_options
    from arden.core.model import AutoregressiveModel
    from arden.timing import calls_of, interleaved

    data = dataset("bits", rows, side)
    chosen = split_options(system, options)
    model = assemble(system, data, chosen)
    assert isinstance(model, AutoregressiveModel)
    make_sparse(model)
    calls = calls_of(model, data, chosen[2], rows)
    by = "loop" if system == "nade" else "passes"
    public, times = textbook(Case(system, "sample", {}, by, {}, options), model, data, rows)
    assert public is not None
    ways = {"sample": calls["sample"], "step": calls["train"], "public": public}
    # The fewest seconds, not the median: a curve is to show how the work grows, and not what else
    # the machine was doing at one of its points.
    seconds = {name: min(one.rounds) for name, one in interleaved(ways, _ROUNDS).items()}
    seconds["public"] *= times
    return seconds


def measure_all() -> dict[str, Any]:
    """() -> the curves: by what is varied, by system, [value, seconds by way] in order."""
    curves: dict[str, dict[str, list[Any]]] = {"n": {}, "units": {}, "batch": {}}
    for system, options in _SYSTEMS.items():
        points = curves["n"].setdefault(system, [])
        for side in SIDES:
            if points and points[-1][1]["public"] > _TOO_LONG:
                break
            points.append([side**2, measure(system, options, side, 16)])
            print(system, points[-1], flush=True)
    for units in UNITS:
        for system in ("nade", "made"):
            hidden = {"hidden": units if system == "nade" else [units]}
            told = measure(system, hidden, 16, 16)
            curves["units"].setdefault(system, []).append([units, told])
    for rows in BATCHES:
        for system, options in _SYSTEMS.items():
            told = measure(system, options, 16, rows)
            curves["batch"].setdefault(system, []).append([rows, told])
    return curves


def draw(curves: dict[str, Any], path: Path) -> Path:
    """The curves -> a picture: seconds against what is varied, on logarithmic axes."""
    from arden.plots import style

    figure = style.new_figure(9.4, 6.4)
    rows = figure.subplots(2, 3, sharex="col", sharey="row")
    figure.subplots_adjust(left=0.08, right=0.98, top=0.9, bottom=0.17, wspace=0.07, hspace=0.12)
    colours = (style.BLUE, style.VERMILION, style.ORANGE)
    for row, (what, ways) in enumerate(_ROWS_OF_PICTURE.items()):
        panels = rows[row]
        for axes, (varied, by_system) in zip(panels, curves.items(), strict=True):
            for colour, (system, points) in zip(colours, by_system.items(), strict=False):
                x = [value for value, _ in points]
                for way, (line, told) in ways.items():
                    y = [seconds[way] for _, seconds in points]
                    label = f"{system}{told}" if (row, varied) == (0, "n") else None
                    axes.loglog(x, y, line, color=colour, label=label, marker=".", markersize=4)
            if row:
                axes.set_xlabel(_AXES[varied], fontsize=style.LABEL_SIZE, **style.TEXT)
            elif varied == "n":
                _compare(axes, by_system)
            style.tidy(axes)
        panels[0].set_ylabel(f"seconds of {what}", fontsize=style.LABEL_SIZE, **style.TEXT)
    style.write_title(figure, "What a sample and a training step cost", 0.2, 0.1)
    font = {"size": style.LABEL_SIZE, "family": style.TEXT["family"]}
    figure.legend(loc="lower center", ncols=3, frameon=False, prop=font)
    return style.write_figure(figure, path)


def _compare(axes: Any, by_system: dict[str, Any]) -> None:
    """Grey lines from below the first sample on: what grows as n, and as n², looks like these."""
    from arden.plots import style

    points = [point for points in by_system.values() for point in points]
    x = sorted({value for value, _ in points})
    least = 0.6 * min(seconds["sample"] for _, seconds in points)
    for power, told in _POWERS.items():
        y = [least * (value / x[0]) ** power for value in x]
        axes.loglog(x, y, color=style.RULE, linewidth=1.0, zorder=0)
        text = style.TEXT | {"color": style.MUTED}
        axes.annotate(told, (x[-1], y[-1]), ha="right", va="bottom", fontsize=7.5, **text)


def slope(points: list[Any], way: str) -> float:
    """Points of a curve -> the exponent by which it grows at its end."""
    (x0, low), (x1, high) = points[-2:]
    return math.log(high[way] / low[way]) / math.log(x1 / x0)


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", action="store_true", help="draw what was measured before")
    parser.add_argument("--threads", type=int, help="of torch and the kernels")
    arguments = parser.parse_args()
    if not arguments.picture:
        import torch

        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        told = {**provenance("python benchmarks/speed/scaling.py"), "curves": measure_all()}
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    curves = json.loads(FILE.read_text(encoding="utf-8"))["curves"]
    for system, points in curves["n"].items():
        slopes = {way: round(slope(points, way), 2) for way in ("sample", "public")}
        print(f"{system}: seconds grow as n to the power of {slopes}")
    print(draw(curves, PICTURE))


if __name__ == "__main__":
    main()
