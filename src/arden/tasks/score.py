"""Score: ln p(x), in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.kernels import register

__all__ = ["check_rows", "chunk_rows", "score", "score_conditionals"]

_CHUNK_NUMBERS = 2**23  # of features and parameters together: 32 MB of float32 at a time
_MOST_ROWS = 256


def score(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N,) float64: ln p(x | context) of every row, in nats.

    With ``observed`` (N, *event) it is ln p of what was observed. Rows are independent of how they
    are cut into batches; ``batch_size`` only bounds memory.

    Raises:
        InputError: wrong shapes or values outside the support.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> arden.score(model, data.test.values).mean()
    tensor(-25.2447, dtype=torch.float64)
    """
    check_rows(x, context=context, observed=observed)

    def log_prob(rows: slice) -> Tensor:
        some = None if observed is None else observed[rows]
        terms = model.log_prob(x[rows], _rows(context, rows), observed=some)
        return terms.double()

    return _in_chunks(model, x, log_prob, batch_size)


def score_conditionals(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    context: Tensor | None = None,
    *,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N, *event): ln p(x_i | what came before it), in nats.

    Raises:
        InputError: as `score`; and a mixture over different orders, which has no such terms.
    """
    check_rows(x, context=context)

    def log_conditionals(rows: slice) -> Tensor:
        return model.log_conditionals(x[rows], _rows(context, rows))

    return _in_chunks(model, x, log_conditionals, batch_size)


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


def chunk_rows(model: AutoregressiveModel | Mixture, numbers_per_row: int) -> int:
    """A model, scalars of an event -> how many rows to take at a time so that memory stays flat."""
    first = model.models[0] if isinstance(model, Mixture) else model
    per_scalar = first.conditional.num_features + first.conditional.num_params
    return max(1, min(_MOST_ROWS, _CHUNK_NUMBERS // max(numbers_per_row * per_scalar, 1)))


def _rows(context: Tensor | None, rows: slice) -> Tensor | None:
    return None if context is None else context[rows]


@torch.no_grad()
def _in_chunks(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    compute: Callable[[slice], Tensor],
    batch_size: int | None,
) -> Tensor:
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
        model.train(training)
    return torch.cat(chunks)
