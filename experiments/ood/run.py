"""A model of clothes shown digits: which scores notice? Fashion-MNIST → MNIST.

python experiments/ood/run.py --data-dir DIRECTORY      # three seeds, each written as it comes
python experiments/ood/run.py --model pixelcnn          # grey levels
python experiments/ood/run.py --report                  # rewrite docs/detect.md and its picture

A model is fitted to Fashion-MNIST: a NADE to its bits (grey levels cut at 128), or a PixelCNN with
mixtures of logistics to its 256 grey levels. Backgrounds of the same shape are fitted to the same
rows with a share of their pixels replaced by chance. That share is
chosen, by the first seed, on the digits that come with scikit-learn, enlarged: MNIST is
scored once, when everything is settled. What has been measured is not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import provenance

if TYPE_CHECKING:
    from torch import Tensor

    from arden.core.model import AutoregressiveModel
    from arden.data.dataset import Dataset

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SEEDS = (0, 1, 2)
GROUPS = (2, 10)
PICTURED = 1_500
"""Scores of so many rows are kept for the picture."""


@dataclass(frozen=True)
class Setup:
    """What is fitted to what, and how much of it."""

    system: str
    options: dict[str, Any]
    """Of the system, its layout and its training; the same for the background."""
    inside: str = "fashion-mnist"
    outside: str = "mnist"
    train_rows: int = 50_000
    stopping_rows: int = 500
    """Validation rows that the fit looks at; not used for anything else."""
    calibration_rows: int = 3_000
    """Other validation rows: for the ranks, and beside the digits when the rate is chosen."""
    test_rows: int = 5_000
    """Of each test set, the first ones."""
    rates: tuple[float, ...] = (0.1, 0.2, 0.3)
    """Shares of pixels replaced for a background."""


SETUPS = {
    # Two minutes on one processor core for everything.
    "nade": Setup(
        "nade",
        {"hidden": 100, "epochs": 2, "batch_size": 64, "schedule": "cosine"},
        inside="fashion-mnist-binary",
        outside="mnist-binary",
        train_rows=30_000,
    ),
    # About a minute a model: a sixth of the rows, two passes.
    "pixelcnn": Setup(
        "pixelcnn",
        {
            "channels": 32,
            "blocks": 4,
            "family": "logistics",
            "components": 5,
            "epochs": 2,
            "batch_size": 16,
            "schedule": "cosine",
        },
        train_rows=8_000,
        test_rows=3_000,
        rates=(0.1, 0.3),
    ),
}
"""Whole grey levels as published, as far as a processor core gets; and bits, with all rows."""


@dataclass(frozen=True)
class Material:
    """Fashion-MNIST with its held-out rows, the proxy that settings are chosen by, and MNIST."""

    fashion: Dataset
    calibration: Tensor
    proxy: Tensor
    outside: Tensor


def material(setup: Setup, data_dir: str | None) -> Material:
    """() -> all the rows of the experiment."""
    from dataclasses import replace

    import arden
    from arden.data.scoring_rows import take_rows

    whole = arden.load_data(setup.inside, data_dir=data_dir)
    stop = setup.stopping_rows
    fashion = replace(
        whole,
        train=take_rows(whole.train, slice(setup.train_rows)),
        valid=take_rows(whole.valid, slice(stop)),
        test=take_rows(whole.test, slice(setup.test_rows)),
    )
    calibration = whole.valid.values[stop : stop + setup.calibration_rows]
    outside = arden.load_data(setup.outside, data_dir=data_dir).test.values[: setup.test_rows]
    return Material(fashion, calibration, proxy(whole.schema.num_symbols == 2), outside)


_CONTRAST = 4.0


def proxy(binary: bool = False) -> Tensor:
    """() -> (1797, 28, 28) uint8: scikit-learn's digits, 8 × 8, in the middle 20 × 20, 256 levels.

    Enlarged linearly they would be smooth, as no scan of ink on paper is: grey is stretched, so
    that only the edges of strokes are. ``binary``: cut at grey level 128, as the sets of bits are.
    """
    import torch
    from torch.nn.functional import interpolate, pad

    import arden

    digits = arden.load_data("digits-17")
    small = torch.cat([digits.split(name).values for name in ("train", "valid", "test")])
    large = interpolate(small[:, None].float() * (255 / 16), size=(20, 20), mode="bilinear")
    stretched = (_CONTRAST * (large[:, 0] - 127.5) + 127.5).round().clamp(0, 255)
    grey = pad(stretched, (4, 4, 4, 4))
    return (grey >= 128 if binary else grey).to(torch.uint8)


def fitted(data: Dataset, setup: Setup, seed: int, mutate: float = 0.0) -> AutoregressiveModel:
    """Rows, a seed, the share of pixels replaced by chance -> the fitted model."""
    import arden

    return arden.fit(
        setup.system,
        data,
        progress=False,
        device="cpu",
        **setup.options,
        seed=seed,
        mutate=mutate,
    )


def auroc(inside: Tensor, outside: Tensor) -> float:
    """Scores of normal rows and of others, higher for normal ones -> the area under the ROC curve.

    The chance that a row from outside scores below one from inside; ties count half.
    """
    from sklearn.metrics import roc_auc_score

    labels = [0] * len(inside) + [1] * len(outside)
    return float(roc_auc_score(labels, np.concatenate([-inside.numpy(), -outside.numpy()])))


def scores_of(
    nats: dict[str, Tensor], rows: dict[str, Tensor], base: dict[str, Tensor]
) -> dict[str, dict[str, Tensor]]:
    """ln p of calibration, test and outside rows, the rows, ln p₀ -> each score of test, outside.

    All are higher for what is more normal.
    """
    import math

    from arden.tasks.calibration import calibrate
    from arden.tasks.complexity import complexity_bits

    typical = calibrate(nats["calibration"], typical=True)
    found: dict[str, dict[str, Tensor]] = {
        name: {} for name in ("likelihood", "ratio", "complexity", "typicality")
    }
    for part in ("test", "outside"):
        found["likelihood"][part] = nats[part]
        found["ratio"][part] = nats[part] - base[part]
        bits = complexity_bits(rows[part])
        found["complexity"][part] = nats[part] + math.log(2) * bits
        found["typicality"][part] = typical.scores(nats[part])
        for group in GROUPS:
            batch = calibrate(nats["calibration"], typical=True, group=group)
            name = f"typicality of {group}"
            found.setdefault(name, {})[part] = batch.scores(nats[part])
    return found


def choose_rate(
    given: Material, setup: Setup, model: Any
) -> tuple[dict[str, Any], AutoregressiveModel]:
    """The model of the first seed -> the rate whose ratio knows the proxy best; its background.

    Validation rows of Fashion-MNIST against the enlarged digits; MNIST is not looked at.
    """
    from arden.tasks.score import score

    inside, proxied = score(model, given.calibration), score(model, given.proxy)
    tried, backgrounds = {}, {}
    for rate in setup.rates:
        backgrounds[rate] = background = fitted(given.fashion, setup, seed=1000, mutate=rate)
        ratio = [
            nats - score(background, rows)
            for nats, rows in ((inside, given.calibration), (proxied, given.proxy))
        ]
        tried[str(rate)] = auroc(*ratio)
        told = f"background with {rate:.0%} replaced: AUROC on the proxy {tried[str(rate)]:.4f}"
        print(told, flush=True)
    best = max(setup.rates, key=lambda rate: tried[str(rate)])
    found = {"auroc_on_proxy": tried, "raw_on_proxy": auroc(inside, proxied), "rate": best}
    return found, backgrounds[best]


def measure(given: Material, model: Any, background: Any) -> dict[str, Any]:
    """The model and the background of a seed -> its figures; MNIST is scored here."""
    from arden.tasks.calibration import calibrate, rank_p_values
    from arden.tasks.score import score

    rows = {
        "calibration": given.calibration,
        "test": given.fashion.test.values,
        "outside": given.outside,
    }
    nats = {part: score(model, values) for part, values in rows.items()}
    base = {part: score(background, values) for part, values in rows.items()}
    scores = scores_of(nats, rows, base)
    ratio = calibrate(nats["calibration"] - base["calibration"])
    flagged = {
        part: (rank_p_values(ratio.ranked, scores["ratio"][part]) <= 0.01).double().mean().item()
        for part in ("test", "outside")
    }
    size = given.fashion.schema.num_variables * np.log(2)
    return {
        "auroc": {name: auroc(part["test"], part["outside"]) for name, part in scores.items()},
        "flagged_by_ratio_at_1_percent": flagged,
        "test_nats": -nats["test"].mean().item(),
        "test_bits_per_dim": -nats["test"].mean().item() / size,
        "outside_bits_per_dim": -nats["outside"].mean().item() / size,
        "scores": {
            name: {part: [round(float(s)) for s in p[part][:PICTURED]] for part in p}
            for name, p in scores.items()
            if name in ("likelihood", "ratio", "complexity", "typicality")
        },
    }


def run(seeds: tuple[int, ...], setup: Setup, given: Material, folder: Path) -> None:
    """Seeds -> a JSON file each, written when it is measured; the rate is chosen by the first."""
    from dataclasses import asdict

    folder.mkdir(parents=True, exist_ok=True)
    choice, known = folder / "choice.json", {}
    if not choice.exists():
        model = fitted(given.fashion, setup, SEEDS[0])
        chosen, background = choose_rate(given, setup, model)
        known[SEEDS[0]] = model, background
        choice.write_text(json.dumps(chosen, indent=1) + "\n", encoding="utf-8")
    rate = json.loads(choice.read_text(encoding="utf-8"))["rate"]
    for seed in seeds:
        path = folder / f"seed-{seed}.json"
        if path.exists():
            continue
        began = time.process_time()
        if seed not in known:
            background = fitted(given.fashion, setup, seed=1000 + seed, mutate=rate)
            known[seed] = fitted(given.fashion, setup, seed), background
        found = measure(given, *known.pop(seed))
        told = {
            "seed": seed,
            "rate": rate,
            "setup": asdict(setup),
            "protocol": given.fashion.protocol,
            "processor_seconds": round(time.process_time() - began, 1),
            **provenance(f"python experiments/ood/run.py --model {setup.system}"),
            **found,
        }
        if seed != SEEDS[0]:
            del told["scores"]  # the picture is that of the first
        path.write_text(json.dumps(told) + "\n", encoding="utf-8")
        print(
            f"seed {seed}:",
            {name: round(area, 4) for name, area in found["auroc"].items()},
            flush=True,
        )


def main() -> None:
    """Words on the command line -> results, or the page made from them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=SETUPS, default="nade")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--data-dir")
    parser.add_argument("--report", action="store_true", help="make the table and the picture")
    words = parser.parse_args()
    if words.report:
        from experiments.ood.report import report

        report(RESULTS)
        return
    setup = SETUPS[words.model]
    folder = RESULTS / words.model
    run(tuple(words.seeds), setup, material(setup, words.data_dir), folder)


if __name__ == "__main__":
    main()
