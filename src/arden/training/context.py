"""Class labels as the context of a class-conditional model."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.data.dataset import Split
from arden.errors import InputError

__all__ = ["class_context"]


def class_context(split: Split, context_size: int) -> Tensor | None:
    """Rows with labels, C -> (N, C) one-hot classes; None for a model without a context.

    Raises:
        InputError: no labels, or a label beyond the model's classes.
    """
    if not context_size:
        return None
    if split.labels is None:
        raise InputError(f"data: expected labels for a model of {context_size} classes, got none")
    most = int(split.labels.max())
    if most >= context_size:
        raise InputError(f"data: expected labels below {context_size}, got {most}")
    return one_hot(split.labels.long(), context_size).to(torch.get_default_dtype())
