"""Defects planted in how a network walks: caches, states, contexts and orders."""

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
from arden.networks._raster import Pixel
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.nade import NADE
from arden.networks.pixelcnn_plus_plus import PixelCNNPlusPlus, PixelCNNPlusPlusOptions
from arden.orderings.raster import Raster
from tests.audit.defects_of_structure import NADE_OPTIONS, planted
from tests.audit.small_models import small

THREE = Categorical(3)
TRANSFORMER = AnyOrderTransformerOptions(8, 2, 2)


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


class ForgetsOnce(GRU):
    """The hidden units are lost at one fill level."""

    def step(self, state: State, feature: Tensor) -> tuple[Tensor, State]:
        hidden, position = state
        hidden = tuple(part * 0 for part in hidden) if position == 3 else hidden
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


class UnchainedColours(PixelCNNPlusPlus):
    """Walks draw the channels of a pixel independently, though the score chains them."""

    def at(
        self, planes: Tensor, carried: State, pixel: Pixel, channel: int
    ) -> tuple[Tensor, State]:
        blank = planes.clone()
        blank[:, ::2, pixel[0] + self.margin, pixel[1] + self.margin] = 0
        return super().at(blank, carried, pixel, channel)


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


WALK_DEFECTS = {
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
    "GRU: state lost at one step": (
        "cached steps equal one pass",
        lambda: planted(ForgetsOnce, GRUOptions(6), conditional=THREE),
    ),
    "first row's order for all rows": (
        "cached steps equal one pass",
        lambda: planted(FirstRowsOrder, TRANSFORMER, conditional=THREE),
    ),
    "colours drawn independently": (
        "cached steps equal one pass",
        lambda: planted(
            UnchainedColours,
            PixelCNNPlusPlusOptions(4, 1, 3),
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
}
"""Name -> (the check that must fail, a context that holds the broken model)."""
