"""Classify: p(y | x) by Bayes, from a model of p(x | y) or from a joint one of p(x, y)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.column_posterior import column_posterior
from arden.tasks.score import check_rows, chunk_rows, in_chunks, score
from arden.tasks.verbs import exact

__all__ = ["class_log_prior", "class_log_probs", "classify", "progressive_posterior"]


def classify(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    prior: Sequence[float] | Tensor | None = None,
    *,
    column: int | None = None,
    observed: Tensor | None = None,
    scored: Tensor | None = None,
    observed_first: bool = False,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event) -> (N, K) float64: ln p(y | x) of every class y, in nats.

    Of a class-conditional model, ln p(x | y) + ln p(y), normalised over y: exact, one pass for
    each class. ``prior`` (K,) are the weights of the classes; without it they are as frequent as
    among the rows that the model was fitted to. With ``observed`` (N, *event) x is what was
    observed; with ``scored`` only those terms count, given the others (windows of a long text).

    With ``column`` the class is a variable of the event itself, by its place in event order: every
    value of it is tried, and what stands there in x is never looked at. Exact wherever it stands in
    the order. ``observed_first`` is for any-order models: the joint is that of the order which
    visits the observed, then the column, then the rest; one pass, and any values may be missing.

    A row that no class can explain has no posterior: NaN.

    Raises:
        InputError: a model without classes; a column without levels; a prior that is not K
            weights, or that was not stored; and as `score` does.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("fvsbn", data, condition="label", epochs=20, progress=False)
    >>> posterior = arden.classify(model, data.test.values)
    >>> posterior.shape, bool((posterior.argmax(dim=1) == data.test.labels).double().mean() > 0.9)
    (torch.Size([360, 10]), True)
    """
    model = exact("classify", model)
    if column is not None:
        if prior is not None:
            raise InputError("prior: expected none with a column, whose own the joint model has")
        if scored is not None:
            raise InputError("scored: expected none with a column, which is scored itself")
        return column_posterior(
            model, x, column, observed, observed_first=observed_first, batch_size=batch_size
        )
    if observed_first:
        raise InputError("observed_first: expected a column of a joint model, got none")
    log_prior = class_log_prior(model, prior)
    log_probs = class_log_probs(model, x, observed, scored=scored, batch_size=batch_size)
    return (log_probs + log_prior).log_softmax(dim=1)


def class_log_prior(
    model: AutoregressiveModel | Mixture, prior: Sequence[float] | Tensor | None = None
) -> Tensor:
    """K weights, or the counts stored with the model -> (K,) float64: ln p(y), normalised.

    Raises:
        InputError: a model without classes, no counts, other than K non-negative weights.
    """
    size = _num_classes(model)
    if prior is None:
        if not model.class_counts:
            raise InputError(
                "prior: no class frequencies are stored with this model, or its components differ "
                f"in them; expected {size} weights, one a class"
            )
        prior = model.class_counts
    weights = torch.as_tensor(prior, dtype=torch.float64).cpu()
    usable = weights.shape == (size,) and bool(((weights >= 0) & weights.isfinite()).all())
    if not usable or weights.sum() == 0:
        raise InputError(
            f"prior: expected {size} non-negative weights, one a class, got {weights.tolist()}"
        )
    return (weights / weights.sum()).log()


def class_log_probs(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    observed: Tensor | None = None,
    *,
    scored: Tensor | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event) -> (N, K) float64: ln p(x | y) of every class y, in nats.

    Those of the windows of one document add up to that of the document.

    Raises:
        InputError: a model without classes, and as `score` does.
    """
    size = _num_classes(model)
    check_rows(x, observed=observed, scored=scored)

    def of_class(index: int) -> Tensor:
        told = _told(model, index, len(x))
        return score(model, x, told, observed, scored=scored, batch_size=batch_size)

    return torch.stack([of_class(index) for index in range(size)], dim=1)


def progressive_posterior(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    prior: Sequence[float] | Tensor | None = None,
    *,
    observed: Tensor | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event) -> (N, T + 1, K) float64: ln p(y | the first t values), t = 0 … T, in nats.

    Values come in the model's order; t = 0 is the prior, t = T what `classify` gives. One pass for
    each class tells all of them. What is not ``observed``, or follows an end symbol, changes
    nothing.

    Raises:
        InputError: as `classify`; and a mixture over different orders, which has no such steps.
    """
    model = exact("classify", model)
    log_prior, size = class_log_prior(model, prior), _num_classes(model)
    check_rows(x, observed=observed)
    first = model.models[0] if isinstance(model, Mixture) else model

    def posterior(rows: slice) -> Tensor:
        some, known = x[rows], None if observed is None else observed[rows]
        dims = first.dims(len(some), some[0].numel())

        def read(index: int) -> Tensor:
            told = _told(model, index, len(some))
            terms = model.log_conditionals(some, told, observed=known).flatten(1)
            return terms.cpu().double()[:, dims.cpu()].cumsum(dim=1)

        joint = torch.stack([read(index) for index in range(size)], dim=2)
        joint = torch.cat([torch.zeros_like(joint[:, :1]), joint], dim=1) + log_prior
        return joint.log_softmax(dim=2)

    rows_at_once = batch_size or max(1, chunk_rows(model, x[0].numel() if len(x) else 1) // size)
    return in_chunks(model, x, posterior, rows_at_once)


def _num_classes(model: AutoregressiveModel | Mixture) -> int:
    if not model.context_size:
        raise InputError(
            "classify: this model was fitted without classes; fit one to labelled data with "
            '`arden fit … --condition label` (condition="label" in Python), or name the column '
            "that is the class"
        )
    return model.context_size


def _told(model: AutoregressiveModel | Mixture, index: int, rows: int) -> Tensor:
    """A class, N -> (N, K): every row is told that it is of this class."""
    told = one_hot(torch.tensor(index), _num_classes(model)).to(torch.get_default_dtype())
    return told.expand(rows, -1)
