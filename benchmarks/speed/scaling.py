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
_LINES = {
    "sample": ("-", "a sample"),
    "step": (":", "a training step"),
    "public": ("--", "a sample by public code"),
}
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
    timed = interleaved({"sample": calls["sample"], "step": calls["train"], "public": public}, 3)
    seconds = {name: one.seconds for name, one in timed.items()}
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

    figure = style.new_figure(9.4, 4.0)
    panels = figure.subplots(1, 3, sharey=True)
    figure.subplots_adjust(left=0.07, right=0.99, top=0.88, bottom=0.34, wspace=0.08)
    colours = (style.BLUE, style.VERMILION, style.ORANGE)
    for axes, (varied, by_system) in zip(panels, curves.items(), strict=True):
        for colour, (system, points) in zip(colours, by_system.items(), strict=False):
            x = [value for value, _ in points]
            for way, (line, told) in _LINES.items():
                y = [seconds[way] for _, seconds in points]
                label = f"{system}: {told}" if varied == "n" else None
                axes.loglog(x, y, line, color=colour, label=label, marker=".", markersize=4)
        axes.set_xlabel(_AXES[varied], fontsize=style.LABEL_SIZE, **style.TEXT)
        style.tidy(axes)
    panels[0].set_ylabel("seconds", fontsize=style.LABEL_SIZE, **style.TEXT)
    style.write_title(figure, "What a sample and a training step cost", 0.2, 0.1)
    figure.legend(loc="lower center", ncols=3, frameon=False, fontsize=style.LABEL_SIZE)
    return style.write_figure(figure, path)


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
