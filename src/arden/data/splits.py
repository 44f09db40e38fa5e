"""Splits by seed: the same rows for the same number of rows, on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arden.errors import InputError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SPLIT_SEED", "hold_out", "permutation", "three_way_split"]

SPLIT_SEED = 0
"""The seed of every split made here, unless another is given. Changing it changes figures."""

HELD_OUT_SHARE = 10  # one row in ten validates, one in ten tests


def permutation(num_rows: int, seed: int = SPLIT_SEED) -> np.ndarray:
    """A number of rows, a seed -> the row indices (num_rows,) in their drawn order.

    numpy reserves the right to change the stream of its generators; the example below and a test
    on the digits would tell, and figures measured before and after could not be compared.

    >>> permutation(5, seed=0).tolist()
    [2, 4, 3, 0, 1]
    """
    import numpy as np

    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"seed must be a whole number of at least 0, got {seed!r}.")
    return np.random.default_rng(seed).permutation(num_rows)


def hold_out(num_rows: int, seed: int = SPLIT_SEED, name: str = "data") -> tuple[np.ndarray, ...]:
    """Rows of a training set -> indices (train, valid), sorted; one row in ten validates."""
    if num_rows < 2:
        raise InputError(
            f"{name}: at least 2 training rows are needed to hold some out for validation, "
            f"got {num_rows}."
        )
    order = permutation(num_rows, seed)
    held_out = max(1, num_rows // HELD_OUT_SHARE)
    return _sorted(order[held_out:], order[:held_out])


def three_way_split(
    num_rows: int, seed: int = SPLIT_SEED, name: str = "data"
) -> tuple[np.ndarray, ...]:
    """Rows of a whole set -> indices (train, valid, test), sorted; 80/10/10 where they divide.

    >>> [len(part) for part in three_way_split(25)]
    [21, 2, 2]
    """
    if num_rows < 3:
        raise InputError(
            f"{name}: at least 3 rows are needed to split them into train, valid and test, "
            f"got {num_rows}."
        )
    order = permutation(num_rows, seed)
    held_out = max(1, num_rows // HELD_OUT_SHARE)
    return _sorted(order[2 * held_out :], order[:held_out], order[held_out : 2 * held_out])


def _sorted(*parts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows keep the order of their file within a split, so that they are easy to look up."""
    for part in parts:
        part.sort()
    return parts
