"""Where a model is evaluated: real rows, and random events of its support."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from arden.core.conditional import Conditional
from arden.core.draw import uniform_noise
from arden.core.model import AutoregressiveModel
from arden.errors import InputError

__all__ = ["choose_context", "choose_values", "other_value", "random_values", "supports"]


def supports(conditional: Conditional, length: int, end: int | None = None) -> list[Tensor | None]:
    """A family over D scalars -> for each its symbols (K,) int64, or None where it is a real.

    The end symbol is left out: an event that ends early would hide the steps after it.
    """

    def one(dim: int) -> Tensor | None:
        count = conditional.at(torch.tensor([dim])).num_symbols
        if count is None:
            return None
        symbols = torch.arange(count)
        inside = conditional.at(torch.full((count,), dim)).contains(symbols)
        return symbols[inside & (symbols != (-1 if end is None else end))]

    # A family that is its own answer everywhere has one support.
    if length and conditional.at(torch.arange(length)) is conditional:
        return [one(0)] * length
    return [one(dim) for dim in range(length)]


def random_values(
    model: AutoregressiveModel, length: int, rows: int, generator: Generator
) -> Tensor:
    """-> (rows, D): every symbol equally likely; reals drawn from the family at random params."""
    family = model.conditional
    values = torch.zeros(rows, length, dtype=family.value_dtype)
    for dim, symbols in enumerate(supports(family, length, model.ordering.end)):
        if symbols is not None:
            picks = torch.randint(len(symbols), (rows,), generator=generator)
            values[:, dim] = symbols[picks].to(values.dtype)
        else:
            params = torch.randn(rows, family.num_params, generator=generator, dtype=torch.float64)
            noise = uniform_noise(generator, (rows, family.num_noise))
            drawn = family.at(torch.full((rows,), dim)).draw(params, noise)
            values[:, dim] = drawn.to(values.dtype)
    return values


def other_value(
    value: Tensor, symbols: Tensor | None, redrawn: Tensor, generator: Generator
) -> Tensor | None:
    """(), its support, () a real drawn anew -> another value, None when there is no other."""
    if symbols is None:
        return redrawn
    others = symbols[symbols != value.cpu()]
    if not len(others):
        return None
    return others[int(torch.randint(len(others), (), generator=generator))]


def choose_values(
    model: AutoregressiveModel,
    data: Tensor | None,
    length: int,
    rows: int,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """(N, *event) or None -> (rows, D) points, and which rows of the data come first in them.

    Half of the points are real, as far as there are real ones that lie in the support.

    Raises:
        InputError: data of another shape than the model's events.
    """
    values = random_values(model, length, rows, generator)
    if data is None:
        return values, torch.empty(0, dtype=torch.int64)
    data = torch.as_tensor(data).detach().cpu()
    end = model.ordering.end
    expected = (length,) if end is not None else model.event_shape
    if end is not None and data.dim() == 2:
        data = data[:, :length]
        # Rows that end early, or are shorter than the audited length, go on with random symbols.
        padded = torch.full((len(data), length), end, dtype=data.dtype)
        padded[:, : data.shape[1]] = data
        data = padded
    if tuple(data.shape[1:]) != expected or data.dim() != 1 + len(expected):
        shape = "(N, length)" if end is not None else f"(N, {', '.join(map(str, expected))})"
        raise InputError(f"data: expected shape {shape}, got {tuple(data.shape)}")
    flat = data.reshape(len(data), length)
    dims = torch.arange(length)
    order = torch.randperm(len(flat), generator=generator)
    # Rows with missing or foreign cells cannot be evaluated whole; enough others are looked at.
    candidates = order[: 16 * rows]
    inside = model.conditional.at(dims).contains(flat[candidates]).all(dim=1)
    picked = candidates[inside][: rows // 2]
    real = flat[picked].to(values.dtype)
    if end is not None:
        real = torch.where(real == end, values[: len(picked)], real)
    values[: len(picked)] = real
    return values, picked


def choose_context(
    size: int,
    context: Tensor | None,
    picked: Tensor,
    rows: int,
    generator: Generator,
) -> Tensor | None:
    """C, (N, C) or None, the real rows' numbers -> (rows, C), or None when the model takes none.

    Real rows keep their own context. The rest take one of the given rows, or a one-hot row, which
    any model with a context accepts.

    Raises:
        InputError: a context of another width, fewer rows of context than of data.
    """
    if not size:
        if context is not None:
            raise InputError("context: this model takes none, expected None")
        return None
    if context is None:
        if size == 1:
            return torch.randn(rows, 1, generator=generator, dtype=torch.float64)
        classes = torch.randperm(max(size, rows), generator=generator)[:rows] % size
        return torch.nn.functional.one_hot(classes, size).double()
    context = torch.as_tensor(context).detach().cpu().double()
    if context.dim() != 2 or context.shape[1] != size or not len(context):
        raise InputError(f"context: expected shape (N, {size}), got {tuple(context.shape)}")
    if len(picked) and int(picked.max()) >= len(context):
        raise InputError(f"context: expected one row per row of data, got {len(context)}")
    rest = torch.randint(len(context), (rows - len(picked),), generator=generator)
    return context[torch.cat([picked, rest])]
