"""How normal rows look to a model: ln p(x), and the repairs of it; higher is more normal."""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.classify import class_log_prior, class_log_probs
from arden.tasks.complexity import complexity_bits
from arden.tasks.score import score as log_prob_of
from arden.tasks.verbs import exact

__all__ = ["Classes", "ScoreName", "check_score", "document_normality", "normality"]

ScoreName = Literal["likelihood", "ratio", "typicality", "complexity"]
Classes = Literal["given", "mixture", "max"]


def check_score(name: str, background: object) -> None:
    """The name of a score, a background model or None -> ().

    Raises:
        InputError: no such score; a ratio without a background, or a background without a ratio.
    """
    if name not in get_args(ScoreName):
        raise InputError(f"score: expected one of {', '.join(get_args(ScoreName))}, got {name!r}")
    if name == "ratio" and background is None:
        raise InputError(
            "background: expected a model for a likelihood ratio, fitted to mutated rows "
            "(arden fit … --mutate 0.2), got none"
        )
    if name != "ratio" and background is not None:
        raise InputError(f"background: expected none with the score {name!r}, which has no use")


def normality(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    scored: Tensor | None = None,
    score: ScoreName = "likelihood",
    background: AnyModel | None = None,
    classes: Classes = "given",
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N,) float64: how normal each row looks, in nats.

    ``likelihood`` and ``typicality``: ln p(x); what is typical is judged when a calibration knows
    what is usual. ``ratio``: ln p(x) − ln p₀(x) with a ``background`` p₀ fitted to mutated rows,
    which takes away what any row of this look would get (Ren et al., "Likelihood ratios for
    out-of-distribution detection", 2019). ``complexity``: ln p(x) + L(x) ln 2 with the bits L(x)
    that the best lossless compressor needs, itself a ratio to a universal model (Serrà et al.,
    "Input complexity and out-of-distribution detection with likelihood-based generative models",
    2020).

    A class-conditional model is given each row's class in ``context``; or ``classes`` asks for the
    ``mixture`` over all its classes, as frequent as in the rows of the fit, or for the class that
    gives most (``max``, no probability, but a score as good as any). With ``scored`` (windows of
    sequences) the figure is per scored value, because windows score different numbers of them.

    Raises:
        InputError: as `score`; a model without a density; a background of other events; real
            values, which no lossless compressor is made for.
    """
    check_score(score, background)
    model = exact("detect", model)
    found = _log_prob(model, x, context, observed, scored, classes, batch_size)
    if score == "ratio":
        assert background is not None
        other = exact("detect", background)
        if other.event_shape != model.event_shape:
            raise InputError(
                f"background: expected a model of events of shape {model.event_shape}, "
                f"got {other.event_shape}"
            )
        given = context if other.context_size else None
        base = _log_prob(other, x, given, observed, scored, classes, batch_size)
        # What the model finds impossible is no more normal for being impossible twice.
        found = torch.where(found.isneginf(), found, found - base)
    elif score == "complexity":
        found = found + math.log(2) * complexity_bits(x, _counted(model, x, observed, scored))
    return found if scored is None else found / scored.flatten(1).sum(dim=1).clamp(min=1)


def document_normality(found: Tensor, scored: Tensor, document: Tensor, count: int) -> Tensor:
    """(N,) what `normality` gave of windows, (N, W) bool: what each scored, (N,) their documents,
    M -> (M,): how normal each document looks, per symbol of it.

    Every symbol is scored in one window: these are nats of whole documents, and documents, unlike
    windows, may be as independent of each other as a calibration asks for.

    >>> scored = torch.tensor([[True, True], [False, True]])
    >>> document_normality(torch.tensor([-1.0, -4.0]), scored, torch.tensor([0, 0]), 1)
    tensor([-2.], dtype=torch.float64)
    """
    symbols = scored.flatten(1).sum(dim=1).double()
    # What a document of no symbol looks like is not known: it is as normal as can be.
    total, length = torch.zeros(2, count, dtype=torch.float64)
    total.index_add_(0, document, torch.where(symbols > 0, found.double() * symbols, 0.0))
    length.index_add_(0, document, symbols)
    return total / length.clamp(min=1)


def _log_prob(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None,
    observed: Tensor | None,
    scored: Tensor | None,
    classes: str,
    batch_size: int | None,
) -> Tensor:
    if classes not in get_args(Classes):
        raise InputError(
            f"classes: expected one of {', '.join(get_args(Classes))}, got {classes!r}"
        )
    if not model.context_size or classes == "given":
        return log_prob_of(model, x, context, observed, scored=scored, batch_size=batch_size)
    joint = class_log_probs(model, x, observed, scored=scored, batch_size=batch_size)
    if classes == "max":
        return joint.amax(dim=1)
    # Weights as frequent as in the rows of the fit; the same for all where they are not known.
    known = model.class_counts or [1.0] * model.context_size
    return (joint + class_log_prior(model, known)).logsumexp(dim=1)


def _counted(
    model: AutoregressiveModel | Mixture, x: Tensor, observed: Tensor | None, scored: Tensor | None
) -> Tensor | None:
    """What is compressed: what is scored, else what is observed; of strings, up to their ends."""
    first = model.models[0] if isinstance(model, Mixture) else model
    if first.ordering.end is not None:
        return first.ordering.valid(x)
    return scored if scored is not None else observed
