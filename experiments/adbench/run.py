"""Anomalies in tables: densities of ours against four detectors of scikit-learn, on 19 sets.

python experiments/adbench/run.py --data-dir DIRECTORY       # a file a seed, written set by set
python experiments/adbench/run.py --report                   # rewrite docs/detect.md

Two protocols. *Transductive*: a method is fitted to all rows, anomalies among them and unmarked,
and ranks the same rows. *Clean train*: it is fitted to a random half of the normal rows and ranks
the other half and all anomalies. Sets larger than the bound are sampled, anew with every seed.
All methods get the same rows, standardised by those they are fitted to, constant columns dropped.
No setting was tuned: all were written down before the first run. A set that has been measured is
not measured again.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SEEDS = (0, 1, 2)
PROTOCOLS = ("transductive", "clean train")

Array = NDArray[np.float64]
Sets = dict[str, tuple[Array, NDArray[np.int64]]]


@dataclass(frozen=True)
class Setup:
    """How much is done, and the settings, chosen beforehand."""

    most_rows: int = 1_000
    steps: int = 250
    """Gradient steps of a fit, in batches of 64."""
    components: int = 5
    """Gaussians of a conditional, and of scikit-learn's mixture."""
    min_scale: float = 0.1
    """The least deviation of a Gaussian, in deviations of its column: no density for a spike."""
    hidden: int = 32
    learning_rate: float = 1e-2


