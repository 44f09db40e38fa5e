"""Defects planted in scoring: in the model, the mixture, the orderings and the families."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.core import walker
from arden.core.dispatch import FORWARD_KERNELS
from arden.core.mixture import Mixture, MixtureWalker
from arden.core.model import AutoregressiveModel
from arden.core.ordering import Ordering
from arden.core.walker import Walker
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.until_end import UntilEnd
from tests.audit.small_models import SIX, SOUND, Model, small

real_conditionals = AutoregressiveModel.log_conditionals
real_log_prob = AutoregressiveModel.log_prob
real_select = walker.select_rows


def without_first_step(self: AutoregressiveModel, x: Tensor, *rest: Any, **named: Any) -> Tensor:
    """log_prob without the first factor p(x₁)."""
    terms = self.log_conditionals(x, *rest, **named).flatten(1)
    first = self.dims(len(x), terms.shape[1])[..., 0]
    return terms.sum(dim=1) - terms[:, first]


def without_column_zero(self: AutoregressiveModel, x: Tensor, *rest: Any, **named: Any) -> Tensor:
    """log_prob without column 0, whatever the ordering."""
    return self.log_conditionals(x, *rest, **named).flatten(1)[:, 1:].sum(dim=1)


def terms_out_of_place(self: AutoregressiveModel, x: Tensor, *rest: Any, **named: Any) -> Tensor:
    """The terms in step order, though asked for in event order."""
    terms = real_conditionals(self, x, *rest, **named).flatten(1)
    return terms[:, self.dims(len(x), terms.shape[1])].reshape(x.shape)


def unknown_as_zero(
    self: AutoregressiveModel,
    x: Tensor,
    context: Tensor | None = None,
    order: Tensor | None = None,
    observed: Tensor | None = None,
) -> Tensor:
    """Missing values are scored as if zero had been seen."""
    filled = x if observed is None else torch.where(observed, x, torch.zeros_like(x))
    return real_log_prob(self, filled, context, order)


def mean_of_logs(self: Mixture, x: Tensor, context: Any = None, observed: Any = None) -> Tensor:
    """The mean of log probabilities, called an ensemble."""
    joints = torch.stack([m.log_prob(x, context, observed=observed) for m in self.models])
    return (joints * self.log_weights.exp().to(joints.dtype)[:, None]).sum(dim=0)


def weights_never_updated(self: MixtureWalker, values: Tensor) -> None:
    """A walk that mixes with the prior weights all along."""
    for inner in self._walkers:
        inner.advance(values)


def shared_when_whole(state: Any, rows: Tensor) -> Any:
    """Rows that are all rows in their order are handed out without a copy."""
    if isinstance(state, Tensor) and torch.equal(rows, torch.arange(len(state))):
        return state
    if isinstance(state, tuple):
        return tuple(shared_when_whole(leaf, rows) for leaf in state)
    return real_select(state, rows)


def everything_valid(self: UntilEnd, values: Tensor) -> Tensor:
    """The padding after an end symbol belongs to the event."""
    return torch.ones_like(values, dtype=torch.bool)


def end_not_valid(self: UntilEnd, values: Tensor) -> Tensor:
    """The end symbol itself costs nothing."""
    return (values == self.end).cumsum(dim=1) == 0


def almost_normalised(self: Categorical, params: Tensor) -> Tensor:
    """Masses that sum to 1.01."""
    return params.log_softmax(dim=-1) + 0.01


def probability_as_logit(self: Bernoulli, params: Tensor, value: Tensor) -> Tensor:
    """A score of σ(σ(a)): a probability where a logit is expected."""
    logit = params[..., 0].sigmoid()
    return -torch.nn.functional.softplus(torch.where(value.bool(), -logit, logit))


def forgotten_scale(self: GaussianMixture, params: Tensor, value: Tensor) -> Tensor:
    """A density without the −ln σ of its scale."""
    log_weights, means, scales = self.parts(params)
    standardised = (value[..., None].to(means.dtype) - means) / scales
    terms = -0.5 * standardised**2 - 0.9189385332046727
    return (log_weights + terms).logsumexp(dim=-1)


def kernel_of_zeros(network: Any, features: Tensor, hidden: Tensor) -> Tensor | None:
    """A fused forward pass that is wrong in the precision it serves."""
    if features.dtype == torch.float64:
        return None
    return features.new_zeros(*features.shape[:2], network.spec.num_params)


@dataclass(frozen=True)
class VisitsTwice(Ordering):
    """Visits scalar 0 twice and the last one never."""

    event_shape: tuple[int, ...] = (5,)

    def order(self, length: int | None = None) -> Tensor:
        return torch.tensor([0, 0, 1, 2, 3])


@contextlib.contextmanager
def patched(owner: Any, name: str, wrong: Any, model: Model) -> Iterator[Model]:
    """A class, one of its methods, a wrong one -> a sound model that uses it."""
    with patch.object(owner, name, wrong):
        yield model


@contextlib.contextmanager
def wrong_forward_kernel() -> Iterator[Model]:
    """A forward kernel of zeros."""
    with patch.dict(FORWARD_KERNELS, {("NADE", "cpu"): kernel_of_zeros}):
        yield small(NADE, NADEOptions(7))


@contextlib.contextmanager
def plain(model: Model) -> Iterator[Model]:
    """A model whose defect is in itself."""
    yield model


def _fvsbn(**parts: Any) -> AutoregressiveModel:
    return small(FVSBN, FVSBNOptions(), ordering=SIX, **parts)


MODEL_DEFECTS = {
    "first factor dropped": (
        "total probability is one",
        lambda: patched(AutoregressiveModel, "log_prob", without_first_step, _fvsbn()),
    ),
    "column 0 dropped": (
        "score is the sum of its terms",
        lambda: patched(AutoregressiveModel, "log_prob", without_column_zero, _fvsbn()),
    ),
    "terms out of place": (
        "score is the sum of its terms",
        lambda: patched(AutoregressiveModel, "log_conditionals", terms_out_of_place, _fvsbn()),
    ),
    "unobserved scored as zero": (
        "unknown counts for nothing",
        lambda: patched(AutoregressiveModel, "log_prob", unknown_as_zero, _fvsbn()),
    ),
    "logs averaged over orders": (
        "total probability is one",
        lambda: patched(Mixture, "log_prob", mean_of_logs, SOUND["orders"](0)),
    ),
    "logs averaged over masks": (
        "mixture averages probabilities",
        lambda: patched(Mixture, "log_prob", mean_of_logs, SOUND["masks"](0)),
    ),
    "mixture weights not updated": (
        "score is the sum of its terms",
        lambda: patched(MixtureWalker, "advance", weights_never_updated, SOUND["masks"](0)),
    ),
    "fork shares its state": (
        "forked walks stay apart",
        lambda: patched(walker, "select_rows", shared_when_whole, _fvsbn()),
    ),
    "fork is the walk itself": (
        "forked walks stay apart",
        lambda: patched(Walker, "select", lambda self, rows: self, _fvsbn()),
    ),
    "padding scored": (
        "unknown counts for nothing",
        lambda: patched(UntilEnd, "valid", everything_valid, SOUND["gru strings"](0)),
    ),
    "end symbol not scored": (
        "total probability is one",
        lambda: patched(UntilEnd, "valid", end_not_valid, SOUND["gru strings"](0)),
    ),
    "masses sum to 1.01": (
        "conditionals sum to one",
        lambda: patched(Categorical, "log_pmf", almost_normalised, SOUND["nade"](0)),
    ),
    "probability taken for a logit": (
        "conditionals sum to one",
        lambda: patched(Bernoulli, "log_prob", probability_as_logit, _fvsbn()),
    ),
    "density without its scale": (
        "conditionals sum to one",
        lambda: patched(GaussianMixture, "log_prob", forgotten_scale, SOUND["nade reals"](0)),
    ),
    "wrong forward kernel": ("single against double precision", wrong_forward_kernel),
    "a scalar visited twice": (
        "every scalar has one step",
        lambda: plain(small(NADE, NADEOptions(7), ordering=VisitsTwice())),
    ),
}
"""Name -> (the check that must fail, a context that holds the broken model)."""
