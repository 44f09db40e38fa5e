"""Values against a schema: the one place that says which row and column is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from arden.errors import InputError

if TYPE_CHECKING:
    from arden.data.schema import Schema

__all__ = ["check_values"]

# torch knows no minimum of the other unsigned types; they take the slow path.
WHOLE_DTYPES = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)

SCALARS_PER_CHUNK = 1 << 22  # bounds the float64 copy made while checking to 32 MiB


def check_values(
    schema: Schema,
    values: torch.Tensor,
    observed: torch.Tensor | None = None,
    name: str = "data",
    lines: Sequence[int] | None = None,
    first_row: int = 0,
) -> None:
    """(N, *event), (N, *event) bool -> nothing; see `Schema.validate`, which calls this.

    `first_row` is the number of the first of these rows in their file, for the message.

    >>> from arden.data.schema import Schema
    >>> check_values(Schema("image", (1, 2)), torch.tensor([[[0.5, float("nan")]]]))
    Traceback (most recent call last):
    arden.errors.InputError: data: row 0, pixel (0, 1) (counted from 0) holds NaN; expected ...
    """
    _check_shape(schema, values, observed, name)
    if schema.end is not None:
        _check_ends(values, schema.end, name, first_row)
    if observed is None and _in_range_at_a_glance(schema, values):
        return
    levels = torch.tensor(
        [float("nan") if level is None else float(level) for level in schema.levels],
        dtype=torch.float64,
        device=values.device,
    )
    # Strings have any length, and one alphabet throughout.
    levels = levels[:1] if schema.end is not None else levels.reshape(schema.event_shape)
    real = levels.isnan()
    per_row = max(1, math.prod(values.shape[1:]))
    rows = max(1, SCALARS_PER_CHUNK // per_row)
    for start in range(0, len(values), rows):
        chunk = values[start : start + rows].to(torch.float64)
        # Every comparison with NaN is false, so that NaN is never allowed.
        level_is_right = (chunk >= 0) & (chunk < levels) & (chunk == chunk.floor())
        wrong = ~torch.where(real, chunk.isfinite(), level_is_right)
        if observed is not None:
            wrong &= observed[start : start + rows]
        if wrong.any():
            first = int(wrong.flatten().nonzero()[0])
            row, scalar = divmod(first, per_row)
            value = chunk.flatten()[first].item()
            raise InputError(_sentence(schema, start + row, scalar, value, name, lines, first_row))


def _check_shape(
    schema: Schema, values: torch.Tensor, observed: torch.Tensor | None, name: str
) -> None:
    if not isinstance(values, torch.Tensor):
        raise InputError(f"{name}: expected a torch.Tensor, got {type(values).__name__}.")
    of_any_length = schema.end is not None and values.ndim == 2
    if not of_any_length and (tuple(values.shape[1:]) != schema.event_shape or values.ndim == 0):
        sizes = schema.event_shape if schema.end is None else ("length",)
        wanted = ", ".join(["N", *map(str, sizes)])
        # "(N, 64)" and "(N,)" would both read well; a single row forgotten its axis is common.
        hint = "; a single event needs a first axis of length 1"
        lone = tuple(values.shape) == schema.event_shape
        raise InputError(
            f"{name}: expected shape ({wanted}), got {tuple(values.shape)}{hint if lone else ''}."
        )
    if values.is_complex():
        raise InputError(f"{name}: expected real or whole numbers, got {values.dtype}.")
    if observed is not None and (observed.dtype != torch.bool or observed.shape != values.shape):
        raise InputError(
            f"{name}: observed must be boolean of shape {tuple(values.shape)}, "
            f"got {observed.dtype} of shape {tuple(observed.shape)}."
        )


def _check_ends(values: torch.Tensor, end: int, name: str, first_row: int) -> None:
    """A string that never ends would be scored as the beginning of one, which is more likely."""
    unfinished = ~(values == end).any(dim=1)
    if unfinished.any():
        row = first_row + int(unfinished.nonzero()[0, 0])
        raise InputError(
            f"{name}: row {row} (counted from 0) holds no end symbol ({end}); "
            "expected one at the end of every string."
        )


def _in_range_at_a_glance(schema: Schema, values: torch.Tensor) -> bool:
    """Two reductions without a copy settle the common case: whole numbers with one K."""
    if values.numel() == 0:
        return True
    if schema.num_symbols is None or values.dtype not in WHOLE_DTYPES:
        return False
    low, high = values.aminmax()
    return bool(low >= 0) and int(high) < schema.num_symbols


def _sentence(
    schema: Schema,
    row: int,
    scalar: int,
    value: float,
    name: str,
    lines: Sequence[int] | None,
    first_row: int,
) -> str:
    # Python counts from 0, text editors from 1: the message follows where the row came from.
    base = 0 if lines is None else 1
    where = f"row {first_row + row}" if lines is None else f"line {lines[row]}"
    if schema.kind == "image":
        height_width, channels = schema.event_shape[:2], schema.event_shape[2:]
        pixel, channel = divmod(scalar, channels[0] if channels else 1)
        line, place = divmod(pixel, height_width[1])
        where += f", pixel ({line + base}, {place + base})"
        where += f", channel {channel + base}" if channels else ""
    else:
        where += f", {'column' if schema.columns else 'position'} {scalar + base}"
        if schema.columns and schema.columns[scalar].name != f"x{scalar}":
            where += f' ("{schema.columns[scalar].name}")'
    where += f" (counted from {base})"
    level = schema.levels[0 if schema.end is not None else scalar]
    if level is None:
        wanted = "a finite number"
    elif level <= 2:
        wanted = " or ".join(str(symbol) for symbol in range(level))
    else:
        wanted = f"a whole number in 0..{level - 1}"
    if value != value:
        return f"{name}: {where} holds NaN; expected {wanted}, or a value marked as unobserved."
    return f"{name}: {where} holds {value:.10g}; expected {wanted}."