def read(data_dir: str | None) -> Sets:
    """() -> every set by name: (N, D) values, (N,) 1 for an anomaly."""
    folder = Path(data_dir or os.environ["ARDEN_DATA"])
    found: Sets = {}
    with zipfile.ZipFile(folder / "adbench.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".npz"):
                loaded = np.load(io.BytesIO(archive.read(name)))
                short = name.removesuffix(".npz").partition("_")[2]
                found[short] = loaded["X"].astype(np.float64), loaded["y"].astype(np.int64)
    return found


def prepared(
    x: Array, y: NDArray[np.int64], protocol: str, most_rows: int, seed: int
) -> tuple[Array, Array, NDArray[np.int64]]:
    """(N, D), (N,) -> rows to fit, rows to rank and which of these are anomalies."""
    source = np.random.default_rng(seed)
    chosen = source.permutation(len(x))[:most_rows]
    if y[chosen].sum() < 2:  # of rare anomalies at least two are there
        rare = source.permutation(np.flatnonzero(y == 1))[:2]
        chosen = np.concatenate([np.setdiff1d(chosen, rare)[: most_rows - 2], rare])
    x, y = x[chosen], y[chosen]
    fit, rank, marks = x, x, y
    if protocol == "clean train":
        normal = source.permutation(np.flatnonzero(y == 0))
        half = len(normal) // 2
        others = np.concatenate([normal[half:], np.flatnonzero(y == 1)])
        fit, rank, marks = x[normal[:half]], x[others], y[others]
    spread = fit.std(axis=0)
    kept = spread > 1e-12
    mean = fit[:, kept].mean(axis=0)
    return (fit[:, kept] - mean) / spread[kept], (rank[:, kept] - mean) / spread[kept], marks


def ours(system: str, fit: Array, rank: Array, setup: Setup, seed: int) -> Array:
    """A system of Arden, rows -> −ln p(x) of the rows to rank. A tenth of the rows validates."""
    import torch

    import arden
    from arden.data.dataset import Dataset, Split
    from arden.data.schema import Schema

    rows = torch.tensor(np.random.default_rng(seed).permutation(fit))
    held_out = max(2, len(rows) // 10)
    train, valid = Split(rows[held_out:]), Split(rows[:held_out])
    schema = Schema("table", (fit.shape[1],))
    data = Dataset("rows", schema, train, valid, valid, "One of the sets of ADBench.")
    batches = math.ceil(len(train) / 64)
    options: dict[str, Any] = {"components": setup.components, "min_scale": setup.min_scale}
    if system == "rnade":
        options["hidden"] = setup.hidden
    elif system == "made":
        options |= {"hidden": (2 * setup.hidden,)}
    model = arden.fit(
        system,
        data,
        progress=False,
        device="cpu",
        epochs=max(1, round(setup.steps / batches)),
        patience=10_000,
        learning_rate=setup.learning_rate,
        schedule="cosine",
        floor="relative",
        seed=seed,
        **options,
    )
    return -arden.score(model, torch.tensor(rank)).numpy()


def isolation_forest(fit: Array, rank: Array, setup: Setup, seed: int) -> Array:
    """scikit-learn's defaults: 100 trees."""
    from sklearn.ensemble import IsolationForest

    return -IsolationForest(random_state=seed).fit(fit).score_samples(rank)


def local_outlier_factor(fit: Array, rank: Array, setup: Setup, seed: int) -> Array:
    """scikit-learn's defaults: 20 neighbours; of the rows it was fitted to, itself not one."""
    from sklearn.neighbors import LocalOutlierFactor

    if rank is fit or (rank.shape == fit.shape and np.array_equal(rank, fit)):
        return -LocalOutlierFactor().fit(fit).negative_outlier_factor_
    return -LocalOutlierFactor(novelty=True).fit(fit).score_samples(rank)


def kernel_density(fit: Array, rank: Array, setup: Setup, seed: int) -> Array:
    """Gaussian kernels, the bandwidth by Scott's rule."""
    from sklearn.neighbors import KernelDensity

    return -KernelDensity(bandwidth="scott").fit(fit).score_samples(rank)


def gaussian_mixture(fit: Array, rank: Array, setup: Setup, seed: int) -> Array:
    """Full covariances, the floor of ours squared added to their diagonals."""
    from sklearn.mixture import GaussianMixture

    count = min(setup.components, len(fit) // 2)
    model = GaussianMixture(count, reg_covar=setup.min_scale**2, random_state=seed)
    return -model.fit(fit).score_samples(rank)


def _system(name: str) -> Callable[[Array, Array, Setup, int], Array]:
    return lambda fit, rank, setup, seed: ours(name, fit, rank, setup, seed)


METHODS: dict[str, Callable[[Array, Array, Setup, int], Array]] = {
    "rnade": _system("rnade"),
    "made": _system("made"),
    "independent": _system("independent"),
    "IsolationForest": isolation_forest,
    "LocalOutlierFactor": local_outlier_factor,
    "KernelDensity": kernel_density,
    "GaussianMixture": gaussian_mixture,
}


def measure(x: Array, y: NDArray[np.int64], setup: Setup, seed: int) -> dict[str, Any]:
    """A set -> by protocol and method the area under the ROC curve, average precision, seconds."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    found: dict[str, Any] = {}
    for protocol in PROTOCOLS:
        fit, rank, marks = prepared(x, y, protocol, setup.most_rows, seed)
        found[protocol] = {
            "rows": len(rank),
            "anomalies": int(marks.sum()),
            "columns": fit.shape[1],
        }
        for name, method in METHODS.items():
            began = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a mixture that has not converged is still one
                scores = method(fit, rank, setup, seed)
            scores = np.nan_to_num(scores, nan=np.inf, posinf=1e300)
            found[protocol][name] = {
                "auroc": float(roc_auc_score(marks, scores)),
                "average_precision": float(average_precision_score(marks, scores)),
                "processor_seconds": round(time.process_time() - began, 2),
            }
    return found


def run(seeds: tuple[int, ...], sets: Sets, setup: Setup, folder: Path) -> None:
    """Seeds, sets -> a JSON file a seed, rewritten after every set."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        path = folder / f"seed-{seed}.json"
        known = json.loads(path.read_text(encoding="utf-8"))["sets"] if path.exists() else {}
        for name, (x, y) in sets.items():
            if name in known:
                continue
            known[name] = measure(x, y, setup, seed)
            told = {
                "seed": seed,
                "setup": asdict(setup),
                **provenance("python experiments/adbench/run.py"),
                "sets": known,
            }
            path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            areas = {
                method: round(known[name]["transductive"][method]["auroc"], 3) for method in METHODS
            }
            print(f"seed {seed}, {name}: {areas}", flush=True)


def main() -> None:
    """Words on the command line -> results, or the page made from them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--data-dir")
    parser.add_argument("--report", action="store_true", help="make the tables")
    words = parser.parse_args()
    if words.report:
        from experiments.adbench.report import report

        report(RESULTS)
        return
    run(tuple(words.seeds), read(words.data_dir), Setup(), RESULTS)


if __name__ == "__main__":
    main()
