"""The picture of all systems on one data set: samples of each fitted recipe, and its test nats.

python benchmarks/likelihood/gallery.py digits      # the runs must lie in runs/likelihood
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from arden.reproduction import recipes
from benchmarks.likelihood.run import RUNS
from benchmarks.provenance import ROOT

_IMAGES = 14


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a named data set of images")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    arguments = parser.parse_args()

    import arden
    from arden.plots.gallery import GalleryLine, gallery
    from arden.storage.model_files import read_card

    data = arden.load_data(arguments.data, data_dir=arguments.data_dir)
    found = []
    for name, recipe in recipes().items():
        folder = RUNS / f"{name}-0"
        plain = "condition" not in recipe.get("options", {})
        if recipe["data"] == arguments.data and plain and (folder / "config.json").exists():
            figures = read_card(folder).get("figures")
            if figures and "test_nats" in figures:
                found.append((figures["test_nats"], recipe["system"], folder))
    best: dict[str, tuple[float, Path]] = {}
    for nats, system, folder in sorted(found):
        best.setdefault(system, (nats, folder))  # the best recipe of every system
    lines = [GalleryLine("test rows", "real", data.test.values[:_IMAGES])]
    for system, (nats, folder) in best.items():
        drawn = arden.sample(arden.load(folder), _IMAGES, seed=0)
        lines.append(GalleryLine(system, f"{nats:.2f} nats", drawn))
    path = ROOT / "docs" / "pictures" / f"systems_on_{arguments.data.replace('-', '_')}.png"
    title = f"Samples of every system on {arguments.data}, by test nats"
    print(gallery(lines, path, title, data.schema.num_symbols))


if __name__ == "__main__":
    main()
