"""An interrupted fit goes on exactly: the same weights in the end, bit for bit."""

from __future__ import annotations

import dataclasses
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.latent import AnyModel
from arden.data.dataset import Dataset
from arden.errors import FileError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.storage.model_files import fingerprint
from arden.training.checkpoint import Checkpoint
from arden.training.fit import fit_model
from arden.training.options import TrainingOptions
from arden.training.outcome import STOPPED, FitResult
from arden.training.snapshot import snapshot
from tests.core.models import build
from tests.training.killing import killed_after
from tests.training.toys import Model, bits, fresh, fresh_any, quick


def any_order() -> Model:
    options = AnyOrderTransformerOptions(width=8, heads=2, layers=1)
    return build(AnyOrderTransformer, options, Bernoulli(), Raster((2, 3)), dtype=torch.float32)


class DroppingNADE(NADE):
    """A network that draws from torch's global generator while it is trained."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        return torch.nn.functional.dropout(super().forward(features, context), 0.2, self.training)


def dropping() -> Model:
    return build(DroppingNADE, NADEOptions(4), Bernoulli(), Raster((2, 3)), dtype=torch.float32)


def binarized_anew(data: Dataset) -> Dataset:
    chances = 0.1 + 0.8 * data.train.values.float()
    train = dataclasses.replace(data.train, intensities=chances)
    return dataclasses.replace(data, train=train)


Case = tuple[Callable[[], AnyModel], Dataset, TrainingOptions]
CASES: dict[str, Callable[[], Case]] = {
    "nade": lambda: (lambda: fresh("nade", bits()), bits(), quick()),
    "cosine with warmup": lambda: (
        lambda: fresh("nade", bits()),
        bits(),
        quick(schedule="cosine", warmup=7),
    ),
    "average": lambda: (lambda: fresh("fvsbn", bits()), bits(), quick(average=0.9)),
    "bfloat16": lambda: (lambda: fresh("made", bits()), bits(), quick(precision="bfloat16")),
    "medium products": lambda: (
        lambda: fresh("made", bits()),
        bits(),
        quick(matmul_precision="medium"),
    ),
    "masks": lambda: (lambda: fresh("made", bits(), masks=3), bits(), quick()),
    "classes": lambda: (
        lambda: fresh("made", bits(), condition="label"),
        bits(),
        quick(),
    ),
    "random orders": lambda: (any_order, bits(), quick()),
    "random masks": lambda: (
        lambda: fresh("orderless-nade", bits()),
        bits(),
        quick(average=0.9, precision="bfloat16"),
    ),
    "dropout": lambda: (dropping, bits(), quick()),
    "binarized anew": lambda: (lambda: fresh("nade", bits()), binarized_anew(bits()), quick()),
    "vae": lambda: (lambda: fresh_any("vae", bits()), bits(), quick()),
    "autoencoder": lambda: (lambda: fresh_any("autoencoder", bits()), bits(), quick()),
    "patience": lambda: (
        lambda: fresh("nade", bits(40), hidden=40),
        bits(40),
        quick(epochs=60, patience=3),
    ),
}


def fit_with_kills(case: Case, path: Path, steps: list[int]) -> tuple[AnyModel, FitResult]:
    """A case, a file, after how many steps it is killed each time -> how it ended at last."""
    make, data, options = case
    for allowed in steps:
        checkpoint = Checkpoint(path, seconds=0)
        killed_after(allowed, lambda to=checkpoint: fit_model(make(), data, options, checkpoint=to))
    model = make()
    return model, fit_model(model, data, options, checkpoint=Checkpoint(path, seconds=0))


def without_seconds(result: FitResult) -> list[tuple[float, float, float]]:
    return [(r["epoch"], r["train"], r["valid"]) for r in result.records]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("steps", [[1], [2, 2, 3], [0, 6, 1]])
def test_killed_and_resumed_is_not_interrupted(name: str, steps: list[int], tmp_path: Path) -> None:
    case = CASES[name]()
    straight = case[0]()
    expected = fit_model(straight, case[1], case[2])
    model, result = fit_with_kills(case, tmp_path / "fit", steps)
    assert without_seconds(result) == without_seconds(expected)
    assert (result.ended, result.best_epoch) == (expected.ended, expected.best_epoch)
    assert fingerprint(model, OWN) == fingerprint(straight, OWN)


OWN = {"dropping": DroppingNADE}


def test_a_checkpoint_changes_nothing(tmp_path: Path) -> None:
    data, plain, written = bits(), fresh("nade", bits()), fresh("nade", bits())
    fit_model(plain, data, quick())
    fit_model(written, data, quick(), checkpoint=Checkpoint(tmp_path / "fit", seconds=0))
    assert fingerprint(plain) == fingerprint(written)


def test_a_finished_fit_is_not_repeated(tmp_path: Path) -> None:
    data, path = bits(), tmp_path / "fit"
    first = fresh("nade", data)
    ended = fit_model(first, data, quick(), checkpoint=Checkpoint(path))
    again = fresh("nade", data)
    asked: list[Any] = []
    result = fit_model(again, data, quick(), checkpoint=Checkpoint(path), report=asked.append)
    assert not asked
    assert result.records == ended.records
    assert fingerprint(again) == fingerprint(first)


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """() -> (): a shell may have told its background jobs to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_is_heard_between_two_steps(tmp_path: Path) -> None:
    data, path = bits(), tmp_path / "fit"
    straight = fresh("nade", data)
    fit_model(straight, data, quick())
    model, steps = fresh("nade", data), [0]
    before = signal.getsignal(signal.SIGINT)

    def press(gradient: Tensor) -> Tensor:
        steps[0] += 1
        if steps[0] == 3:  # in the middle of a backward pass
            signal.raise_signal(signal.SIGINT)
        return gradient

    model.network.outputs.register_hook(press)
    result = fit_model(model, data, quick(), checkpoint=Checkpoint(path, seconds=1e9))
    assert result.ended == STOPPED
    assert steps[0] == 4  # the next step hears of it
    assert signal.getsignal(signal.SIGINT) is before
    again = fresh("nade", data)
    assert fit_model(again, data, quick(), checkpoint=Checkpoint(path)).ended == "all 5 epochs"
    assert fingerprint(again) == fingerprint(straight)


