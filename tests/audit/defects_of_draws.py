"""Defects planted in drawing: samples that follow another density than the one that scores them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.special import ndtri

from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core import draw as drawing
from arden.core.conditional import Discrete
from arden.core.dispatch import DRAW_KERNELS
from arden.core.mixture import Mixture
from arden.core.walker import Walker
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from tests.audit.defects_of_models import patched
from tests.audit.small_models import SOUND, Model, small

real_draw = Discrete.draw
real_generic_draw = drawing.generic_draw


def at_temperature(temperature: float) -> Callable[[Discrete, Tensor, Tensor], Tensor]:
    """τ -> a draw from p^(1/τ), as if it were a draw from p."""

    def draw(self: Discrete, params: Tensor, noise: Tensor) -> Tensor:
        mass = (self.log_pmf(params).double() / temperature).softmax(dim=-1)
        below = (mass.cumsum(dim=-1) <= noise).sum(dim=-1)
        return below.clamp(max=self.num_symbols - 1)

    return draw


def never_the_last(self: Discrete, params: Tensor, noise: Tensor) -> Tensor:
    """The last symbol cannot be drawn."""
    return real_draw(self, params, noise).clamp(max=self.num_symbols - 2)


def beyond_the_last(self: Discrete, params: Tensor, noise: Tensor) -> Tensor:
    """Now and then a symbol is drawn that does not exist."""
    drawn = real_draw(self, params, noise)
    return torch.where(noise[..., 0] > 0.999, self.num_symbols, drawn)


def uniform_symbol(self: Discrete, params: Tensor, noise: Tensor) -> Tensor:
    """The parameters are not looked at."""
    return (noise[..., 0] * self.num_symbols).long()


def unrounded(self: Discrete, params: Tensor, noise: Tensor) -> Tensor:
    """A level that is not on the grid yet: it is rounded when the event is told."""
    return real_draw(self, params, noise).double() + 0.98 * (noise[..., 0] - 0.5)


def advance_unrounded(self: Walker, values: Tensor) -> None:
    """The event keeps the rounded value, the network is shown the unrounded one."""
    step = self.step
    self._values.scatter_(1, step.dims[:, None], values.round()[:, None].to(self._values.dtype))
    self._index += 1
    if not self.done:
        feature = step.family.features(values).to(self._model.dtype)
        self._params, self._state = self._model.network.step(self._state, feature)


def variance_for_deviation(self: GaussianMixture, params: Tensor, noise: Tensor) -> Tensor:
    """Draws with σ² where σ belongs."""
    log_weights, means, scales = self.parts(params)
    below = (log_weights.exp().cumsum(dim=-1) <= noise[..., :1]).sum(dim=-1)
    chosen = below.clamp(max=self.components - 1)[..., None]
    mean, scale = means.gather(-1, chosen)[..., 0], scales.gather(-1, chosen)[..., 0]
    return mean + scale**2 * ndtri(noise[..., 1])


def shared_noise(axis: int) -> Callable[..., Tensor]:
    """An axis -> the generic walk with the first noise of that axis for all of it."""

    def draw(model: Any, noise: Tensor, *rest: Any, **named: Any) -> Tensor:
        first = noise.narrow(axis, 0, 1).expand_as(noise)
        return real_generic_draw(model, first, *rest, **named)

    return draw


def ignores_context(model: Any, noise: Tensor, *rest: Any, **named: Any) -> Tensor:
    """Every row is drawn under the first row's context."""
    context = named.get("context", rest[2] if len(rest) > 2 else None)
    order = named.get("order", rest[3] if len(rest) > 3 else None)
    given = None if context is None else context[:1].expand_as(context)
    return real_generic_draw(model, noise, context=given, order=order)


def any_component(self: Mixture, noise: Tensor) -> Tensor:
    """Components are chosen without regard to their weights."""
    return (noise * len(self.models)).long()


def kernel_of_coins(model: Any, noise: Tensor, *rest: Any) -> Tensor:
    """A fused walk that tosses fair coins."""
    return (noise[..., 0] > 0.5).long()


@contextlib.contextmanager
def wrong_draw_kernel() -> Iterator[Model]:
    """A draw kernel of coins."""
    with patch.dict(DRAW_KERNELS, {("NADE", "Bernoulli", "cpu"): kernel_of_coins}):
        yield small(NADE, NADEOptions(7))


@contextlib.contextmanager
def unrounded_feedback() -> Iterator[Model]:
    """What is fed back is not what is told."""
    model = small(NADE, NADEOptions(7), LogisticMixture(2, 2), Raster((5,)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # steps that hardly depend on each other would not mind
    with (
        patch.object(LogisticMixture, "draw", unrounded),
        patch.object(Walker, "advance", advance_unrounded),
    ):
        yield model


def _discrete(wrong: Any) -> Any:
    return patched(Discrete, "draw", wrong, SOUND["nade"](0))


DRAW_DEFECTS = {
    "temperature 0.9": ("sample transform", lambda: _discrete(at_temperature(0.9))),
    "last symbol unreachable": ("sample transform", lambda: _discrete(never_the_last)),
    "symbol outside the support": ("sample transform", lambda: _discrete(beyond_the_last)),
    "symbols all equally likely": ("sample frequencies", lambda: _discrete(uniform_symbol)),
    "unrounded feedback": ("sample frequencies", unrounded_feedback),
    "variance for deviation": (
        "sample transform",
        lambda: patched(GaussianMixture, "draw", variance_for_deviation, SOUND["nade reals"](0)),
    ),
    "one noise for all rows": (
        "sample transform",
        lambda: patched(drawing, "generic_draw", shared_noise(0), SOUND["fvsbn"](0)),
    ),
    "one noise for all steps": (
        "sample frequencies",
        lambda: patched(drawing, "generic_draw", shared_noise(1), SOUND["independent"](0)),
    ),
    "first row's context for all": (
        "sample transform",
        lambda: patched(drawing, "generic_draw", ignores_context, SOUND["table"](0)),
    ),
    "component weights ignored": (
        "sample frequencies",
        lambda: patched(Mixture, "choose_component", any_component, SOUND["masks"](0)),
    ),
    "wrong draw kernel": ("sample frequencies", wrong_draw_kernel),
    "draws at temperature 1.1": ("sample transform", lambda: _discrete(at_temperature(1.1))),
}
"""Name -> (the check that must fail, a context that holds the broken model)."""
