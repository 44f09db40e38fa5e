"""Defects planted in what a network sees: leaks, missing dependences, masks, batches, chance."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from arden.core.model import AutoregressiveModel
from arden.networks.diagonal_bilstm import DiagonalBiLSTM, DiagonalBiLSTMOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from tests.audit.small_models import FIVE, small

NADE_OPTIONS = NADEOptions(7)


class SeesItself(MADE):
    """The output mask says ≥ where it must say >: an output sees its own input."""

    def __init__(self, spec: Any, options: Any) -> None:
        super().__init__(spec, options)
        outputs = torch.arange(1, spec.num_steps + 1).repeat_interleave(spec.num_params)
        self.output.weight_mask.copy_(outputs[:, None] >= self.degrees[-1][None, :])


class StrictTwice(MADE):
    """The hidden mask is strict as well as the output's: nobody sees the step just before."""

    def __init__(self, spec: Any, options: Any) -> None:
        super().__init__(spec, options)
        inputs = torch.arange(1, spec.num_steps + 1)
        self.layers[0].weight_mask.copy_(self.degrees[0][:, None] > inputs[None, :])


class NarrowMarkov(Markov):
    """Promises two steps of memory and has one."""

    def promised(self, num_steps: int) -> Tensor:
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        return before.triu(-2)


class WideFVSBN(FVSBN):
    """Promises a window of two steps and uses three."""

    def promised(self, num_steps: int) -> Tensor:
        before = torch.ones(num_steps, num_steps, dtype=torch.bool).tril(-1)
        made = hasattr(self, "linear")  # the mask is made from the promise, once
        return before.triu(-2 if made else -3)


class GatedLeak(NADE):
    """A leak behind a weight that is zero at first: the real weights do not show it."""

    def __init__(self, spec: Any, options: Any) -> None:
        super().__init__(spec, options)
        self.gate = torch.nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        return super().forward(features, context) + self.gate * features.mean(dim=1, keepdim=True)


class CentredInTime(NADE):
    """Features are centred over all steps, the future included."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        return super().forward(features - features.mean(dim=1, keepdim=True), context)


class CentredInBatch(NADE):
    """Features are centred over the batch."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        return super().forward(features - features.mean(dim=0), context)


class NeverListens(NADE):
    """The context changes nothing at all."""

    def biases(self, batch_size: int, context: Tensor | None) -> tuple[Tensor, Tensor]:
        assert context is not None
        return super().biases(batch_size, torch.zeros_like(context))


class NewMaskEachCall(MADE):
    """Another mask is drawn at every evaluation."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        kept = torch.rand(features.shape[1], device=features.device) < 0.5
        return super().forward(features * kept[:, None], context)


@contextlib.contextmanager
def dense_weights() -> Iterator[AutoregressiveModel]:
    """Weights that were loaded without their masks."""
    model = small(MADE, MADEOptions((9,)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator()))
    yield model


@contextlib.contextmanager
def masks_from_chance() -> Iterator[AutoregressiveModel]:
    """Masks that another process will not draw again."""
    import arden.networks.made as made

    def degrees(num_steps: int, options: MADEOptions) -> list[Tensor]:
        return [torch.arange(width) % (num_steps - 1) + 1 for width in options.hidden]

    with patch.object(made, "_degrees", degrees):
        yield small(MADE, MADEOptions((9,), masks=2, degrees="random"))


@contextlib.contextmanager
def right_map_not_shifted() -> Iterator[AutoregressiveModel]:
    """What comes from the right is added in its own row: it tells of pixels yet to come."""
    import arden.networks.diagonal_bilstm as diagonal

    with patch.object(diagonal, "a_row_down", lambda units: units):
        yield small(DiagonalBiLSTM, DiagonalBiLSTMOptions(6, 1, 3), ordering=Raster((3, 3)))


@contextlib.contextmanager
def planted(network: Any, options: Any, **parts: Any) -> Iterator[AutoregressiveModel]:
    """A broken network -> a model with it."""
    yield small(network, options, **parts)


@contextlib.contextmanager
def _ungated() -> Iterator[AutoregressiveModel]:
    model = small(GatedLeak, NADE_OPTIONS, ordering=FIVE)
    assert isinstance(model.network, GatedLeak)
    with torch.no_grad():
        model.network.gate.zero_()
    yield model


STRUCTURE_DEFECTS = {
    "MADE: output sees itself": (
        "no leak",
        lambda: planted(SeesItself, MADEOptions((9,))),
    ),
    "MADE: both masks strict": (
        "structure as promised",
        lambda: planted(StrictTwice, MADEOptions((9,), direct=False)),
    ),
    "Markov: memory one too short": (
        "structure as promised",
        lambda: planted(NarrowMarkov, MarkovOptions(1)),
    ),
    "FVSBN: window one too wide": (
        "no leak",
        lambda: planted(WideFVSBN, FVSBNOptions(2)),
    ),
    "leak behind a zero weight": (
        "structure as promised",
        lambda: _ungated(),
    ),
    "features centred over time": (
        "no leak",
        lambda: planted(CentredInTime, NADE_OPTIONS),
    ),
    "score depends on the batch": (
        "row independent of its batch",
        lambda: planted(CentredInBatch, NADE_OPTIONS),
    ),
    "context never used": (
        "structure as promised",
        lambda: planted(NeverListens, NADE_OPTIONS, context_size=2),
    ),
    "new mask at each evaluation": (
        "evaluation is deterministic",
        lambda: planted(NewMaskEachCall, MADEOptions((9,))),
    ),
    "Diagonal BiLSTM: right map not shifted": ("no leak", right_map_not_shifted),
    "masks lost, weights dense": ("masked weights are zero", dense_weights),
    "masks not saved": ("fresh process", masks_from_chance),
}
"""Name -> (the check that must fail, a context that holds the broken model)."""
