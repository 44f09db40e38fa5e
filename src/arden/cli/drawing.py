"""What a command that draws is told: the class, and how long a string may become."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.data import Schema
from arden.errors import InputError

__all__ = ["label_context", "most_steps"]

_TIMES_THE_LONGEST = 16


def label_context(
    label: str | None, schema: Schema, context_size: int, number: int
) -> Tensor | None:
    """--label, n -> (n, C) one-hot, the same class in every row; None for a model without classes.

    Raises:
        InputError: a label where there are no classes, none where there are, or an unknown one.
    """
    if not context_size:
        if label is not None:
            raise InputError("label: this model was not fitted with classes; expected none")
        return None
    if label is None or label not in schema.class_names:
        raise InputError(f"label: expected one of {', '.join(schema.class_names)}, got {label}")
    chosen = torch.full((number,), schema.class_names.index(label))
    return one_hot(chosen, context_size).to(torch.get_default_dtype())


def most_steps(longest: int | None, schema: Schema) -> int | None:
    """--longest -> how many symbols a string may have; None for events of one length.

    Raises:
        InputError: a number where events have one length, or one below 1.
    """
    if schema.end is None:
        if longest is not None:
            raise InputError("longest: expected none, because events of this model have one length")
        return None
    if longest is not None and longest < 1:
        raise InputError(f"longest: expected at least 1, got {longest}")
    return longest or _TIMES_THE_LONGEST * schema.num_variables
