"""The moving average of the weights: what it is, and that training does not feel it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from arden.core.network import masked_parameters
from arden.errors import InputError
from arden.training import descent
from arden.training.fit import fit_model
from arden.training.snapshot import MovingAverage, restore, snapshot
from tests.training.toys import Model, bits, fresh, nats, quick


def recorded(model: Model, **options: object) -> tuple[list[dict[str, Tensor]], list[float]]:
    """A model, options -> its weights after every step of a fit, and the nats of every epoch."""
    seen: list[dict[str, Tensor]] = []
    whole = descent.Descent._step

    def step(self: descent.Descent, *arguments: object) -> object:
        done = whole(self, *arguments)  # type: ignore[arg-type]
        seen.append(snapshot(self.model))
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descent.Descent, "_step", step)
        result = fit_model(model, bits(), quick(**options))
    return seen, [record["train"] for record in result.records]


def test_training_does_not_feel_its_average() -> None:
    plain, averaged = recorded(fresh("nade", bits())), recorded(fresh("nade", bits()), average=0.9)
    assert plain[1] == averaged[1]
    assert len(plain[0]) == len(averaged[0]) == 20
    for one, other in zip(plain[0], averaged[0], strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("decay", [0.3, 0.9])
def test_the_average_by_hand(decay: float) -> None:
    data, model = bits(), fresh("nade", bits())
    first = snapshot(model)
    steps, _ = recorded(model, average=decay, epochs=1)
    expected = {name: tensor.double() for name, tensor in first.items()}
    for number, weights in enumerate(steps, 1):
        kept = min(decay, (1 + number) / (10 + number))
        for name, tensor in weights.items():
            expected[name] = kept * expected[name] + (1 - kept) * tensor
    for name, tensor in snapshot(model).items():  # the best weights are the average's
        assert torch.allclose(tensor.double(), expected[name], atol=1e-6), name
    other = fresh("nade", data)
    restore(other, {name: tensor.float() for name, tensor in expected.items()})
    assert nats(other, data) == pytest.approx(nats(model, data), rel=1e-5)


def test_the_validation_figure_is_the_average_s() -> None:
    data, model = bits(), fresh("nade", bits())
    result = fit_model(model, data, quick(average=0.9))
    assert result.best_valid == nats(model, data)


def test_masks_hold_in_the_average() -> None:
    model = fresh("made", bits(), hidden=(12, 12))
    fit_model(model, bits(), quick(average=0.9))
    masked = [(p, mask) for _, p, mask in masked_parameters(model) if mask is not None]
    assert masked
    assert all(bool((p[~mask] == 0).all()) for p, mask in masked)


def test_shared_weights_are_averaged_once() -> None:
    model = fresh("made", bits(), masks=3)
    average = MovingAverage(model, 0.9)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    average.update(1000)
    before = snapshot(model)
    with average.in_place():
        inside = snapshot(model)
        for name, parameter in model.named_parameters():
            assert torch.allclose(inside[name], before[name] - 0.9), name
            assert parameter.requires_grad
    assert all(torch.equal(tensor, before[name]) for name, tensor in snapshot(model).items())


@pytest.mark.parametrize("value", [1.0, -0.1, float("nan")])
def test_a_decay_out_of_range(value: float) -> None:
    with pytest.raises(InputError, match=r"average: expected a number ≥ 0 and below 1, got"):
        fit_model(fresh("nade", bits()), bits(), quick(average=value))
