"""Score: ln p(x), in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.kernels import register
from arden.tasks.verbs import exact

__all__ = ["check_rows", "check_scored", "chunk_rows", "in_chunks", "score", "score_conditionals"]

_CHUNK_NUMBERS = 2**23  # of features and parameters together: 32 MB of float32 at a time
_MOST_ROWS = 256


def score(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    scored: Tensor | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N,) float64: ln p(x | context) of every row, in nats.

    With ``observed`` (N, *event) it is ln p of what was observed; with ``scored`` (N, *event) it is
    ln p of the scored values given the other observed ones, which must come before them in the
    model's order. Rows are independent of how they are cut into batches; ``batch_size`` only bounds
    memory.

    Raises:
        InputError: wrong shapes or values outside the support; scored values that are not observed
            or come before others that are observed and not scored.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> arden.score(model, data.test.values).mean()
    tensor(-25.2447, dtype=torch.float64)
    """
    model = exact("score", model)
    check_rows(x, context=context, observed=observed, scored=scored)
    if scored is not None:
        check_scored(model, x, scored, observed)

    def log_prob(rows: slice) -> Tensor:
        some, given, kept = _rows(observed, rows), _rows(context, rows), _rows(scored, rows)
        if kept is None:
            return model.log_prob(x[rows], given, observed=some).double()
        if isinstance(model, Mixture) and not model.same_order:
            # Terms do not exist here, but joints do: ln p(all) − ln p(what comes first).
            first = ~kept if some is None else some & ~kept
            whole = model.log_prob(x[rows], given, observed=some).double()
            before = model.log_prob(x[rows], given, observed=first).double()
            return torch.where(before.isneginf(), before, whole - before)
        terms = model.log_conditionals(x[rows], given, observed=some)
        kept = kept.to(terms.device)
        return torch.where(kept, terms, 0.0).flatten(1).double().sum(dim=1)

    return in_chunks(model, x, log_prob, batch_size)


def score_conditionals(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N, *event): ln p(x_i | what came before it), in nats.

    With ``observed`` (N, *event) what is not observed contributes nothing.

    Raises:
        InputError: as `score`; and a mixture over different orders, which has no such terms.
    """
    model = exact("score", model)
    check_rows(x, context=context, observed=observed)

    def log_conditionals(rows: slice) -> Tensor:
        some = _rows(observed, rows)
        return model.log_conditionals(x[rows], _rows(context, rows), observed=some)

    return in_chunks(model, x, log_conditionals, batch_size)


def check_scored(
    model: AutoregressiveModel | Mixture, x: Tensor, scored: Tensor, observed: Tensor | None = None
) -> None:
    """(N, *event), which values are scored, which are observed -> (), or a refusal.

    The terms of some values make up ln p(these | the other observed ones) only where the others all
    come first.

    Raises:
        InputError: scored values that are not observed, or that come before others that are
            observed and not scored, in the order of the model or of a component.
    """
    if scored.shape != x.shape or scored.dtype != torch.bool:
        raise InputError(
            f"scored: expected booleans of the shape of x, {tuple(x.shape)}, "
            f"got {scored.dtype} of shape {tuple(scored.shape)}"
        )
    members = model.models if isinstance(model, Mixture) else [model]
    if tuple(x.shape[1:]) != model.event_shape and model.event_shape:
        return  # the model has a sentence for it
    if observed is not None and observed.shape != x.shape:
        return
    kept = scored.flatten(1)
    others = ~kept if observed is None else observed.to(kept).flatten(1) & ~kept
    if observed is not None and bool((kept & ~observed.to(kept).flatten(1)).any()):
        raise InputError("scored: expected only observed values, but one is not observed")
    # What follows an end symbol is padding: neither scored nor given.
    others = others & members[0].ordering.valid(x.flatten(1)).to(kept.device)
    for member in members:
        dims = member.dims(*kept.shape).to(kept.device)
        behind = kept[:, dims].cumsum(dim=1) > 0
        if bool((others[:, dims] & behind).any()):
            raise InputError(
                "scored: every scored value must come after all observed ones that are not "
                "scored, in the order of the model, but one comes before; the result would not "
                "be ln p(scored | the others)"
            )


def check_rows(x: object, **beside: Tensor | None) -> None:
    """What should be (N, *event), and tensors of one row for each of its own -> ().

    Raises:
        InputError: no tensor, or one without rows; more or fewer rows beside it.
    """
    if not isinstance(x, Tensor):
        raise InputError(f"x: expected a tensor (N, *event), got {type(x).__name__}")
    if x.dim() == 0:
        raise InputError("x: expected a tensor (N, *event), got a single number")
    for name, rows in beside.items():
        if rows is not None and len(rows) != len(x):  # more of them would be cut off in silence
            raise InputError(f"{name}: expected {len(x)} rows, one per row of x, got {len(rows)}")


def chunk_rows(model: AnyModel, numbers_per_row: int) -> int:
    """A model, scalars of an event -> how many rows to take at a time so that memory stays flat."""
    first = model.models[0] if isinstance(model, Mixture) else model
    per_scalar = first.conditional.num_features + first.conditional.num_params
    return max(1, min(_MOST_ROWS, _CHUNK_NUMBERS // max(numbers_per_row * per_scalar, 1)))


def _rows(beside: Tensor | None, rows: slice) -> Tensor | None:
    return None if beside is None else beside[rows]


@torch.no_grad()
def in_chunks(
    model: AnyModel,
    x: Tensor,
    compute: Callable[[slice], Tensor],
    batch_size: int | None,
) -> Tensor:
    """A model, (N, *event), rows -> what is computed of them, so many at a time -> (N, …)."""
    register()
    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size: expected at least 1, got {batch_size}")
    if x.shape[0] == 0:
        raise InputError("x: expected at least one row, got none")
    size = batch_size or chunk_rows(model, x[0].numel())
    training = model.training
    model.eval()
    try:
        chunks = [compute(slice(at, at + size)).cpu() for at in range(0, x.shape[0], size)]
    finally:
        if training:
            model.train()
    return torch.cat(chunks)
