"""Class labels: whatever a file calls its classes, as indices into a list of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from arden.errors import InputError

__all__ = ["class_names_of", "encode_labels"]


def class_names_of(labels: Iterable[np.ndarray], name: str = "labels") -> tuple[str, ...]:
    """Label arrays (N,) of all splits -> the distinct labels as text, in sorted order.

    Whole numbers are sorted as numbers, so that 10 comes after 9.

    >>> class_names_of([np.array([3, 10]), np.array([3.0])])
    ('3', '10')
    """
    values = [_checked(array, name) for array in labels]
    return tuple(str(value) for value in np.unique(np.concatenate(values)).tolist())


def encode_labels(
    labels: np.ndarray, class_names: Sequence[str], num_rows: int, name: str = "labels"
) -> np.ndarray:
    """Labels (N,), class names -> the index of each label among the names, (N,) int64.

    >>> encode_labels(np.array(["dog", "cat"]), ("cat", "dog"), num_rows=2)
    array([1, 0])
    """
    values = _checked(labels, name)
    if len(values) != num_rows:
        raise InputError(f"{name}: expected {num_rows} labels, one a row, got {len(values)}.")
    distinct, places = np.unique(values, return_inverse=True)
    index = {class_name: position for position, class_name in enumerate(class_names)}
    codes = np.array([index.get(str(value), -1) for value in distinct.tolist()], dtype=np.int64)
    if (codes < 0).any():
        unknown = distinct[codes < 0].tolist()[0]
        raise InputError(f'{name}: "{unknown}" is not one of the classes {", ".join(class_names)}.')
    return codes[places.reshape(-1)]


def _checked(labels: np.ndarray, name: str) -> np.ndarray:
    """Labels (N,) or (N, 1) of whole numbers or text -> (N,) int64 or text."""
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(f"{name}: expected shape (N,), got {labels.shape}.")
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels):
        labels = labels.astype(np.str_)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    if labels.dtype.kind in "biu" or labels.dtype.kind == "U":
        return labels.astype(np.int64) if labels.dtype.kind != "U" else labels
    if labels.dtype.kind == "f" and (np.isfinite(labels) & (labels == np.floor(labels))).all():
        return labels.astype(np.int64)
    raise InputError(
        f"{name}: expected whole numbers or text, got {labels.dtype} with other values."
    )
