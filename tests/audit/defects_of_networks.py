"""Defects planted in networks: each a subclass or a patch that breaks one promise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from arden.conditionals.categorical import Categorical
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.model import AutoregressiveModel
from arden.core.network import State
from arden.layers.causal_attention import TransformerBlock
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.pixelcnn import PixelCNN, PixelCNNOptions
from arden.orderings.raster import Raster
from tests.audit.small_models import FIVE, small

NADE_OPTIONS = NADEOptions(7)
TRANSFORMER = AnyOrderTransformerOptions(8, 2, 2)


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


class StaleSum(NADE):
    """The running sum is used before the newest value is added to it."""

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        sums, output_bias, position = state
        params = self._params(sums, output_bias, position + 1)
        return params, (sums + feature @ self.inputs[position], output_bias, position + 1)


class SumInModule(NADE):
    """The running sum is kept in the module, where every walk overwrites it."""

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        params, (self.sums, output_bias, position) = super().start(batch_size, context)
        return params, (output_bias, position)

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        output_bias, position = state
        params, (self.sums, output_bias, position) = super().step(
            (self.sums, output_bias, position), feature
        )
        return params, (output_bias, position)


class ForgetfulStart(NADE):
    """Walks start without the context."""

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        assert context is not None
        return super().start(batch_size, torch.zeros_like(context))


class NeverListens(NADE):
    """The context changes nothing at all."""

    def biases(self, batch_size: int, context: Tensor | None) -> tuple[Tensor, Tensor]:
        assert context is not None
        return super().biases(batch_size, torch.zeros_like(context))


class ForgetsOnce(GRU):
    """The hidden units are lost at one fill level."""

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        hidden, position = state
        hidden = hidden * 0 if position == 3 else hidden
        params, hidden = super().step(hidden, feature)
        return params, (hidden, position + 1)

    def start(self, batch_size: int, context: Tensor | None = None) -> tuple[Tensor, State]:
        params, hidden = super().start(batch_size, context)
        return params, (hidden, 0)


class FirstRowsOrder(AnyOrderTransformer):
    """Walks give every row the first row's order."""

    def start(
        self, batch_size: int, context: Tensor | None = None, order: Tensor | None = None
    ) -> tuple[Tensor, State]:
        first = order[:1].expand_as(order) if order is not None and order.dim() == 2 else order
        return super().start(batch_size, context, first)


class NewMaskEachCall(MADE):
    """Another mask is drawn at every evaluation."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        kept = torch.rand(features.shape[1], device=features.device) < 0.5
        return super().forward(features * kept[:, None], context)


class UnchainedColours(PixelCNN):
    """Walks draw the channels of a pixel independently, though the score chains them."""

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        _, state = super().step(state, feature)
        seen, context, order, position = state
        assert self.spec.grid is not None
        channels = self.spec.grid[2]
        blank = seen.clone()
        blank[:, position - position % channels :] = 0
        params, _ = self._replay(blank, context, order, position)
        return params, state


def first_rows_cache(self: TransformerBlock, x: Tensor, cache: State, position: int) -> Any:
    """The first row's keys and values serve all rows."""
    query, key, value = self._heads(x)
    keys, values = cache
    keys[:, :, position], values[:, :, position] = key[:1, :, 0], value[:1, :, 0]
    seen = slice(0, position + 1)
    attended = scaled_dot_product_attention(query, keys[:, :, seen], values[:, :, seen])
    return self._finish(x, attended), (keys, values)


def cache_behind_by_one(self: TransformerBlock, x: Tensor, cache: State, position: int) -> Any:
    """The newest key is not looked at."""
    query, key, value = self._heads(x)
    keys, values = cache
    keys[:, :, position], values[:, :, position] = key[:, :, 0], value[:, :, 0]
    seen = slice(0, max(position, 1))
    attended = scaled_dot_product_attention(query, keys[:, :, seen], values[:, :, seen])
    return self._finish(x, attended), (keys, values)


@contextlib.contextmanager
def patched_transformer(step: Any) -> Iterator[AutoregressiveModel]:
    """Another step of attention -> a Transformer that walks with it."""
    with patch.object(TransformerBlock, "step", step):
        yield small(AnyOrderTransformer, TRANSFORMER, Categorical(3))


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
def planted(network: Any, options: Any, **parts: Any) -> Iterator[AutoregressiveModel]:
    """A broken network -> a model with it."""
    yield small(network, options, **parts)


THREE = Categorical(3)
NETWORK_DEFECTS = {
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
    "NADE: stale running sum": (
        "cached steps equal one pass",
        lambda: planted(StaleSum, NADE_OPTIONS),
    ),
    "NADE: state in the module": (
        "forked walks stay apart",
        lambda: planted(SumInModule, NADE_OPTIONS),
    ),
    "walks start without context": (
        "cached steps equal one pass",
        lambda: planted(ForgetfulStart, NADE_OPTIONS, context_size=2),
    ),
    "context never used": (
        "structure as promised",
        lambda: planted(NeverListens, NADE_OPTIONS, context_size=2),
    ),
    "GRU: state lost at one step": (
        "cached steps equal one pass",
        lambda: planted(ForgetsOnce, GRUOptions(6), conditional=THREE),
    ),
    "first row's order for all rows": (
        "cached steps equal one pass",
        lambda: planted(FirstRowsOrder, TRANSFORMER, conditional=THREE),
    ),
    "new mask at each evaluation": (
        "evaluation is deterministic",
        lambda: planted(NewMaskEachCall, MADEOptions((9,))),
    ),
    "colours drawn independently": (
        "cached steps equal one pass",
        lambda: planted(
            UnchainedColours,
            PixelCNNOptions(4, 1, 3),
            conditional=LogisticMixture(4, 2),
            ordering=Raster((2, 2, 2)),
        ),
    ),
    "first row's cache for all rows": (
        "cached steps equal one pass",
        lambda: patched_transformer(first_rows_cache),
    ),
    "key cache behind by one": (
        "cached steps equal one pass",
        lambda: patched_transformer(cache_behind_by_one),
    ),
    "masks lost, weights dense": ("masked weights are zero", dense_weights),
    "masks not saved": ("fresh process", masks_from_chance),
}
"""Name -> (the check that must fail, a context that holds the broken model)."""


@contextlib.contextmanager
def _ungated() -> Iterator[AutoregressiveModel]:
    model = small(GatedLeak, NADE_OPTIONS, ordering=FIVE)
    assert isinstance(model.network, GatedLeak)
    with torch.no_grad():
        model.network.gate.zero_()
    yield model
