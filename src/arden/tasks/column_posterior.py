"""p(one variable | the others) of a joint model: every value of it is tried."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.errors import InputError
from arden.orderings.observed_first import observed_first as visit_first
from arden.tasks.score import check_rows, chunk_rows, in_chunks, score

__all__ = ["column_posterior"]


def column_posterior(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    column: int,
    observed: Tensor | None = None,
    *,
    observed_first: bool = False,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), the place of a variable -> (N, K) float64: ln p(its value | the others), nats.

    What stands there in x is never looked at. Every value is put there and the whole is scored, so
    that it is exact for the joint of the model's order, wherever that visits the column. With
    ``observed_first`` the joint is that of the order which visits the observed, then the column,
    then the rest, and the answer a single conditional of it. Where nothing observed can be, NaN.

    Raises:
        InputError: a place that is not there, or that holds real numbers; a model with a context;
            ``observed_first`` of a model that has one order; and as `score` does.
    """
    check_rows(x, observed=observed)
    size = _num_levels(model, x, column)
    given = torch.ones_like(x, dtype=torch.bool) if observed is None else observed.bool()
    others = _with(given, column, False)
    if observed_first:
        if isinstance(model, Mixture) or not isinstance(model.network, AnyOrderNetwork):
            name = "a Mixture" if isinstance(model, Mixture) else type(model.network).__name__
            raise InputError(
                f"observed_first: expected a model with an any-order network, got {name}"
            )
        return _conditional(model, x, column, others, size, batch_size)
    known = None if observed is None else _with(others, column, True)

    def with_value(value: int) -> Tensor:
        return score(model, _with(x, column, value), observed=known, batch_size=batch_size)

    return torch.stack([with_value(value) for value in range(size)], dim=1).log_softmax(dim=1)


def _conditional(
    model: AutoregressiveModel,
    x: Tensor,
    column: int,
    others: Tensor,
    size: int,
    batch_size: int | None,
) -> Tensor:
    """(N, *event), what is known besides the column -> (N, K), by one pass."""

    def posterior(rows: slice) -> Tensor:
        known = others[rows].to(model.device)
        own = model.dims(len(known), known[0].numel())
        # The column leads what is unknown, so that it comes right after what is known.
        order = torch.cat([own[own == column], own[own != column]])
        values = torch.where(known, x[rows].to(model.device), 0)
        params = model.params(values, order=visit_first(known, order)).flatten(1, -2)[:, column]
        family = model.conditional.at(torch.tensor([column], device=model.device))
        levels = torch.arange(size, device=model.device).expand(len(known), -1)
        terms = [
            family.log_prob(params[:, None], levels[:, k : k + 1].to(values.dtype))
            for k in range(size)
        ]
        return torch.cat(terms, dim=1).double().log_softmax(dim=1)

    return in_chunks(model, x, posterior, batch_size or chunk_rows(model, x[0].numel()))


def _with(rows: Tensor, column: int, value: int | bool) -> Tensor:
    """(N, *event), a place, what is to stand there -> a copy of the rows with it."""
    flat = rows.reshape(len(rows), -1).clone()
    flat[:, column] = value
    return flat.reshape(rows.shape)


def _num_levels(model: AutoregressiveModel | Mixture, x: Tensor, column: int) -> int:
    if model.context_size:
        raise InputError(
            "column: this model is told the class of a row; ask for its classes, without a column"
        )
    first = model.models[0] if isinstance(model, Mixture) else model
    if first.ordering.num_steps is None:
        raise InputError("column: strings have no column in which a class could stand")
    count = first.ordering.num_steps
    if not 0 <= column < count:
        raise InputError(f"column: expected a place in 0 … {count - 1}, got {column}")
    family = first.conditional.at(torch.tensor([column], device=first.device))
    if family.num_symbols is None:
        raise InputError(f"column: expected one of levels, but column {column} holds real numbers")
    # Beside wider columns a family is padded to theirs; its own levels are those it contains.
    levels = torch.arange(family.num_symbols, device=first.device)
    return int(family.contains(levels[:, None]).sum())
