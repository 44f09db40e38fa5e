"""Rows and contexts as a model takes them, or one clear sentence saying why not."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.conditional import Conditional
from arden.errors import InputError

__all__ = ["check_context", "check_observed", "check_shape", "check_support"]


def check_shape(x: Tensor, event_shape: tuple[int, ...]) -> None:
    """(B, *event), the shape of one event -> ()."""
    if x.dim() != 1 + len(event_shape) or tuple(x.shape[1:]) != tuple(event_shape):
        expected = ", ".join(map(str, ("B", *event_shape)))
        raise InputError(f"x: expected shape ({expected}), got {tuple(x.shape)}")


def check_observed(observed: Tensor, x: Tensor) -> None:
    """What is known of x, x (B, *event) -> (): one truth value for every value."""
    if observed.shape != x.shape:
        raise InputError(
            f"observed: expected the shape of x, {tuple(x.shape)}, got {tuple(observed.shape)}"
        )


def check_support(
    conditional: Conditional, values: Tensor, of_columns: Conditional | None = None
) -> None:
    """A family, (B, D) in event order -> (); where it is known, that of all D columns as well."""
    if of_columns is None:
        of_columns = conditional.at(torch.arange(values.shape[1], device=values.device))
    inside = of_columns.contains(values)
    if not bool(inside.all()):
        row, column = (~inside).nonzero()[0].tolist()
        raise InputError(
            f"x: row {row}, variable {column} holds {values[row, column].item()}, "
            f"outside the support of {conditional}"
        )


def check_context(context: Tensor | None, batch_size: int, size: int) -> None:
    """(B, C) or None, B, C -> (): a context where one is expected, and only there."""
    if context is None:
        if size:
            raise InputError(f"context: expected shape ({batch_size}, {size}), got None")
        return
    if not size:
        raise InputError("context: this model takes none, expected None")
    if context.shape != (batch_size, size):
        raise InputError(
            f"context: expected shape ({batch_size}, {size}), got {tuple(context.shape)}"
        )