def test_who_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    """As nohup and background jobs of a shell do."""
    data, model = bits(), fresh("nade", bits())
    model.network.outputs.register_hook(lambda gradient: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert fit_model(model, data, quick()).ended == "all 5 epochs"
    finally:
        signal.signal(signal.SIGINT, before)


def test_masks_are_not_written_down(tmp_path: Path) -> None:
    """Thirty-two masks of one network outweigh it; and they never change."""
    model = fresh("made", bits(), masks=3)
    names = set(snapshot(model))
    assert not any(name.endswith("_mask") for name in names)
    assert len(names) == len(list(model.parameters())) + 1  # the mixture's own weights
    assert "log_weights" in names


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"learning_rate": 0.5}, "belongs to a fit with learning_rate 0.02, but this one has 0.5"),
        ({"seed": 3}, "belongs to a fit with seed 0, but this one has 3"),
    ],
)
def test_a_checkpoint_of_another_fit_is_refused(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    data, path = bits(), tmp_path / "fit"
    fit_model(fresh("nade", data), data, quick(), checkpoint=Checkpoint(path))
    with pytest.raises(FileError, match=told):
        fit_model(fresh("nade", data), data, quick(**changes), checkpoint=Checkpoint(path))


def test_a_checkpoint_of_other_rows_or_another_model_is_refused(tmp_path: Path) -> None:
    data, path = bits(), tmp_path / "fit"
    fit_model(fresh("nade", data), data, quick(), checkpoint=Checkpoint(path))
    other = bits(seed=1)
    with pytest.raises(FileError, match="belongs to a fit with rows"):
        fit_model(fresh("nade", other), other, quick(), checkpoint=Checkpoint(path))
    with pytest.raises(FileError, match="belongs to a fit with model"):
        fit_model(fresh("nade", data, hidden=5), data, quick(), checkpoint=Checkpoint(path))


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_damaged_checkpoint_is_one_sentence(keep: int, tmp_path: Path) -> None:
    data, path = bits(), tmp_path / "fit"
    fit_model(fresh("nade", data), data, quick(), checkpoint=Checkpoint(path))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileError, match="not a whole checkpoint of a fit"):
        fit_model(fresh("nade", data), data, quick(), checkpoint=Checkpoint(path))


def test_a_checkpoint_holds_no_code(tmp_path: Path) -> None:
    data, path = bits(), tmp_path / "fit"
    fit_model(fresh("nade", data), data, quick(), checkpoint=Checkpoint(path))
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert "weights/network.outputs" in json.loads(content[8 : 8 + length])
