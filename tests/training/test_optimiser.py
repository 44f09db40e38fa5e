"""The steps: clipped gradients, the rate over time, what decays and what does not."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from arden.training import descent
from arden.training.fit import fit_model
from arden.training.optimiser import learning_rate, make_optimiser
from arden.training.options import TrainingOptions
from tests.training.toys import (
    QUICK,
    bits,
    fresh,
    quick,
)


class Watched(torch.optim.SGD):
    """Writes down the norm of every gradient that arrives."""

    norms: list[float]

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        gradients = [p.grad.flatten() for group in self.param_groups for p in group["params"]]
        self.norms.append(torch.cat(gradients).norm().item())
        super().step(closure)


@pytest.mark.parametrize(("clip", "clipped"), [(0.01, True), (1e6, False)])
def test_gradients_are_clipped_to_their_norm(
    clip: float, clipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []

    def watched(model: nn.Module, options: TrainingOptions) -> Watched:
        optimizer = Watched(model.parameters(), lr=1e-3)
        optimizer.norms = norms
        return optimizer

    monkeypatch.setattr(descent, "make_optimiser", watched)
    data = bits()
    fit_model(fresh("nade", data), data, quick(clip=clip))
    assert len(norms) == 5 * math.ceil(60 / 16)
    if clipped:
        assert norms == pytest.approx([clip] * len(norms), rel=1e-3)
    else:
        assert min(norms) > 0.02


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (quick(), {0: 1.0, 5: 1.0, 99: 1.0}),
        (quick(warmup=4), {0: 0.25, 1: 0.5, 3: 1.0, 4: 1.0, 99: 1.0}),
        (quick(schedule="cosine"), {0: 1.0, 25: 0.853553, 50: 0.5, 100: 0.0}),
        (quick(schedule="cosine", warmup=50), {0: 0.02, 24: 0.5 * 0.864484, 50: 0.5, 100: 0.0}),
    ],
)
def test_factors_of_the_learning_rate(options: TrainingOptions, expected: dict[int, float]) -> None:
    rates = {step: learning_rate(options, step, 100) for step in expected}
    expected = {step: factor * options.learning_rate for step, factor in expected.items()}
    assert rates == pytest.approx(expected, abs=1e-6)


def test_the_schedule_reaches_the_optimiser(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []

    class Rates(torch.optim.SGD):
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            rates.append(self.param_groups[0]["lr"])
            super().step(closure)

    monkeypatch.setattr(
        descent, "make_optimiser", lambda model, o: Rates(model.parameters(), lr=7.0)
    )
    data = bits(80)  # 40 rows: 3 steps an epoch
    options = quick(epochs=2, schedule="cosine", warmup=2, learning_rate=1.0)
    fit_model(fresh("nade", data), data, options)
    cosine = [0.5 * (1 + math.cos(math.pi * step / 6)) for step in range(6)]
    assert rates == pytest.approx([0.5 * cosine[0], *cosine[1:]])


def test_matrices_decay_and_vectors_do_not() -> None:
    model = fresh("made", bits(), context_size=2, hidden=(5, 4))
    optimizer = make_optimiser(model, quick(weight_decay=0.3))
    decay = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    for name, parameter in model.named_parameters():
        assert decay[id(parameter)] == (0.0 if name.endswith("bias") else 0.3), name
    assert isinstance(optimizer, torch.optim.AdamW)


def test_frozen_weights_stay() -> None:
    data = bits()
    model = fresh("nade", data)
    model.network.inputs.requires_grad_(False)
    before = model.network.inputs.clone()
    fit_model(model, data, QUICK)
    assert torch.equal(model.network.inputs, before)
