"""PixelDefend: attacks on a classifier, detected by p(x) and undone by a walk through it.

python experiments/pixeldefend/run.py --data-dir DIRECTORY      # MNIST, then Fashion-MNIST
python experiments/pixeldefend/run.py --report                  # rewrite docs/detect.md, pictures

A small convolutional classifier and a PixelCNN over grey levels are fitted to the same training
rows. Test images that are classified rightly are attacked (foolbox, the extra `bench`) and rounded
to grey levels, as an image file would be. Reported: how well the rank p-value of ln p among
held-out clean images tells attacked from clean ones, and the classifier's accuracy before and after
PixelDefend's purification. These attacks know the classifier and not the detector. Attacks that
know both break this defence (Athalye, Carlini, Wagner, 2018, by BPDA): nothing is claimed of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import provenance

if TYPE_CHECKING:
    from torch import Tensor, nn

    from arden.core.model import AutoregressiveModel
    from arden.data.dataset import Dataset

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DATA = ("mnist", "fashion-mnist")


@dataclass(frozen=True)
class Setup:
    """How much is done; the defaults take some five minutes a data set on one processor core."""

    channels: int = 32
    blocks: int = 4
    components: int = 5
    train_rows: int = 10_000
    classifier_epochs: int = 2
    stopping_rows: int = 300
    calibration_rows: int = 1_000
    attacked_rows: int = 300
    epsilons: tuple[int, ...] = (8, 16, 32, 76)
    """In grey levels of 255, the largest change of a pixel (FGSM, BIM, DeepFool)."""
    distances: tuple[float, ...] = (1.0, 2.0, 4.0)
    """Of Carlini and Wagner's attack: Euclidean, of images in 0..1."""
    radius: int = 32
    """ε_defend, in grey levels."""
    seed: int = 0


