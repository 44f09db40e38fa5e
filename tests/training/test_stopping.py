"""However a fit ends early, by Ctrl-C or by NaN, the model holds its best weights."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from torch import Tensor, nn

from arden.errors import ArdenError
from arden.storage.model_files import fingerprint
from arden.training.fit import DivergedError, Progress, fit_model
from tests.training.toys import (
    QUICK,
    bits,
    fresh,
    nats,
    quick,
)


def interrupt_after(epochs: int, in_epoch: bool = False) -> Callable[[Progress], None]:
    """-> a report callback in which Ctrl-C is pressed after so many epochs."""

    def report(progress: Progress) -> None:
        if progress.epoch > epochs - (not in_epoch) and (progress.valid is None) == in_epoch:
            raise KeyboardInterrupt

    return report


@pytest.mark.parametrize("in_epoch", [False, True])
def test_ctrl_c_leaves_the_best_weights(in_epoch: bool) -> None:
    data = bits()
    model = fresh("nade", data)
    result = fit_model(model, data, quick(epochs=50), report=interrupt_after(2, in_epoch))
    assert result.ended == "stopped by Ctrl-C"
    assert len(result.records) == 2
    assert nats(model, data) == result.best_valid
    assert not model.training


def test_ctrl_c_before_the_first_epoch_leaves_the_first_weights() -> None:
    data = bits()
    model = fresh("nade", data)
    before = fingerprint(model)
    result = fit_model(model, data, QUICK, report=interrupt_after(0, in_epoch=True))
    assert (result.best_epoch, result.records) == (0, [])
    assert fingerprint(model) == before


class Breaking(nn.Module):
    """An activation that turns every number into NaN from the given call on."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        return x.sigmoid() if self.left >= 0 else x * math.nan


@pytest.mark.parametrize("calls", [9, 4, 5])
def test_nan_stops_the_fit_with_the_best_weights(calls: int) -> None:
    """5 calls an epoch: 4 of training and 1 of validation. NaN comes in the one or the other."""
    data = bits()
    model = fresh("nade", data)
    kept = [fingerprint(model)]
    model.network.activation = Breaking(calls)
    keep = lambda: kept.append(fingerprint(model))  # noqa: E731
    epoch = 1 + calls // 5
    sentence = f"became nan in epoch {epoch}; the model keeps the weights of epoch {epoch - 1}; try"
    with pytest.raises(DivergedError, match=sentence) as caught:
        fit_model(model, data, QUICK, keep=keep)
    assert isinstance(caught.value, ArdenError)
    assert len(kept) == epoch
    assert fingerprint(model) == kept[-1]
    assert not model.training


def test_an_infinite_gradient_stops_the_fit() -> None:
    data = bits()
    model = fresh("nade", data)
    model.network.outputs.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(DivergedError, match="the gradient became infinite in epoch 1"):
        fit_model(model, data, QUICK)
    assert math.isfinite(nats(model, data))
