"""What comes to be coded: rows, labels and documents that the model knows, or one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.coding.chunks import Rows
from arden.coding.container import DTYPES
from arden.coding.twins import check_discrete
from arden.core.checks import check_observed, check_shape, check_support
from arden.core.conditional import Discrete
from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Split
from arden.data.windows import check_window
from arden.errors import InputError
from arden.tasks.verbs import exact

__all__ = [
    "check_documents",
    "check_labels",
    "check_rows",
    "coding_model",
    "dtype_name",
    "tensor_of",
]


def coding_model(model: AnyModel, verb: str) -> AutoregressiveModel | Mixture:
    """Any model, what is asked of it -> the same, known to give a probability to every event."""
    known = exact(verb, model)
    check_discrete(known, verb)
    return known


def tensor_of(x: Any) -> Tensor:
    """Numbers in memory -> a tensor of their own dtype, on the CPU."""
    if isinstance(x, Tensor):
        return x.cpu()
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise InputError(f"x: expected whole numbers, got an array of dtype {array.dtype}")
    # A copy: a tensor cannot lie over an array that may not be written to, or in foreign order.
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))


def dtype_name(dtype: torch.dtype) -> str:
    """A dtype -> its name in a header."""
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise InputError(f"x: expected one of the dtypes {', '.join(DTYPES)}, got {name}")
    return name


def check_rows(model: AutoregressiveModel | Mixture, piece: Split) -> Rows:
    """Rows as they came -> (N, D) symbols that the model knows."""
    x, observed = piece.values.cpu(), piece.observed
    dtype_name(x.dtype)
    labels = check_labels(model, piece.labels, len(x))
    part = _parts(model)[0]
    if model.event_shape:
        check_shape(x, model.event_shape)
    elif x.dim() != 2 or observed is not None:
        raise InputError(f"x: expected strings of shape (N, L), all observed, got {tuple(x.shape)}")
    if not len(x):
        raise InputError("x: expected at least one row, got none")
    values = x.reshape(len(x), -1)
    seen = None
    if observed is not None:
        check_observed(observed, x)
        seen = observed.bool().cpu().reshape(values.shape)
        values = torch.where(seen, values, torch.zeros_like(values))
    for other in _parts(model):
        check_support(other.conditional, values)
    symbols = values.long()
    end = part.ordering.end
    if end is not None and bool((~part.ordering.valid(symbols) & (symbols != end)).any()):
        raise InputError("x: expected nothing but the end symbol behind the end of a string")
    return Rows(symbols, labels, None if seen is None or bool(seen.all()) else seen)


def check_labels(
    model: AutoregressiveModel | Mixture, labels: Tensor | None, count: int
) -> Tensor | None:
    """Labels as they came, of N rows -> (N,) int64 where the model needs them, else None."""
    if not model.context_size:
        return None
    if labels is None:
        raise InputError(
            f"labels: expected {count}, which a model of {model.context_size} classes needs, "
            "got none"
        )
    labels = labels.long().cpu()
    if labels.shape != (count,):
        raise InputError(f"labels: expected shape ({count},), got {tuple(labels.shape)}")
    if count and not (int(labels.min()) >= 0 and int(labels.max()) < model.context_size):
        raise InputError(
            f"labels: expected 0 … {model.context_size - 1}, "
            f"got {int(labels.min())} … {int(labels.max())}"
        )
    return labels


def check_documents(
    model: AutoregressiveModel | Mixture, documents: Sequence[Tensor], stride: int
) -> int:
    """A model of windows, documents (L,), the stride -> the length of a window."""
    if not documents or any(document.dim() != 1 for document in documents):
        raise InputError("x: expected documents of shape (L,), with a stride")
    if len({document.dtype for document in documents}) != 1:
        raise InputError("x: expected documents of one dtype, got several")
    if len(model.event_shape) != 1:
        raise InputError(f"stride: expected a model of windows (W,), got {model.event_shape}")
    [window] = model.event_shape
    check_window(window, stride)
    for part in _parts(model):
        in_order = torch.equal(part.dims(1, window).cpu(), torch.arange(window))
        if not in_order or not isinstance(part.conditional, Discrete):
            raise InputError(
                "stride: expected a model of symbols that reads its window from first to last; "
                f"{part.ordering} of {part.conditional} cannot go on where a window ends"
            )
        for document in documents:
            check_support(part.conditional, document[:, None])
    return window


def _parts(model: AutoregressiveModel | Mixture) -> list[AutoregressiveModel]:
    return model.models if isinstance(model, Mixture) else [model]