def make_classifier(size: int) -> nn.Module:
    """The side of images -> a small convolutional network over (B, 1, H, W) in 0..1."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * (size // 4) ** 2, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def as_images(x: Tensor) -> Tensor:
    """(N, H, W) levels -> (N, 1, H, W) float32 in 0..1."""
    return x[:, None].float() / 255


def train_classifier(data: Dataset, setup: Setup) -> nn.Module:
    """Labelled rows -> the classifier, by Adam on the cross-entropy."""
    import torch
    from torch.nn.functional import cross_entropy

    x, y = data.train.values, data.train.labels
    assert y is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(setup.seed)
        net = make_classifier(x.shape[1])
        optimiser = torch.optim.Adam(net.parameters(), 2e-3)
        for _ in range(setup.classifier_epochs):
            for rows in torch.randperm(len(x)).split(64):
                optimiser.zero_grad()
                cross_entropy(net(as_images(x[rows])), y[rows].long()).backward()
                optimiser.step()
    return net.eval()


def predicted(net: nn.Module, x: Tensor) -> Tensor:
    """(N, H, W) levels -> (N,) classes."""
    import torch

    with torch.no_grad():
        return torch.cat([net(as_images(some)).argmax(dim=1) for some in x.split(256)])


def attacked(net: nn.Module, x: Tensor, labels: Tensor, setup: Setup) -> dict[str, Tensor]:
    """A classifier, rows it gets right -> by attack and strength the attacked rows, in levels."""
    import foolbox
    import torch

    model = foolbox.PyTorchModel(net, bounds=(0, 1))
    strengths = [epsilon / 255 for epsilon in setup.epsilons]
    attacks = {
        "FGSM": (foolbox.attacks.LinfFastGradientAttack(), setup.epsilons, strengths),
        "BIM": (foolbox.attacks.LinfBasicIterativeAttack(steps=10), setup.epsilons, strengths),
        "DeepFool": (foolbox.attacks.LinfDeepFoolAttack(steps=30), setup.epsilons, strengths),
        "Carlini-Wagner": (
            foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=4, steps=80),
            setup.distances,
            list(setup.distances),
        ),
    }
    found = {}
    images = as_images(x)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(setup.seed)
        for name, (attack, told, values) in attacks.items():
            _, clipped, _ = attack(model, images, labels.long(), epsilons=values)
            for strength, changed in zip(told, clipped, strict=True):
                levels = (changed.detach()[:, 0] * 255).round().clamp(0, 255)
                found[f"{name} {strength:g}"] = levels.to(torch.uint8)
    return found


def fit_density(data: Dataset, setup: Setup) -> AutoregressiveModel:
    """Rows -> a PixelCNN with mixtures of logistics after one epoch."""
    import arden

    return arden.fit(
        "pixelcnn",
        data,
        progress=False,
        device="cpu",
        channels=setup.channels,
        blocks=setup.blocks,
        family="logistics",
        components=setup.components,
        batch_size=16,
        schedule="cosine",
        epochs=1,
        seed=setup.seed,
    )


def measure(data: Dataset, calibration: Tensor, setup: Setup) -> dict[str, Any]:
    """Training, stopping and test rows, held-out clean rows -> the figures of one data set."""
    from sklearn.metrics import roc_auc_score

    from arden.tasks.calibration import rank_p_values
    from arden.tasks.score import score
    from experiments.pixeldefend.purify import purify

    net, model = train_classifier(data, setup), fit_density(data, setup)
    x, y = data.test.values, data.test.labels
    assert y is not None
    right = predicted(net, x) == y
    accuracy = right.double().mean().item()
    x, y = x[right][: setup.attacked_rows], y[right][: setup.attacked_rows]
    ranked = score(model, calibration)
    clean = score(model, x)
    clean_p = rank_p_values(ranked, clean)
    told: dict[str, Any] = {
        "classifier_accuracy": accuracy,
        "test_nats": -clean.mean().item(),
        "clean_after_purification": _accuracy(net, purify(model, x, setup.radius), y),
        "false_alarms_at_5_percent": (clean_p <= 0.05).double().mean().item(),
        "attacks": {},
        "log_probs": {"clean": _rounded(clean)},
    }
    for name, changed in attacked(net, x, y, setup).items():
        fooled = predicted(net, changed) != y
        nats = score(model, changed)
        p = rank_p_values(ranked, nats)
        marks = [0] * len(clean_p) + [1] * int(fooled.sum())
        told["attacks"][name] = {
            "accuracy": 1 - fooled.double().mean().item(),
            "accuracy_after_purification": _accuracy(net, purify(model, changed, setup.radius), y),
            "successful": int(fooled.sum()),
            "auroc_of_successful": float(
                roc_auc_score(marks, -np.concatenate([clean_p.numpy(), p[fooled].numpy()]))
            )
            if bool(fooled.any())
            else None,
            "detected_at_5_percent": (p[fooled] <= 0.05).double().mean().item()
            if bool(fooled.any())
            else None,
        }
        told["log_probs"][name] = _rounded(nats)
        print(name, told["attacks"][name], flush=True)
    return told


def _accuracy(net: nn.Module, x: Tensor, labels: Tensor) -> float:
    return (predicted(net, x) == labels).double().mean().item()


def _rounded(nats: Tensor) -> list[float]:
    return [round(float(one), 1) for one in nats]


def run(name: str, setup: Setup, data_dir: str | None, folder: Path) -> None:
    """A data set -> its JSON file, unless it is there."""
    from dataclasses import replace

    import arden
    from arden.data.scoring_rows import take_rows

    path = folder / f"{name}.json"
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    whole, began = arden.load_data(name, data_dir=data_dir), time.process_time()
    stop = setup.stopping_rows
    data = replace(
        whole,
        train=take_rows(whole.train, slice(setup.train_rows)),
        valid=take_rows(whole.valid, slice(stop)),
        test=take_rows(whole.test, slice(2 * setup.attacked_rows)),
    )
    calibration = whole.valid.values[stop : stop + setup.calibration_rows]
    found = measure(data, calibration, setup)
    told = {
        "data": name,
        "protocol": whole.protocol,
        "setup": asdict(setup),
        "processor_seconds": round(time.process_time() - began, 1),
        **provenance("python experiments/pixeldefend/run.py"),
        **found,
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Words on the command line -> results, or the page made from them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA)
    parser.add_argument("--data-dir")
    parser.add_argument("--report", action="store_true", help="make the table and the pictures")
    words = parser.parse_args()
    if words.report:
        from experiments.pixeldefend.report import report

        report(RESULTS)
        return
    for name in words.data:
        run(name, Setup(), words.data_dir, RESULTS)


if __name__ == "__main__":
    main()
