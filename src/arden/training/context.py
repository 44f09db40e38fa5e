"""Class labels as the context of a class-conditional model, and how many there are of each."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.data.dataset import Split
from arden.data.schema import Schema
from arden.errors import InputError

__all__ = ["class_context", "label_context", "note_classes"]


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


def label_context(
    label: str | None, schema: Schema, context_size: int, number: int
) -> Tensor | None:
    """A class's name, n -> (n, C) one-hot, the same in every row; None for a model without classes.

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


def note_classes(model: AnyModel, train: Split) -> None:
    """A model, the rows it is fitted to -> (): it knows how many of them each class has.

    Nothing is noted for a model that is not exact or takes no context.
    """
    if isinstance(model, LatentModel) or not model.context_size or train.labels is None:
        return
    counts = tuple(torch.bincount(train.labels.long(), minlength=model.context_size).tolist())
    if len(counts) == model.context_size:  # a label beyond the classes has its own sentence
        for member in model.models if isinstance(model, Mixture) else [model]:
            member.class_counts = counts
